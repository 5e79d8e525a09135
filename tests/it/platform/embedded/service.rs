//! The zone `service`: messages, apps, app users.

use serde_json::json;

use crate::support::wait::until;

use super::{Embedded, NOW, done, entities, entity, host, refused, silent_host, text};

#[test]
fn messages_come_in_the_platforms_order_and_their_content_is_json_in_a_string() {
    let host = silent_host().start();
    let platform = Embedded(&host);
    let crud = platform.service_token("crud");
    let mut apps = Vec::new();
    for key in ["zebra", "ant", "mole"] {
        apps.push(platform.app(key).0);
        platform.wharf(["subscription", "add", key, "crud"]);
        platform.wharf(["subscription", "add", key, "user"]);
    }
    let messages = entities(&platform.get("/service/messages", &crud));
    assert_eq!(messages.len(), 3, "another service's messages are not there");
    for ((message, app), key) in messages.iter().zip(&apps).zip(["zebra", "ant", "mole"]) {
        let keys: Vec<&String> = message.as_object().expect("a message is an object").keys().collect();
        assert_eq!(keys, ["__v", "_id", "backServiceId", "content", "status", "type"]);
        assert_eq!(message["backServiceId"], platform.service_id("crud"));
        assert_eq!(message["type"], "app_subscribe_service");
        let content: serde_json::Value = serde_json::from_str(&text(&message["content"])).expect("content is JSON");
        assert_eq!((&content["appId"], &content["appKey"]), (&app.as_str().into(), &key.into()));
        assert_eq!(text(&content["appSubscriptionId"]).len(), 24);
        let id = text(&message["_id"]);
        assert!(id.len() == 24 && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')), "{id}");
        let mut one = entity(&platform.get(&format!("/service/message/{id}"), &crud));
        one["status"] = message["status"].clone();
        assert_eq!(one, *message);
    }

    let second = text(&messages[1]["_id"]);
    let user = platform.service_token("user");
    for path in [format!("/service/message/{second}"), format!("/service/message/{second}/resolved")] {
        let method = if path.ends_with("resolved") { "POST" } else { "GET" };
        refused(&platform.call(method, &path, &user).send(), 403, "common.database.dataCanNotAccessed");
    }
    refused(&platform.get("/service/message/55b89ba34df03bab3307c10f", &crud), 404, "common.database.dataNotFound");
    refused(&platform.post("/service/message/x/resolved", &crud), 404, "common.database.dataNotFound");

    // Resolving is idempotent, and takes that message out of the list.
    for _ in 0..2 {
        done(&platform.post(&format!("/service/message/{second}/resolved"), &crud));
    }
    assert_eq!(entity(&platform.get(&format!("/service/message/{second}"), &crud))["status"], "resolved");
    let left: Vec<String> =
        entities(&platform.get("/service/messages", &crud)).iter().map(|message| text(&message["_id"])).collect();
    assert_eq!(left, [text(&messages[0]["_id"]), text(&messages[2]["_id"])]);
    host.stop();
}

/// Behind a thousand messages that nobody can handle are those of all other apps.
#[test]
fn all_that_is_not_resolved_is_listed_and_found_by_polling() {
    const APPS: usize = 1_001;
    let host = silent_host().start();
    let (crud, token) = (Embedded(&host).service_id("crud"), Embedded(&host).service_token("crud"));
    let stopped = host.stopped();
    // Not by the store itself: a process that forks meanwhile would hold its lock a moment longer.
    let database = rusqlite::Connection::open(stopped.path().join("data/wharf.db")).expect("nobody holds it");
    let numbers = format!("WITH RECURSIVE n(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < {})", APPS - 1);
    let id = |kind: u32| format!("printf('{kind:08x}%016x', n)");
    let (app, subscription, message) = (id(1), id(2), id(3));
    let written = database.execute_batch(&format!(
        "BEGIN;
         INSERT INTO platform_apps (id, key, name, created_ms, updated_ms) {numbers} SELECT {app}, 'app-' || n, 'app', 1, 1 FROM n;
         INSERT INTO platform_subscriptions (id, app, service, state, created_ms)
             {numbers} SELECT {subscription}, {app}, '{crud}', 'pending_subscribed', 1 FROM n;
         INSERT INTO platform_messages (id, service, kind, app, app_key, subscription, state, attempts, next_ms, created_ms)
             {numbers} SELECT {message}, '{crud}', 'app_subscribe_service', {app}, 'app-' || n, {subscription}, 'init', 0, 1, 1
             FROM n ORDER BY n;
         COMMIT;"
    ));
    written.expect("the tables are there");
    drop(database);

    let host = stopped.serve();
    let listed = entities(&Embedded(&host).get("/service/messages", &token));
    let ids: Vec<String> = listed.iter().map(|message| text(&message["_id"])).collect();
    assert_eq!(ids, (0..APPS).map(|number| format!("{:08x}{number:016x}", 3)).collect::<Vec<_>>());
    until("the host has found them all", || {
        let known = host.wharf(["messages", "list", "--service", "crud", "--state", "known", "--format", "json"]).json();
        (known.as_array().map(Vec::len) == Some(APPS)).then_some(())
    });
    host.stop();
}

#[test]
fn an_app_is_told_of_while_it_has_anything_to_do_with_the_service() {
    let host = silent_host().start();
    let platform = Embedded(&host);
    let (app, token) = platform.app("a1");
    let (crud, crud_id) = (platform.service_token("crud"), platform.service_id("crud"));
    let path = format!("/service/app/{app}");
    let expected = json!({"_id": app, "key": "a1", "name": "a1"});
    let resolve = || {
        let message = text(&entities(&platform.get("/service/messages", &crud))[0]["_id"]);
        done(&platform.post(&format!("/service/message/{message}/resolved"), &crud));
    };
    refused(&platform.get(&path, &crud), 404, "backService.noSubscribeRecordFound");
    done(&platform.post(&format!("/app/service/{crud_id}/subscribe"), &token));
    assert_eq!(entity(&platform.get(&path, &crud)), expected, "pending");
    resolve();
    assert_eq!(entity(&platform.get(&path, &crud)), expected);
    done(&platform.post(&format!("/app/service/{crud_id}/cancel"), &token));
    assert_eq!(entity(&platform.get(&path, &crud)), expected, "leaving");
    refused(&platform.get(&path, &platform.service_token("user")), 404, "backService.noSubscribeRecordFound");
    resolve();
    refused(&platform.get(&path, &crud), 404, "backService.noSubscribeRecordFound");
    refused(&platform.get("/service/app/55b88eef4df03bab3307c0ff", &crud), 404, "backService.noSubscribeRecordFound");
    host.stop();
}

#[test]
fn app_users_are_made_once_for_an_account_name() {
    let host = host().clock(NOW + 999).start();
    let platform = Embedded(&host);
    let (app, _) = platform.app("a1");
    let (other, _) = platform.app("a2");
    platform.subscribed("a1", "user");
    platform.subscribed("a2", "user");
    platform.subscribed("a1", "crud");
    let user = platform.service_token("user");
    let path = format!("/service/app/{app}/users");
    let body = json!({"accountName": "test_app_user", "displayName": "张三", "email": "test@atest.com", "cellphone": ""});
    let made = entity(&platform.send("POST", &path, &user, &body));
    let id = text(&made["_id"]);
    let expected = json!({
        "_id": id, "accountName": "test_app_user", "displayName": "张三", "email": "test@atest.com", "cellphone": "",
        "createTime": NOW, "updateTime": NOW, "createBy": "", "updateBy": "", "__v": 0,
    });
    assert_eq!(made, expected, "times of records are whole seconds");
    // Again, and by a form: the same one, unchanged.
    assert_eq!(entity(&platform.form("POST", &path, &user, "accountName=test_app_user&displayName=other")), expected);
    // Byte for byte another name; and the same name of another app.
    let capital = entity(&platform.form("POST", &path, &user, "accountName=Test_app_user&displayName="));
    assert_ne!(capital["_id"], id);
    assert!(capital.get("email").is_none(), "what was never said is not there: {capital}");
    assert_ne!(platform.user(&other, "test_app_user"), id);

    let one = format!("/service/app/{app}/user/{id}");
    let changed = entity(&platform.send("PUT", &one, &user, &json!({"displayName": "李四", "email": "", "accountName": "x"})));
    assert_eq!((&changed["displayName"], &changed["email"]), (&"李四".into(), &"".into()));
    assert_eq!((&changed["accountName"], &changed["cellphone"]), (&"test_app_user".into(), &"".into()));

    let token = entity(&platform.get(&format!("{one}/access_token"), &user));
    assert_eq!((&token["type"], &token["userAccountId"], &token["expired"]), (&"end".into(), &id.as_str().into(), &false.into()));
    assert_eq!((&token["resourceId"], &token["resourceKey"]), (&app.as_str().into(), &"a1".into()));

    // `crud` may not make app users; no service touches another app's or service's.
    let crud = platform.service_token("crud");
    refused(&platform.send("POST", &path, &crud, &body), 403, "backService.doNotHaveRight");
    refused(&platform.send("PUT", &one, &crud, &body), 403, "backService.doNotHaveRight");
    refused(&platform.get(&format!("{one}/access_token"), &crud), 403, "backService.doNotHaveRight");
    let elsewhere = format!("/service/app/{other}/user/{id}");
    refused(&platform.send("PUT", &elsewhere, &user, &body), 404, "common.database.dataNotFound");
    refused(&platform.get(&format!("{elsewhere}/access_token"), &user), 404, "common.database.dataNotFound");
    let nobody = format!("/service/app/{app}/user/55b891fb4df03bab3307c101/access_token");
    refused(&platform.get(&nobody, &user), 404, "common.database.dataNotFound");
    let none = "/service/app/55b88eef4df03bab3307c0ff/users";
    refused(&platform.send("POST", none, &user, &body), 404, "backService.noSubscribeRecordFound");
    for bad in [json!({}), json!({"accountName": ""}), json!({"accountName": 1}), json!({"accountName": "a\nb"})] {
        refused(&platform.send("POST", &path, &user, &bad), 400, "wharf.badRequest");
    }
    host.stop();
}
