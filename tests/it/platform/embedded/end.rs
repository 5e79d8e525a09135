//! The zone `end`: a login context, and how long it holds.

use serde_json::json;

use super::{Embedded, NOW, entity, host, refused, text, who};

const DAY: u64 = 86_400_000;

#[test]
fn the_headers_of_a_login_context_prove_the_user_until_they_end() {
    let host = host().clock(NOW).start();
    let platform = Embedded(&host);
    let (app, _) = platform.app("sample_app");
    platform.app("other_app");
    platform.subscribed("sample_app", "user");
    platform.subscribed("sample_app", "crud");
    let user = platform.user(&app, "ada@example.com");
    let service = platform.service_token("user");
    let path = format!("/service/app/{app}/user/{user}/access_token");
    let short = entity(&platform.get(&path, &service));
    assert_eq!((&short["type"], &short["expireTime"]), (&"end".into(), &(NOW + DAY).into()));
    let long = entity(&platform.get(&format!("{path}?rememberMe=true"), &service));
    assert_eq!(long["expireTime"], NOW + 30 * DAY);
    assert_ne!(long["accessTokenCode"], short["accessTokenCode"], "a new one each time");

    let long = text(&long["accessTokenCode"]);
    let context = entity(&platform.get("/end/ocean_context/sample_app", &long));
    assert_eq!((&context["appKey"], &context["expireTime"]), (&"sample_app".into(), &(NOW + 30 * DAY).into()));
    let user_info = json!({
        "login": true, "accountId": user, "accountName": "ada@example.com", "authBackServiceKey": "user", "name": "张三",
    });
    assert_eq!(context["userInfo"], user_info);
    let crud = &context["backServices"]["crud"];
    let identity = who(&host, &text(&crud["api"]), &text(&crud["oceanAuthHeader"]));
    let expected = json!({"id": user, "account": "ada@example.com", "name": "张三", "authenticated_by": "user"});
    assert_eq!(identity["user"], expected);
    // POST as the reference says, and several tokens at once.
    assert_eq!(entity(&platform.post("/end/ocean_context/sample_app", &long)), context);
    let short = text(&short["accessTokenCode"]);
    assert_eq!(entity(&platform.get("/end/ocean_context/sample_app", &short))["expireTime"], NOW + DAY);

    refused(&platform.get("/end/ocean_context/other_app", &long), 403, "app.doNotHaveRight");
    refused(&platform.get("/end/ocean_context/no_app", &long), 404, "common.appKeyNotExists");

    // The last millisecond, and the first in which the short one is over.
    let header = text(&entity(&platform.get("/end/ocean_context/sample_app", &short))["backServices"]["crud"]["oceanAuthHeader"]);
    let host = host.stopped().clock(NOW + DAY - 1).serve();
    assert_eq!(Embedded(&host).get("/end/ocean_context/sample_app", &short).status, 200);
    assert_eq!(host.get("/s/crud/").header("Ocean-Auth", &header).send().status, 200);
    let host = host.stopped().clock(NOW + DAY).serve();
    refused(&Embedded(&host).get("/end/ocean_context/sample_app", &short), 401, "accessToken.Expired");
    assert_eq!(host.get("/s/crud/").header("Ocean-Auth", &header).send().status, 401);
    assert_eq!(Embedded(&host).get("/end/ocean_context/sample_app", &long).status, 200);
    host.stop();
}

#[test]
fn lifetimes_are_the_operators() {
    let host = host().section("user-token-lifetime = \"90s\"\nuser-token-lifetime-remember = \"3h\"").clock(NOW).start();
    let platform = Embedded(&host);
    let (app, _) = platform.app("a1");
    platform.subscribed("a1", "user");
    let path = format!("/service/app/{app}/user/{}/access_token", platform.user(&app, "ada"));
    let service = platform.service_token("user");
    for (query, lifetime) in [("", 90_000), ("?rememberMe=false", 90_000), ("?x=1&rememberMe=true", 10_800_000)] {
        let token = entity(&platform.get(&format!("{path}{query}"), &service));
        assert_eq!(token["expireTime"], NOW + lifetime, "{query}");
    }
    host.stop();
}

#[test]
fn an_app_that_is_removed_takes_its_users_along() {
    let host = host().start();
    let platform = Embedded(&host);
    let (app, _) = platform.app("a1");
    platform.subscribed("a1", "user");
    let path = format!("/service/app/{app}/user/{}/access_token", platform.user(&app, "ada"));
    let token = text(&entity(&platform.get(&path, &platform.service_token("user")))["accessTokenCode"]);
    host.wharf(["platform", "app", "remove", "a1"]).refused("WH1453", "a1");
    platform.wharf(["subscription", "force", "a1", "user", "--gone"]);
    assert_eq!(platform.wharf(["app", "remove", "a1"])["removed"], true);
    refused(&platform.get("/end/ocean_context/a1", &token), 401, "accessToken.NotExist");
    host.stop();
}
