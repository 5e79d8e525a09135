//! Secrets stand nowhere in clear: not in the data directory, not in the log.

use std::{fs, path::Path};

use serde_json::json;

use super::{CRUD_KEY, Embedded, USER_KEY, entities, entity, host, text};

/// Every file below a directory.
fn files(directory: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(directory).expect("a directory can be read") {
        let path = entry.expect("an entry can be read").path();
        if path.is_dir() {
            files(&path, found);
        } else if let Ok(bytes) = fs::read(&path) {
            found.push((path.display().to_string(), bytes));
        }
    }
}

#[test]
fn tokens_codes_passwords_and_keys_stand_nowhere_in_clear() {
    let host = host().log("level", "\"trace\"").log("access", "true").start();
    let platform = Embedded(&host);
    let (app, app_token) = platform.app("a1");
    platform.subscribed("a1", "user");
    let service = platform.service_token("user");
    let user = platform.user(&app, "ada");
    let end = text(&entity(&platform.get(&format!("/service/app/{app}/user/{user}/access_token"), &service))["accessTokenCode"]);
    let code = text(&entity(&platform.get("/app/auth_code", &app_token))["authCode"]);
    entity(&platform.get(&format!("/service/app/by_auth_code/{code}"), &service));
    let invitation = text(&platform.wharf(["invitation", "create"])["invitation"]);
    let unused = text(&platform.wharf(["invitation", "create"])["invitation"]);
    let password = "correct horse battery staple";
    let register = json!({"email": "ada@example.com", "password": password, "displayName": "", "invitationCode": invitation});
    entity(&platform.send("POST", "/public/register", "", &register));
    let login = json!({"email": "ada@example.com", "password": password});
    let developer = text(&entities(&platform.send("POST", "/public/login", "", &login))[0]["accessTokenCode"]);
    let sign_key = "the signKey of a registered service";
    let body = json!({"name": "Mine", "key": "mine", "signKey": sign_key});
    let mine = entity(&platform.send("POST", "/developer/services", &developer, &body));
    let mine = text(
        &entity(&platform.get(&format!("/developer/access_token/service/{}", text(&mine["_id"])), &developer))["accessTokenCode"],
    );
    let made = text(&platform.wharf(["developer", "create", "bob@example.com"])["password"]);
    let wrong = json!({"email": "ada@example.com", "password": "a wrong password of hers"});
    platform.send("POST", "/public/login", "", &wrong);
    let header = text(&entity(&platform.get("/end/ocean_context/a1", &end))["backServices"]["user"]["oceanAuthHeader"]);

    let secrets = [
        &app_token,
        &service,
        &end,
        &code,
        &unused,
        password,
        &developer,
        sign_key,
        &mine,
        &made,
        "a wrong password of hers",
        &header,
        USER_KEY,
        CRUD_KEY,
    ];
    let data = host.path().join("data");
    // While it runs, because the log of the database is part of it, and after its end.
    let mut found = Vec::new();
    files(&data, &mut found);
    let log = host.stop();
    assert!(log.text().contains("/v1.0/service/app/by_auth_code/"), "the test looks at a log that shows paths");
    assert!(found.iter().any(|(name, bytes)| name.ends_with("wharf.db-wal") && bytes.len() > 10_000), "the rows are there");
    for secret in secrets {
        assert!(!log.text().contains(secret), "{secret} is in the log");
        for (name, bytes) in &found {
            let is_in = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!is_in, "{secret} is in {name}");
        }
    }
}

/// What one host sealed no other opens; whoever needs a token then makes another one.
#[test]
fn without_the_hosts_key_tokens_are_renewed_and_not_shown() {
    let host = host().start();
    let platform = Embedded(&host);
    let (_, token) = platform.app("a1");
    let host = host.stopped();
    fs::remove_file(host.path().join("data/host.key")).expect("the host has a key");
    let host = host.serve();
    let platform = Embedded(&host);
    host.wharf(["platform", "app", "token", "a1"]).refused("WH1303", "a1");
    assert_eq!(platform.get("/app/subscribed_services", &token).status, 200, "it opens what it opened");
    let renewed = text(&platform.wharf(["app", "token", "a1", "--renew"])["token"]);
    assert_eq!(platform.get("/app/subscribed_services", &renewed).status, 200);
    super::refused(&platform.get("/app/subscribed_services", &token), 401, "accessToken.NotExist");
    host.stop();
}
