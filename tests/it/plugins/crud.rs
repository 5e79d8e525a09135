//! `crud`: documents over real sockets, with the stack and the limits that a component has.

use serde_json::{Value, json};

use super::{KEY, form, header, json as sent, start, told};
use crate::support::{Answer, Platform, Running, platform::APP_ID};

pub(super) const CRUD: &str = env!("WHARF_PLUGIN_CRUD");

/// Two apps, one with the entity of the blog of 2015, and each with one of the same name.
pub(super) const ENTITIES: &str = "\
    [services.crud.kv]\nstores = [\"documents\"]\n\
    [services.crud.config.entities.sample_app]\n\
    blog = { fields = { title = \"String\", content = \"String\" } }\n\
    thing = { fields = { n = \"Number\", any = \"Mixed\" } }\n\
    [services.crud.config.entities.shop]\n\
    thing = { fields = { n = \"Number\" }, rights = { anonymous = [\"canRead\", \"canQuery\"], user = [\"canCreate\", \"canRead\", \"canQuery\"] } }\n";

/// A host for clients of 2015.
fn host() -> Running {
    start("crud", CRUD, "", &format!("error-status = 200\n{ENTITIES}"))
}

/// A user of an app, whom the service `user` knows.
pub(super) fn user(host: &Running, app: &str, id: &str) -> String {
    header(host, "crud", app, Some((id, "user")))
}

fn find(host: &Running, entity: &str, header: &str, search: Value) -> Value {
    told(&sent(host.post(&format!("/s/crud/{entity}/find/query")), header, search))
}

/// What is answered, refused or not, and with which status.
fn outcome(answer: &Answer) -> (u16, Value) {
    let body = told(answer);
    assert_eq!(body["success"] == true, body.get("err").is_none(), "{body}");
    (answer.status, body.pointer("/err/errCode").cloned().unwrap_or_default())
}

/// What the blog of 2015 does, in its words: forms, but for the search.
#[test]
fn a_blog_of_2015_works() {
    let host = host();
    let ada = user(&host, "sample_app", "55b891fb4df03bab3307c101");
    let created = told(&form(host.post("/s/crud/sample_app/blog"), &ada, "title=One&content=Hello+world"));
    let blog = &created["entity"];
    assert_eq!((&created["success"], &blog["title"], &blog["createBy"]), (&json!(true), &json!("One"), &json!("a@b.c@user")));
    let path = format!("/s/crud/sample_app/blog/{}", blog["_id"].as_str().expect("an id"));
    let changed = told(&form(host.request("PUT", &path), &ada, "title=Two&content=Hello+world&__v=0&_id=x&createBy=eve"));
    assert_eq!((&changed["entity"]["title"], &changed["entity"]["createBy"]), (&json!("Two"), &json!("a@b.c@user")));
    let all = json!({"criteria": null, "returnColumn": null, "rowDes": null});
    let whole = json!({"success": true, "rows": 1, "entities": [changed["entity"]]});
    assert_eq!(find(&host, "sample_app/blog", &ada, all), whole);
    assert_eq!(told(&host.get("/s/crud/sample_app/blog/find/query").header("ocean-auth", &ada).send()), whole);
    let removed = host.request("DELETE", &path).header("ocean-auth", &ada).send();
    assert_eq!(removed.text(), r#"{"success":true}"#);
    host.stop();
}

#[test]
fn what_is_found_comes_in_pages_and_is_still_there_after_a_restart() {
    let host = host();
    let ada = user(&host, "sample_app", "ada");
    for n in 0..25 {
        let made = sent(host.post("/s/crud/sample_app/thing"), &ada, json!({"n": n, "any": {"even": n % 2 == 0}}));
        assert_eq!(told(&made)["success"], true);
    }
    let host = host.stopped().serve();
    let page = |skip: usize, sort: Value| {
        let search =
            json!({"criteria": {"any.even": true}, "returnColumn": "n", "rowDes": {"skip": skip, "limit": 5, "sort": sort}});
        let found = find(&host, "sample_app/thing", &ada, search);
        let rows = found["entities"].as_array().expect("a list").clone();
        assert_eq!(found["rows"], rows.len(), "{found}");
        rows.iter().map(|row| row["n"].as_u64().expect("a number")).collect::<Vec<_>>()
    };
    let pages = |sort: Value| [0, 5, 10].map(|skip| page(skip, sort.clone())).concat();
    let evens: Vec<u64> = (0..25).step_by(2).collect();
    let falling: Vec<u64> = evens.iter().rev().copied().collect();
    assert_eq!(pages(json!(null)), evens);
    for sort in [json!({"createTime": -1}), json!({"n": -1})] {
        assert_eq!(pages(sort), falling);
    }
    host.stop();
}

#[test]
fn neither_users_nor_apps_see_what_is_not_theirs() {
    let host = host();
    let (ada, eve) = (user(&host, "sample_app", "ada"), user(&host, "sample_app", "eve"));
    let made = told(&sent(host.post("/s/crud/sample_app/thing"), &ada, json!({"n": 1})));
    let id = made["entity"]["_id"].as_str().expect("an id");
    let path = format!("/s/crud/sample_app/thing/{id}");
    let refused = |method: &str, path: &str, header: &str| {
        let answer = sent(host.request(method, path), header, json!({"n": 9}));
        told(&answer)["err"]["errCode"].as_str().unwrap_or_default().to_owned()
    };
    // Another user is not told that it is there; who may do nothing is told that.
    let anonymous = header(&host, "crud", "sample_app", None);
    for method in ["GET", "PUT", "DELETE"] {
        assert_eq!(refused(method, &path, &eve), "crud.entityNotFound", "{method}");
        assert_eq!(refused(method, &path, &anonymous), "crud.donNotHaveRight", "{method}");
    }
    // The same user id in another app is another user: neither by its own app's path, where users may read everything, nor by this one's.
    let shopper = user(&host, "shop", "ada");
    assert_eq!(refused("GET", &format!("/s/crud/shop/thing/{id}"), &shopper), "crud.entityNotFound");
    assert_eq!(refused("GET", &path, &shopper), "crud.donNotHaveRight");
    let of_shop = told(&sent(host.post("/s/crud/shop/thing"), &shopper, json!({"n": 2})));
    let found = |entity: &str, header: &str| find(&host, entity, header, json!({}))["entities"].clone();
    assert_eq!(found("shop/thing", &header(&host, "crud", "shop", None)), json!([of_shop["entity"]]));
    assert_eq!(found("sample_app/thing", &ada), json!([made["entity"]]));
    assert_eq!(found("sample_app/thing", &eve), json!([]));
    host.stop();
}

/// Everybody but clients of 2015 gets the status that fits: from the plugin, and from the host, which refuses before it is run.
#[test]
fn a_refusal_has_the_status_that_the_service_says() {
    let refusals = |host: &Running| {
        let (ada, anonymous) = (user(host, "sample_app", "ada"), header(host, "crud", "sample_app", None));
        [
            sent(host.post("/s/crud/sample_app/thing"), "00", json!({})),
            sent(host.post("/s/crud/sample_app/thing"), &anonymous, json!({})),
            sent(host.post("/s/crud/sample_app/thing"), &ada, json!({"n": "many"})),
            sent(host.post("/s/crud/sample_app/none"), &ada, json!({})),
        ]
        .map(|answer| outcome(&answer))
    };
    let codes = ["ocean.notAuthorizeByOcean", "crud.donNotHaveRight", "wharf.badRequest", "entitySchema.entitySchemaNotFound"];
    let fitting = start("crud", CRUD, "", ENTITIES);
    assert_eq!(refusals(&fitting), [0, 1, 2, 3].map(|n| ([401, 403, 400, 404][n], json!(codes[n]))));
    fitting.stop();
    let of_2015 = host();
    assert_eq!(refusals(&of_2015), codes.map(|code| (200, json!(code))));
    of_2015.stop();
}

/// A component has 64 KiB of stack, and a fresh memory of 64 MiB at most.
#[test]
fn what_is_deep_or_long_is_answered_in_the_services_words() {
    let host = host();
    let ada = user(&host, "sample_app", "u");
    let nested = |depth: usize| (0..depth).fold(json!(1), |inner, _| json!({"a": [inner]}));
    let create = |any: Value| sent(host.post("/s/crud/sample_app/thing"), &ada, json!({"n": 1, "any": any}));
    assert_eq!(told(&create(nested(7)))["success"], true);
    assert_eq!(told(&create(nested(14)))["err"]["errCode"], "wharf.badRequest");
    let search = |criteria: Value| find(&host, "sample_app/thing", &ada, json!({"criteria": criteria}));
    let deep = |depth: usize| (0..depth).fold(json!({"n": {"$not": {"$lt": 0}}}), |inner, _| json!({"$and": [inner]}));
    assert_eq!(search(deep(7))["err"]["errCode"], "wharf.badRequest");
    assert_eq!(search(deep(5))["rows"], 1);
    let brackets = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(told(&sent(host.post("/s/crud/sample_app/thing"), &ada, brackets))["err"]["errCode"], "wharf.badRequest");
    let fields: String = (0..100_000).map(|n| format!("f{n}=&")).collect();
    assert_eq!(told(&form(host.post("/s/crud/sample_app/thing"), &ada, &fields))["success"], true);
    let long = "x".repeat((1 << 20) - 200);
    for n in 0..3 {
        assert_eq!(told(&create(json!([n, long])))["success"], true, "{n}");
    }
    // As much in memory as may be kept, and more.
    let small = |count: usize| Value::from(vec![json!({"a": 1}); count]);
    assert_eq!(told(&create(small(7_000)))["success"], true);
    assert_eq!(told(&create(small(20_000)))["err"]["errCode"], "wharf.badRequest");
    // All of them are too long for one answer; one of them is not, and what is short of all of them is not.
    assert_eq!(search(json!(null))["err"]["errCode"], "wharf.queryTooLarge");
    assert_eq!(search(json!({"any.0": 1}))["rows"], 1);
    assert_eq!(find(&host, "sample_app/thing", &ada, json!({"returnColumn": "n"}))["rows"], 6);
    host.stop();
}

/// From the platform's link to a document that is gone, as a browser without JavaScript goes.
#[test]
fn a_developer_of_the_app_looks_at_its_documents_and_deletes_them() {
    const CODE: &str = "0efc46c1584e5d51c58a0f3317491f09f9047c55";
    const CONSOLE: &str = "crud-console.localhost";
    let platform = Platform::new();
    platform.service(KEY);
    platform.app(APP_ID, "sample_app", "Sample");
    platform.auth_code(CODE, APP_ID);
    let own = format!("access-token = {{ file = \"crud.key\" }}\nconsole-host = \"{CONSOLE}\"\n{ENTITIES}");
    let host = start("crud", CRUD, &platform.section(), &own);
    let ada = user(&host, "sample_app", "ada");
    let ids: Vec<String> = ["<b>One</b>", "Two", "Three"]
        .iter()
        .map(|title| {
            let made = told(&sent(host.post("/s/crud/sample_app/blog"), &ada, json!({"title": title})));
            made["entity"]["_id"].as_str().expect("an id").to_owned()
        })
        .collect();
    told(&sent(host.post("/s/crud/shop/thing"), &user(&host, "shop", "ada"), json!({"n": 1})));

    let opened = host.get(&format!("/entity/blog?appAuthCode={CODE}")).at(CONSOLE).send();
    assert_eq!((opened.status, opened.header("location")), (303, Some("/entity/blog")), "{}", opened.text());
    let cookie = opened.header("set-cookie").and_then(|set| set.split(';').next()).expect("a cookie").to_owned();
    let get = |path: &str| host.get(path).at(CONSOLE).header("cookie", &cookie).send();
    let page = |path: &str, status: u16| {
        let answer = get(path);
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (status, Some("text/html; charset=utf-8")),
            "{}",
            answer.text()
        );
        answer.text()
    };
    let first = page("/", 200);
    for shown in [
        "<bdi>sample_app</bdi>",
        "<strong>3</strong> documents",
        "<strong>0</strong> documents",
        "<bdi>title</bdi> <span>String</span>",
    ] {
        assert!(first.contains(shown), "{shown} in {first}");
    }
    let list = page("/entity/blog", 200);
    let places: Vec<_> = ids.iter().rev().map(|id| list.find(&format!("/entity/blog/{id}\"")).expect("it is listed")).collect();
    assert!(places.is_sorted() && list.contains("&lt;b&gt;One&lt;/b&gt;") && !list.contains("<b>"), "{list}");
    assert_eq!((get("/console.css").status, get("/console.svg").status), (200, 200));

    // Nobody but the console's own page deletes.
    let path = format!("/entity/blog/{}/delete", ids[1]);
    assert!(page(&path, 200).contains(&format!("<form class=\"actions\" method=\"post\" action=\"{path}\">")));
    let origin = format!("http://{CONSOLE}:{}", host.address.port());
    let post = |path: &str, origin: &str| host.post(path).at(CONSOLE).header("cookie", &cookie).header("origin", origin).send();
    assert_eq!(post(&path, "http://crud.localhost").status, 403);
    let deleted = post(&path, &origin);
    assert_eq!((deleted.status, deleted.header("location")), (303, Some("/entity/blog?done=deleted")), "{}", deleted.text());
    let titles = |host: &Running| {
        let found = find(host, "sample_app/blog", &ada, json!({}))["entities"].clone();
        found.as_array().expect("a list").iter().map(|row| row["title"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(titles(&host), ["<b>One</b>", "Three"]);
    assert_eq!(post("/entity/blog/erase", &origin).status, 303);
    assert_eq!(titles(&host), [json!(null); 0]);
    page("/entity/blog/erase/no", 404);
    let shop = find(&host, "shop/thing", &header(&host, "crud", "shop", None), json!({}));
    assert_eq!(shop["rows"], 1, "another app's stay");
    host.stop();
}
