//! The zones `public` and `developer`: registering by invitation, logging in, apps, services and tokens of one's own.

use std::time::Instant;

use serde_json::{Value, json};

use super::{Embedded, NOW, done, entities, entity, host, refused, text};
use crate::{
    limits::{Row, assert_rate},
    support::{Request, wait::until, wharf},
};

/// What a developer sends to register with an invitation.
fn registration(invitation: &str, email: &str) -> Value {
    json!({
        "email": email, "password": "hunter2", "cellphone": "", "displayName": "Ada", "invitationCode": invitation,
    })
}

/// A developer who has logged in: the id and the token.
fn login(platform: &Embedded<'_>, email: &str) -> (String, String) {
    let invitation = text(&platform.wharf(["invitation", "create"])["invitation"]);
    let developer = entity(&platform.send("POST", "/public/register", "", &registration(&invitation, email)));
    let answer = platform.send("POST", "/public/login", "", &json!({"email": email, "password": "hunter2"}));
    (text(&developer["_id"]), text(&entities(&answer)[0]["accessTokenCode"]))
}

#[test]
fn a_developer_registers_with_an_invitation_and_logs_in() {
    let host = host().clock(NOW).start();
    let platform = Embedded(&host);
    let invitation = text(&platform.wharf(["invitation", "create"])["invitation"]);
    assert!(invitation.len() == 17 && invitation.bytes().all(|byte| byte.is_ascii_hexdigit()), "{invitation}");
    let register = |body: &Value| platform.send("POST", "/public/register", "", body);

    let with = |key: &str, value: &str| {
        let mut body = registration(&invitation, "ada@example.com");
        body[key] = value.into();
        body
    };
    for email in ["", "ada", "ada@", "@example.com", "<b>@example.com", "a b@example.com"] {
        refused(&register(&with("email", email)), 400, "passport.emailFormatNotRight");
    }
    refused(&register(&with("cellphone", "call me")), 400, "passport.cellPhoneFormatNotRight");
    refused(&register(&with("password", "")), 400, "wharf.badRequest");
    for code in ["", "0123456789abcdef0", &invitation[1..], &invitation.to_uppercase()] {
        if code != invitation {
            refused(&register(&with("invitationCode", code)), 400, "passport.invitationNotRight");
        }
    }

    let developer = entity(&register(&with("email", "Ada@Example.com")));
    let id = text(&developer["_id"]);
    let expected = json!({
        "_id": id, "email": "ada@example.com", "password": "********", "cellphone": "", "displayName": "Ada",
        "invitationCode": invitation, "__v": 0,
    });
    assert_eq!(developer, expected);
    refused(&register(&with("email", "bob@example.com")), 400, "passport.invitationNotRight");
    let second = text(&platform.wharf(["invitation", "create"])["invitation"]);
    refused(&register(&registration(&second, "ADA@example.com")), 409, "passport.emailAlreadyExist");
    assert_eq!(entity(&register(&registration(&second, "bob@example.com")))["displayName"], "Ada", "a refusal uses up nothing");

    for (email, password) in
        [("ada@example.com", "hunter3"), ("nobody@example.com", "hunter2"), ("", "hunter2"), ("ada@example.com", "")]
    {
        let answer = platform.send("POST", "/public/login", "", &json!({"email": email, "password": password}));
        refused(&answer, 401, "passport.loginFailed");
    }
    for (remember, lifetime) in [("false", 1), ("true", 30)] {
        let body = format!("email=Ada%40example.com&password=hunter2&remember={remember}");
        let tokens = entities(&platform.form("POST", "/public/login", "null", &body));
        assert_eq!(tokens.len(), 1);
        let token = &tokens[0];
        assert_eq!((&token["type"], &token["resourceKey"]), (&"developer".into(), &"ada@example.com".into()));
        assert_eq!((&token["resourceId"], &token["userAccountId"]), (&id.as_str().into(), &id.as_str().into()));
        assert_eq!(token["expireTime"], NOW + lifetime * 86_400_000);
        assert_eq!(entity(&platform.get("/developer/me", &text(&token["accessTokenCode"]))), expected);
    }
    let host = host.stopped().clock(NOW + 31 * 86_400_000).serve();
    let third = registration(&second, "cy@example.com");
    refused(&Embedded(&host).send("POST", "/public/register", "", &third), 400, "passport.invitationNotRight");
    host.stop();
}

#[test]
fn a_developer_changes_the_account_and_a_new_password_ends_other_logins() {
    let host = host().clock(NOW).start();
    let platform = Embedded(&host);
    let (id, token) = login(&platform, "ada@example.com");
    let (_, bob) = login(&platform, "bob@example.com");
    let log_in =
        |password: &str| platform.send("POST", "/public/login", "", &json!({"email": "ada@example.com", "password": password}));
    let other = text(&entities(&log_in("hunter2"))[0]["accessTokenCode"]);

    let changed = entity(&platform.send("PUT", "/developer/me", &token, &json!({"cellphone": "13800138000"})));
    assert_eq!((&changed["cellphone"], &changed["displayName"]), (&"13800138000".into(), &"Ada".into()));
    assert_eq!((&changed["updateTime"], &changed["updateBy"]), (&NOW.into(), &id.as_str().into()));
    let taken = platform.send("PUT", "/developer/me", &bob, &json!({"cellphone": "13800138000"}));
    refused(&taken, 409, "wharf.cellPhoneAlreadyExist");
    let malformed = platform.send("PUT", "/developer/me", &token, &json!({"cellphone": "x"}));
    refused(&malformed, 400, "passport.cellPhoneFormatNotRight");
    assert_eq!(platform.get("/developer/me", &other).status, 200);

    entity(&platform.form("PUT", "/developer/me", &token, "password=better&displayName=Ada+L"));
    assert_eq!(entity(&platform.get("/developer/me", &token))["displayName"], "Ada L");
    refused(&platform.get("/developer/me", &other), 401, "accessToken.NotExist");
    refused(&log_in("hunter2"), 401, "passport.loginFailed");
    assert_eq!(entities(&log_in("better")).len(), 1);
    host.stop();
}

#[test]
fn apps_are_their_developers_own() {
    let host = host().clock(NOW).start();
    let platform = Embedded(&host);
    let (ada, token) = login(&platform, "ada@example.com");
    let (_, bob) = login(&platform, "bob@example.com");
    platform.app("operators_app");
    assert_eq!(entities(&platform.get("/developer/apps", &token)), [] as [Value; 0]);
    let create = |key: &str, name: &str| platform.send("POST", "/developer/apps", &token, &json!({"key": key, "name": name}));
    let app = entity(&create("diary", "Diary"));
    let id = text(&app["_id"]);
    let expected = json!({
        "_id": id, "key": "diary", "name": "Diary", "ownerId": ada, "createTime": NOW, "updateTime": NOW, "createBy": ada,
        "updateBy": ada, "__v": 0,
    });
    assert_eq!(app, expected);
    for taken in ["diary", "operators_app"] {
        refused(&create(taken, "x"), 409, "wharf.keyAlreadyExist");
    }
    for (key, name) in [("", "x"), ("Diary", "x"), ("a b", "x"), ("../x", "x"), ("ok", ""), ("ok", " "), (&"x".repeat(64), "x")] {
        refused(&create(key, name), 400, "wharf.badRequest");
    }
    let path = format!("/developer/app/{id}");
    assert_eq!(entity(&platform.get(&path, &token)), expected);
    // As the reference prints it.
    assert_eq!(entity(&platform.get(&format!("/developer/service/{id}"), &token)), expected);
    assert_eq!(entities(&platform.get("/developer/apps", &token)), [expected]);
    let renamed = entity(&platform.form("PUT", &path, &token, "name=My+Diary&key=other"));
    assert_eq!((&renamed["name"], &renamed["key"]), (&"My Diary".into(), &"diary".into()));

    for method in ["GET", "PUT", "DELETE"] {
        let answer = platform.send(method, &path, &bob, &json!({"name": "x"}));
        refused(&answer, 403, "app.doNotHaveRight");
        let nothing = platform.send(method, "/developer/app/55b88eef4df03bab3307c0ff", &token, &json!({"name": "x"}));
        refused(&nothing, 404, "common.database.dataNotFound");
    }

    // Its token is made with it, and the same each time.
    let tokens = format!("/developer/access_token/app/{id}");
    let app_token = entity(&platform.get(&tokens, &token));
    assert_eq!((&app_token["type"], &app_token["resourceKey"]), (&"app".into(), &"diary".into()));
    assert_eq!(app_token["expireTime"], NOW + 30 * 86_400_000);
    assert_eq!(entity(&platform.get(&tokens, &token)), app_token);
    let code = text(&app_token["accessTokenCode"]);
    let crud = platform.service_id("crud");
    done(&platform.post(&format!("/app/service/{crud}/subscribe"), &code));
    refused(&platform.call("DELETE", &path, &token).send(), 409, "app.canNotDeleteBecauseUnCancelledSubscription");
    platform.wharf(["subscription", "force", "diary", "crud", "--gone"]);
    done(&platform.call("DELETE", &path, &token).send());
    refused(&platform.get(&path, &token), 404, "common.database.dataNotFound");
    refused(&platform.get("/app/subscribed_services", &code), 401, "accessToken.NotExist");
    host.stop();
}

#[test]
fn services_of_a_developer_are_private_and_for_his_own_apps() {
    let host = host().clock(NOW).start();
    let platform = Embedded(&host);
    let (ada, token) = login(&platform, "ada@example.com");
    let (_, bob) = login(&platform, "bob@example.com");
    let body = json!({
        "name": "Mine", "key": "mine", "type": "PRIVATE", "signKey": "the key of mine", "description": "<b>two\nlines</b>",
        "messageApiAddress": "http://127.0.0.1:9/messages", "serviceApiAddress": "https://mine.example.com/",
        "manageAddress": "", "manageByOpen": true, "allowUserApi": "true",
    });
    let service = entity(&platform.send("POST", "/developer/services", &token, &body));
    let id = text(&service["_id"]);
    let expected = json!({
        "_id": id, "name": "Mine", "key": "mine", "type": "PRIVATE", "signKey": "the key of mine",
        "description": "<b>two\nlines</b>", "messageApiAddress": "http://127.0.0.1:9/messages",
        "serviceApiAddress": "https://mine.example.com", "manageAddress": "", "manageByOpen": true, "allowUserApi": true,
        "ownerId": ada, "createTime": NOW, "updateTime": NOW, "createBy": ada, "updateBy": ada, "__v": 0,
    });
    assert_eq!(service, expected);
    let path = format!("/developer/service/{id}");
    assert_eq!(entity(&platform.get(&path, &token)), expected);
    assert_eq!(entities(&platform.get("/developer/services", &token)), [expected]);
    let with = |key: &str, value: Value| {
        let mut body = body.clone();
        body["key"] = "other".into();
        body[key] = value;
        platform.send("POST", "/developer/services", &token, &body)
    };
    for key in ["mine", "crud"] {
        refused(&with("key", key.into()), 409, "wharf.keyAlreadyExist");
    }
    for (key, value) in [
        ("type", "PUBLIC".into()),
        ("signKey", "".into()),
        ("signKey", Value::Null),
        ("name", "".into()),
        ("serviceApiAddress", "javascript:alert(1)".into()),
        ("messageApiAddress", "https://a:b@example.com/".into()),
        ("description", json!({})),
    ] {
        refused(&with(key, value), 400, "wharf.badRequest");
    }
    // As the reference prints it, by a form.
    let form = "name=Old&key=old&signKey=k&serviceApiAddress=http%3A%2F%2Flocalhost%3A3000%2Fold";
    let old = Request::new(host.address, "POST", "/v1/ocean/backServiceManage/backServices").header("AccessToken", &token);
    let old = old.header("content-type", "application/x-www-form-urlencoded").body(form).send();
    assert_eq!(entity(&old)["serviceApiAddress"], "http://localhost:3000/old");

    let changed = entity(&platform.send("PUT", &path, &token, &json!({"signKey": "another", "key": "x", "manageByOpen": false})));
    assert_eq!((&changed["signKey"], &changed["key"], &changed["name"]), (&"another".into(), &"mine".into(), &"Mine".into()));
    assert_eq!((&changed["manageByOpen"], &changed["allowUserApi"]), (&false.into(), &true.into()));
    for method in ["GET", "PUT", "DELETE"] {
        refused(&platform.send(method, &path, &bob, &json!({})), 403, "backService.doNotHaveRight");
        // The operator's too.
        let operators = format!("/developer/service/{}", platform.service_id("crud"));
        refused(&platform.send(method, &operators, &token, &json!({})), 403, "backService.doNotHaveRight");
    }

    // Anybody sees the public ones and no other; only the owner's apps subscribe to this one.
    let public: Vec<Value> = entities(&platform.get("/public/services", ""));
    let keys: Vec<String> = public.iter().map(|service| text(&service["key"])).collect();
    assert_eq!(keys, ["crud", "user"]);
    assert!(public.iter().all(|service| service.as_object().is_some_and(|service| service.len() == 4)), "{public:?}");
    let app = |developer: &str, key: &str| {
        let app = entity(&platform.send("POST", "/developer/apps", developer, &json!({"key": key, "name": key})));
        let path = format!("/developer/access_token/app/{}", text(&app["_id"]));
        text(&entity(&platform.get(&path, developer))["accessTokenCode"])
    };
    let (own, foreign, operators) = (app(&token, "own"), app(&bob, "foreign"), platform.app("operators").1);
    let subscribe = format!("/app/service/{id}/subscribe");
    refused(&platform.post(&subscribe, &foreign), 403, "app.subscribeBackServiceIsPrivate");
    refused(&platform.post(&subscribe, &operators), 403, "app.subscribeBackServiceIsPrivate");
    done(&platform.post(&subscribe, &own));
    refused(&platform.call("DELETE", &path, &token).send(), 409, "wharf.serviceHasSubscriptions");

    // It says yes by its own token, and then its header is made with its key.
    let service_token = entity(&platform.get(&format!("/developer/access_token/service/{id}"), &token));
    let service_token = text(&service_token["accessTokenCode"]);
    let message = text(&entities(&platform.get("/service/messages", &service_token))[0]["_id"]);
    done(&platform.post(&format!("/service/message/{message}/resolved"), &service_token));
    let context = entity(&platform.get("/public/ocean_context/own", ""));
    assert_eq!(context["backServices"]["mine"]["api"], "https://mine.example.com");
    let header = text(&context["backServices"]["mine"]["oceanAuthHeader"]);
    std::fs::write(host.path().join("mine.key"), "another").expect("a key file can be written");
    let opened = wharf(["ocean-auth", "open", "--service", "mine", "--key-file", "mine.key"]).stdin(header);
    assert_eq!(opened.within(host.path()).run().json()["app"]["key"], "own");
    platform.wharf(["subscription", "force", "own", "mine", "--gone"]);
    done(&platform.call("DELETE", &path, &token).send());
    refused(&platform.get(&path, &token), 404, "common.database.dataNotFound");
    refused(&platform.get("/service/messages", &service_token), 401, "accessToken.NotExist");
    host.stop();
}

#[test]
fn a_regenerated_token_replaces_the_one_before() {
    let host = host().clock(NOW).start();
    let platform = Embedded(&host);
    let (id, token) = login(&platform, "ada@example.com");
    let (bob_id, bob) = login(&platform, "bob@example.com");
    let app = text(&entity(&platform.send("POST", "/developer/apps", &token, &json!({"key": "a1", "name": "A"})))["_id"]);
    let body = json!({"name": "Mine", "key": "mine", "signKey": "k"});
    let service = text(&entity(&platform.send("POST", "/developer/services", &token, &body))["_id"]);
    let all = || {
        let tokens = entities(&platform.get("/developer/access_tokens", &token));
        tokens.iter().map(|token| (text(&token["type"]), text(&token["resourceId"]))).collect::<Vec<_>>()
    };
    let pair = |kind: &str, id: &str| (kind.to_owned(), id.to_owned());
    assert_eq!(all(), [pair("developer", &id), pair("app", &app), pair("service", &service)]);

    for (kind, resource, probe) in [("app", &app, "/app/subscribed_services"), ("service", &service, "/service/messages")] {
        let path = format!("/developer/access_token/{kind}/{resource}");
        let before = entity(&platform.get(&path, &token));
        let after = entity(&platform.post(&format!("{path}/regenerate"), &token));
        assert_ne!(after["_id"], before["_id"]);
        assert_eq!((&after["type"], &after["expireTime"]), (&kind.into(), &before["expireTime"]));
        assert_eq!(entity(&platform.get(&path, &token)), after);
        refused(&platform.get(probe, &text(&before["accessTokenCode"])), 401, "accessToken.NotExist");
        assert_eq!(platform.get(probe, &text(&after["accessTokenCode"])).status, 200);
        let code = if kind == "app" { "app.doNotHaveRight" } else { "backService.doNotHaveRight" };
        refused(&platform.get(&path, &bob), 403, code);
        refused(&platform.post(&format!("{path}/regenerate"), &bob), 403, code);
    }
    assert_eq!(all().len(), 3);
    for kind in ["end", "other", "App"] {
        refused(&platform.get(&format!("/developer/access_token/{kind}/{app}"), &token), 401, "accessToken.WrongTokenType");
    }
    refused(
        &platform.get(&format!("/developer/access_token/developer/{bob_id}"), &token),
        403,
        "common.database.dataCanNotAccessed",
    );
    let path = format!("/developer/access_token/developer/{id}");
    assert_eq!(entity(&platform.get(&path, &token))["accessTokenCode"], token);
    let after = text(&entity(&platform.post(&format!("{path}/regenerate"), &token))["accessTokenCode"]);
    refused(&platform.get("/developer/me", &token), 401, "accessToken.NotExist");
    assert_eq!(entity(&platform.get("/developer/me", &after))["_id"], id);
    host.stop();
}

#[test]
fn all_apps_are_public_by_their_names() {
    let host = host().start();
    let platform = Embedded(&host);
    let id = platform.app("a1").0;
    platform.wharf(["app", "create", "a0", "--name", "First"]);
    let apps = entities(&platform.get("/public/apps", "null"));
    assert_eq!(apps.len(), 2);
    assert_eq!((&apps[0]["name"], &apps[1]), (&"First".into(), &json!({"_id": id, "key": "a1", "name": "a1"})));
    host.stop();
}

pub(crate) fn over_its_records(row: &Row) {
    let host = host().section("[runtime]\ncaller-rate = 100000\ncaller-burst = 100000").start();
    let platform = Embedded(&host);
    let (_, token) = login(&platform, "ada@example.com");
    let (_, bob) = login(&platform, "bob@example.com");
    let [most] = row.numbers();
    let create = |path: &str, token: &str, number: usize| {
        let body = json!({"name": "x", "key": format!("{}-{number}", path.len()), "signKey": "k"});
        platform.send("POST", path, token, &body)
    };
    for path in ["/developer/apps", "/developer/services"] {
        for number in 0..most {
            entity(&create(path, &token, number));
        }
        row.assert_refused(&create(path, &token, most));
        entity(&create(path, &bob, most));
    }
    host.stop();
}

pub(crate) fn over_its_logins(row: &Row) {
    let host = host().start();
    let platform = Embedded(&host);
    let [at_once, every_s] = row.numbers();
    // Registering counts like a login.
    let (began, mut taken) = (Instant::now(), 2);
    let (_, _) = login(&platform, "ada@example.com");
    let log_in =
        |password: &str| platform.send("POST", "/public/login", "", &json!({"email": "ada@example.com", "password": password}));
    // However slow this machine is: one in five seconds is less than it asks.
    let refused = until("the attempts are used up", || {
        let answer = log_in("hunter3");
        taken += usize::from(answer.status == 401);
        (answer.status != 401).then_some(answer)
    });
    row.assert_refused(&refused);
    assert_rate(taken, at_once, began.elapsed().as_secs_f64() / every_s as f64);
    let other = json!({"email": "nobody@example.com", "password": "hunter3"});
    super::refused(&platform.send("POST", "/public/login", "", &other), 401, "passport.loginFailed");
    host.stop();
}
