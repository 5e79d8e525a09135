use serde_json::{Value, json};
use wharf_guests::LOOKUP;

use crate::limits::Row;
use crate::support::{
    Platform, Running, Service, TestHost,
    platform::{APP_ID, TOKEN, answer, error},
    server::Reply,
};

const APP: &str = "GET /v1.0/service/app/*";

fn granted() -> Service {
    Service::of(&LOOKUP).access_token(TOKEN).set("apps", "true")
}

fn host(platform: &Platform, service: Service) -> Running {
    TestHost::new().section(&platform.section()).with(service).start()
}

#[track_caller]
fn found(host: &Running, id: &str) -> Value {
    let answer = host.get(&format!("/s/lookup/{id}")).send();
    assert_eq!(answer.status, 200, "{}\n{}", answer.text(), host.log().text());
    answer.json()
}

#[test]
fn an_app_that_subscribed_is_found_and_no_other() {
    let platform = Platform::new();
    let host = host(&platform, granted());
    let app = found(&host, &APP_ID.to_ascii_uppercase());
    assert_eq!((&app["id"], &app["key"], &app["name"]), (&APP_ID.into(), &"test_app".into(), &"Test App".into()));
    let none = json!({"id": null, "key": null, "name": null, "error": null, "message": null});
    for id in ["55b88eef4df03bab3307c0aa", "test_app", "..%5B"] {
        assert_eq!(found(&host, id), none, "{id}");
    }
    let asked = ["ff", "aa"].map(|end| format!("GET /v1.0/service/app/55b88eef4df03bab3307c0{end}"));
    let lines: Vec<_> = platform.asked().into_iter().map(|call| call.line).collect();
    assert_eq!(lines, asked, "what is no id is not asked for");
    host.stop();
}

#[test]
fn without_the_grant_nobody_is_asked() {
    let platform = Platform::new();
    let host = host(&platform, Service::of(&LOOKUP).access_token(TOKEN).set("app-users", "true"));
    assert_eq!(found(&host, APP_ID)["error"], "apps.denied");
    host.log().find("what was denied", |line| line.field("capability") == "apps" && line.field("table") == "[services.lookup]");
    assert_eq!(platform.asked(), []);
    host.stop();
}

#[test]
fn a_no_is_told_and_trouble_is_only_said_to_be_trouble() {
    let platform = Platform::new();
    let host = host(&platform, granted());
    platform.on(APP).once(error("backService.doNotHaveRight"));
    let refused = found(&host, APP_ID);
    assert_eq!(refused["error"], "apps.refused");
    assert!(refused["message"].as_str().is_some_and(|message| message.starts_with("backService.doNotHaveRight")), "{refused}");
    platform.on(APP).once(error("accessToken.NotExist"));
    assert_eq!(found(&host, APP_ID)["error"], "apps.unavailable");
    // What the network did is tried again meanwhile.
    platform.on(APP).once(Reply::Cut);
    assert_eq!(found(&host, APP_ID)["key"], "test_app");
    host.stop();
}

pub(crate) fn over_its_answer(row: &Row) {
    let platform = Platform::new();
    let host = host(&platform, granted());
    let [most, _] = row.numbers();
    let whole = |length: usize| {
        let around = json!({"success": true, "entity": {"_id": APP_ID, "key": "test_app", "name": ""}}).to_string().len();
        let name = "x".repeat(length - around);
        answer(200, &json!({"success": true, "entity": {"_id": APP_ID, "key": "test_app", "name": name}}))
    };
    platform.on(APP).once(whole(most));
    assert_eq!(found(&host, APP_ID)["key"], "test_app");
    platform.on(APP).once(whole(most + 1));
    let error = found(&host, APP_ID)["error"].as_str().expect("an error").to_owned();
    assert!(row.sees().contains(&format!("`{error}`")), "{error}: {row:?}");
    assert_eq!(found(&host, APP_ID)["key"], "test_app");
}
