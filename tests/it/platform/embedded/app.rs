//! The zone `app`: codes, subscribing, cancelling.

use serde_json::json;

use super::{Embedded, NOW, done, entities, entity, host, refused, silent_host, text};

#[test]
fn a_subscription_waits_for_its_service_on_both_ends() {
    let host = silent_host().start();
    let platform = Embedded(&host);
    let (_, app) = platform.app("a1");
    let (crud, user) = (platform.service_id("crud"), platform.service_id("user"));
    let service = platform.service_token("crud");
    let subscribed = || {
        entities(&platform.get("/app/subscribed_services", &app))
            .iter()
            .map(|service| (text(&service["key"]), text(&service["status"])))
            .collect::<Vec<_>>()
    };
    let resolve = |kind: &str| {
        let messages = entities(&platform.get("/service/messages", &service));
        assert_eq!(messages.len(), 1, "{messages:?}");
        assert_eq!(messages[0]["type"], kind);
        done(&platform.post(&format!("/service/message/{}/resolved", text(&messages[0]["_id"])), &service));
    };
    let states = |state: &str| vec![("crud".to_owned(), state.to_owned())];

    refused(&platform.post(&format!("/app/service/{crud}/cancel"), &app), 404, "app.appNotHaveThisBackService");
    done(&platform.post(&format!("/app/service/{crud}/subscribe"), &app));
    assert_eq!(subscribed(), states("pending_subscribed"));
    refused(&platform.post(&format!("/app/service/{crud}/subscribe"), &app), 409, "app.appAlreadySubscribeThisBackService");
    let wrong = "app.canNotCancelBackServiceBecauseOfWrongStatus";
    refused(&platform.post(&format!("/app/service/{crud}/cancel"), &app), 409, wrong);

    resolve("app_subscribe_service");
    assert_eq!(subscribed(), states("subscribed"));
    refused(&platform.post(&format!("/app/service/{crud}/subscribe"), &app), 409, "app.appAlreadySubscribeThisBackService");

    done(&platform.post(&format!("/app/service/{crud}/cancel"), &app));
    assert_eq!(subscribed(), states("pending_cancel"));
    refused(&platform.post(&format!("/app/service/{crud}/subscribe"), &app), 409, "app.appAlreadySubscribeThisBackService");
    refused(&platform.post(&format!("/app/service/{crud}/cancel"), &app), 409, wrong);

    resolve("app_cancel_service");
    assert_eq!(subscribed(), []);
    refused(&platform.post(&format!("/app/service/{crud}/cancel"), &app), 404, "app.appNotHaveThisBackService");
    // And again from the start.
    done(&platform.post(&format!("/app/service/{crud}/subscribe"), &app));
    assert_eq!(subscribed(), states("pending_subscribed"));
    // A body that nobody asked for does no harm.
    done(&platform.send("POST", &format!("/app/service/{user}/subscribe"), &app, &json!({"x": 1})));

    for nothing in ["55b88eef4df03bab3307c0ff", "x", "..%2F", "%ff"] {
        let path = format!("/app/service/{nothing}/subscribe");
        let answer = platform.post(&path, &app);
        let code = if nothing == "%ff" { "common.database.dataNotFound" } else { "app.subscribeBackServiceNotExist" };
        refused(&answer, 404, code);
    }
    host.stop();
}

#[test]
fn a_code_names_its_app_for_a_minute() {
    let host = host().clock(NOW).start();
    let platform = Embedded(&host);
    let (app_id, app) = platform.app("a1");
    platform.subscribed("a1", "crud");
    let code = entity(&platform.get("/app/auth_code", &app));
    assert_eq!((&code["type"], &code["resourceId"], &code["resourceKey"]), (&"app".into(), &app_id.clone().into(), &"a1".into()));
    assert_eq!((&code["expireTime"], &code["expired"], &code["__v"]), (&(NOW + 60_000).into(), &false.into(), &0.into()));
    let code = text(&code["authCode"]);
    assert!(code.len() == 40 && code.bytes().all(|byte| byte.is_ascii_hexdigit()), "{code}");

    let path = format!("/service/app/by_auth_code/{code}");
    let (crud, user) = (platform.service_token("crud"), platform.service_token("user"));
    let expected = json!({"_id": app_id, "key": "a1", "name": "a1"});
    // More than once, while it is valid.
    for _ in 0..2 {
        assert_eq!(entity(&platform.get(&path, &crud)), expected);
    }
    refused(&platform.get(&path, &user), 404, "backService.noSubscribeRecordFound");
    for unknown in ["0".repeat(40), code[1..].to_owned(), "x".to_owned(), code.to_uppercase()] {
        refused(&platform.get(&format!("/service/app/by_auth_code/{unknown}"), &crud), 404, "authCode.NotExist");
    }
    let host = host.stopped().clock(NOW + 59_999).serve();
    assert_eq!(entity(&Embedded(&host).get(&path, &crud)), expected);
    let host = host.stopped().clock(NOW + 60_000).serve();
    refused(&Embedded(&host).get(&path, &crud), 400, "authCode.Expired");
    host.stop();
}
