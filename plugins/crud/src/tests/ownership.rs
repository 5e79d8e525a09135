//! Documents from their creation to their end, and whose they are.

use super::*;

#[test]
fn a_document_is_created_read_changed_and_removed() {
    let host = ada(&host());
    let response = send(&host, "POST", "/sample_app/blog", &json!({"title": "One", "content": "…"}));
    let blog = entity(&response);
    let id = blog["_id"].as_str().unwrap().to_owned();
    assert!(id.len() == 24 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
    let by = "account-of-ada@weibo";
    let expected = json!({"_id": id, "__v": 0, "createTime": NOW_MS, "updateTime": NOW_MS, "createBy": by, "updateBy": by,
                          "title": "One", "content": "…"});
    assert_eq!(blog, expected);
    let path = format!("/sample_app/blog/{id}");
    assert_eq!(entity(&get(&host, &path)), expected);
    assert_eq!(entity(&get(&host, &path.to_uppercase().replace("SAMPLE_APP/BLOG", "sample_app/blog"))), expected);
    host.advance(Duration::from_secs(1));
    let changed = entity(&send(&host, "PUT", &path, &json!({"title": "Two"})));
    assert_eq!((&changed["title"], &changed["content"], &changed["__v"]), (&json!("Two"), &json!("…"), &json!(0)));
    assert_eq!((&changed["createTime"], &changed["updateTime"]), (&json!(NOW_MS), &json!(NOW_MS + 1000)));
    assert_eq!(get(&host, &path).json::<Value>()["entity"], changed);
    assert_eq!(checked(host.delete(&path)).text(), r#"{"success":true}"#);
    for gone in [get(&host, &path), checked(host.delete(&path)), send(&host, "PUT", &path, &json!({"title": "x"}))] {
        assert_eq!(refused(&gone), is(404, "crud.entityNotFound"));
    }
    assert!(rows(&get(&host, "/sample_app/blog/find/query")).is_empty());
}

/// The blog of 2015 sends back every field of a row, as a form.
#[test]
fn what_the_system_sets_nobody_else_sets() {
    let host = ada(&host());
    let blog = make(&host, "blog", &json!({"title": "One", "_id": "000000000000000000000000", "createBy": "eve@x", "extra": 1}));
    assert_eq!((&blog["createBy"], blog.get("extra")), (&json!("account-of-ada@weibo"), None));
    let id = blog["_id"].as_str().unwrap();
    assert_ne!(id, "000000000000000000000000");
    let body = format!("title=Two&_id={id}&__v=7&createTime=1&updateTime=2&createBy=eve%40x&updateBy=eve%40x&content=c+d");
    let changed = entity(&form(&host, "PUT", &format!("/sample_app/blog/{id}"), &body));
    assert_eq!((&changed["title"], &changed["content"], &changed["__v"]), (&json!("Two"), &json!("c d"), &json!(0)));
    assert_eq!((&changed["createTime"], &changed["createBy"]), (&blog["createTime"], &blog["createBy"]));
}

/// Null arrives as the empty text in a form; the client reads both alike.
#[test]
fn a_diary_of_2015_works() {
    let mut caller = Caller::anonymous();
    caller.app = Some(App { key: "diary".into(), id: None });
    caller.user = Some(AppUser { id: "u".into(), account: "a@b".into(), name: "a".into(), authenticated_by: "user".into() });
    let host = host().caller(caller);
    let write = |day: u8| {
        host.advance(Duration::from_secs(1));
        entity(&form(&host, "POST", "/diary/diary", &format!("date=2015-08-{day:02}&passCheck=&content=Day+{day}")))
    };
    let all: Vec<Value> = (1..=3).map(write).collect();
    assert_eq!((&all[0]["passCheck"], &all[0]["createBy"]), (&json!(""), &json!("a@b@user")));
    let ask = |asked: Value| rows(&send(&host, "POST", "/diary/diary/find/query", &asked));
    let newest = ask(json!({"criteria": null, "returnColumn": null, "rowDes": {"sort": {"createTime": -1}, "limit": 1}}));
    assert_eq!(newest, all[2..]);
    let (first, last) = (all[0]["createTime"].as_u64().unwrap(), all[2]["createTime"].as_u64().unwrap());
    assert_eq!(ask(json!({"criteria": {"createTime": {"$lt": last, "$gt": first}}, "returnColumn": null})), all[1..2]);
}

#[test]
fn nobody_sees_or_touches_what_is_somebody_elses() {
    let host = host();
    let (ada, eve) = (ada(&host), user(&host, "eve"));
    let id = make(&ada, "blog", &json!({"title": "Mine"}))["_id"].as_str().unwrap().to_owned();
    let path = format!("/sample_app/blog/{id}");
    let mut named_like_ada = user(&host, "eve");
    // The label of Ada, spliced from headers: it decides nothing.
    named_like_ada = named_like_ada.caller({
        let mut caller = Caller::anonymous();
        caller.app = Some(App { key: "sample_app".into(), id: None });
        caller.user = Some(AppUser {
            id: "eve".into(),
            account: "account-of-ada".into(),
            name: "ada".into(),
            authenticated_by: "weibo".into(),
        });
        caller
    });
    for other in [&eve, &named_like_ada] {
        for response in [get(other, &path), checked(other.delete(&path)), send(other, "PUT", &path, &json!({"title": "x"}))] {
            assert_eq!(refused(&response), is(404, "crud.entityNotFound"));
        }
        assert!(rows(&search(other, "blog", &json!({"criteria": {"createBy": "account-of-ada@weibo"}}))).is_empty());
        assert!(rows(&search(other, "blog", &json!({"criteria": {"_id": id}}))).is_empty());
    }
    for response in [get(&host, &path), search(&host, "blog", &json!({})), send(&host, "POST", "/sample_app/blog", &json!({}))] {
        assert_eq!(refused(&response), is(403, "crud.donNotHaveRight"));
    }
    assert_eq!(rows(&search(&ada, "blog", &json!({}))).len(), 1);
}

#[test]
fn an_app_speaks_for_itself_only() {
    let host = ada(&host());
    for (method, path) in [("POST", "/diary/diary"), ("GET", "/diary/diary/find/query"), ("GET", "/diary/diary/0")] {
        assert_eq!(refused(&send(&host, method, path, &json!({}))), is(403, "crud.donNotHaveRight"), "{path}");
    }
    for path in ["/sample_app/nothing", "/sample_app/diary", "/sample_app/nothing/find/query"] {
        assert_eq!(refused(&send(&host, "POST", path, &json!({}))), is(404, "entitySchema.entitySchemaNotFound"), "{path}");
    }
    let without = with(&Value::Null);
    assert_eq!(
        refused(&send(&ada(&without), "POST", "/sample_app/blog", &json!({}))),
        is(404, "entitySchema.entitySchemaNotFound")
    );
}

#[test]
fn a_document_that_does_not_fit_the_store_is_not_stored() {
    let host = ada(&declared(json!({"text": "String"}), json!({})));
    let long = json!({"text": "x".repeat((1 << 20) - 20)});
    assert_eq!(refused(&send(&host, "POST", "/sample_app/thing", &long)), is(400, "wharf.badRequest"));
    let host = host.kv_quota(100);
    assert_eq!(refused(&send(&host, "POST", "/sample_app/thing", &json!({"text": "x"}))), is(500, "common.database"));
    assert!(rows(&search(&host, "thing", &json!({}))).is_empty());
}

#[test]
fn a_purge_leaves_nothing_of_the_app() {
    let host = host();
    let ada = ada(&host);
    for n in 0..3 {
        make(&ada, "thing", &json!({"n": n}));
    }
    host.subscribe().unwrap();
    host.cancel().unwrap();
    assert_eq!(found(&ada, &json!({})), [0, 1, 2]);
    host.purge().unwrap();
    assert!(found(&ada, &json!({})).is_empty());
}
