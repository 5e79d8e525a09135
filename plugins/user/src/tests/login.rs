//! `/login`: passwords, tokens, and too many tries.

use std::time::Duration;

use super::*;

fn token(response: &TestResponse) -> String {
    response.json::<Value>()["entity"]["accessToken"].as_str().unwrap_or_else(|| panic!("no token: {response:?}")).to_owned()
}

#[test]
fn the_right_password_gets_the_platforms_token() {
    let host = host();
    let user = registered(&host);
    let response = try_login(&host, "ada", "s3cret");
    let issued = host.issued_tokens();
    assert_eq!((token(&response), &user), (issued[0].code.clone(), &issued[0].user_id));
    assert_eq!(response.text(), format!(r#"{{"success":true,"entity":{{"accessToken":"{}"}}}}"#, issued[0].code));
    // A page that is still logged in sends its login header along.
    assert_ne!(token(&try_login(&as_user(&host, &user), "ada", "s3cret")), issued[0].code);
    assert_ne!(token(&try_login(&known_by(&host, "w", "weibo"), "ada", "s3cret")), issued[0].code);
}

#[test]
fn to_be_remembered_one_has_to_say_so() {
    let host = host();
    registered(&host);
    let days = |body: &str| {
        token(&form(&host, "POST", "/login", &format!("accountName=ada&password=s3cret{body}")));
        (host.issued_tokens().last().unwrap().expires_ms - NOW_MS) / 86_400_000
    };
    for (said, expected) in
        [("", 1), ("&rememberMe=", 1), ("&rememberMe=yes", 1), ("&rememberMe=false", 1), ("&rememberMe=true", 30)]
    {
        assert_eq!(days(said), expected, "{said}");
    }
    let json = |remember: Value| {
        send(&host, "POST", "/login", &json!({"accountName": "ada", "password": "s3cret", "rememberMe": remember}));
        (host.issued_tokens().last().unwrap().expires_ms - NOW_MS) / 86_400_000
    };
    assert_eq!(
        (json(json!(true)), json(json!("true")), json(json!(false)), json(json!(null)), json(json!({}))),
        (30, 30, 1, 1, 1)
    );
}

#[test]
fn a_wrong_password_and_a_wrong_name_look_the_same() {
    let host = host();
    registered(&host);
    let (password, name) = (try_login(&host, "ada", "s3cret "), try_login(&host, "bob", "s3cret"));
    assert_eq!(refused(&password), is(401, "user.accountOrPasswordNotRight"));
    assert_eq!((password.text(), password.status, &password.headers), (name.text(), name.status, &name.headers));
    // Not in another app either.
    let other = host.clone().app("shop");
    other.subscribe().unwrap();
    assert_eq!(refused(&try_login(&other, "ada", "s3cret")), is(401, "user.accountOrPasswordNotRight"));
}

#[test]
fn after_too_many_wrong_ones_the_right_one_waits_too() {
    let host = host();
    registered(&host);
    for _ in 0..2 {
        assert_eq!(try_login(&host, "ada", "wrong").status, 401);
    }
    // In time: what was counted is forgotten.
    assert_eq!(try_login(&host, "ada", "s3cret").status, 200);
    for _ in 0..3 {
        assert_eq!(try_login(&host, "ada", "wrong").status, 401);
    }
    host.advance(Duration::from_mins(5));
    let waits = try_login(&host, "ada", "s3cret");
    assert_eq!((refused(&waits), waits.header("retry-after")), (is(429, "wharf.tooManyLogins"), Some("600")));
    // Nobody else has to wait for it.
    let other = host.clone().app("shop");
    other.subscribe().unwrap();
    assert_eq!(send(&other, "POST", "/register", &ada()).status, 200);
    assert_eq!(try_login(&other, "ada", "s3cret").status, 200);
    host.advance(Duration::from_mins(10));
    assert_eq!(try_login(&host, "ada", "s3cret").status, 200);
}

#[test]
fn names_that_do_not_exist_have_to_wait_as_well_and_fill_nothing() {
    let host = host();
    for _ in 0..3 {
        assert_eq!(try_login(&host, "nobody", "x").status, 401);
    }
    assert_eq!(refused(&try_login(&host, "nobody", "x")), is(429, "wharf.tooManyLogins"));
    host.run(|| {
        let accounts = Accounts::open().unwrap();
        let mut rows = std::collections::BTreeSet::new();
        for n in 0..3000 {
            rows.insert(Attempts::new(Of::Login, &accounts, None, &n.to_string(), 3, Duration::from_mins(15)).unwrap().key());
        }
        // Of 4,096 rows, 3,000 names hit about 2,100.
        assert!(rows.len() < 2600, "{}", rows.len());
    });
}

#[test]
fn a_user_the_platform_has_lost_is_made_again() {
    let host = host();
    let old = registered(&host);
    host.forget_app_user("ada");
    assert_eq!(try_login(&host, "ada", "s3cret").status, 200);
    let users = host.app_users("diary");
    assert_eq!((users.len(), users[0].name.as_str(), users[0].email.as_deref()), (1, "Ada", Some("ada@mail.example")));
    assert_ne!(users[0].id, old);
    assert_eq!(host.issued_tokens()[0].user_id, users[0].id);
    assert!(host.log().iter().any(|line| line.message.contains("another id")), "{:?}", host.log());
    // From now on that is who Ada is.
    assert_eq!(send(&as_user(&host, &users[0].id), "PUT", "/update", &json!({})).status, 200);
    assert_eq!(refused(&send(&as_user(&host, &old), "PUT", "/update", &json!({}))), is(404, "user.notExist"));
}

#[test]
fn without_the_platform_nobody_gets_a_token() {
    let host = host();
    registered(&host);
    host.platform_down();
    assert_eq!(refused(&try_login(&host, "ada", "s3cret")), is(502, "ocean.getEndUserAccessTokenFailed"));
    host.platform_refuses("backService.doNotHaveRight");
    assert_eq!(refused(&try_login(&host, "ada", "s3cret")), is(502, "ocean.getEndUserAccessTokenFailed"));
    assert_eq!(refused(&try_login(&host, "ada", "wrong")), is(401, "user.accountOrPasswordNotRight"));
    host.platform_up();
    assert_eq!(try_login(&host, "ada", "s3cret").status, 200);
}

#[test]
fn only_a_salted_hash_is_kept() {
    let (one, other) = (Password::new("s3cret").unwrap(), Password::new("s3cret").unwrap());
    assert_ne!(one, other);
    assert!(one.fits("s3cret").unwrap() && !one.fits("S3cret").unwrap() && one.is_current());
    assert!(!Password::nobodys().fits("").unwrap() && Password::nobodys().is_current());
    let host = host();
    registered(&host);
    let rows = host.run(|| Accounts::open().unwrap().store().get("account/ada").unwrap().unwrap().value);
    assert!(!String::from_utf8(rows).unwrap().contains("s3cret"));
    assert!(!format!("{:?}", host.log()).contains("s3cret"));
}

/// From a version of this plugin that found less enough.
#[test]
fn an_older_hash_is_renewed_when_its_password_is_shown() {
    let host = host();
    registered(&host);
    let kept = || host.run(|| Accounts::open().unwrap().get("ada").unwrap().unwrap().password);
    let older: Password = serde_json::from_value(json!({
        // Of "s3cret", made with 64 KiB and one pass.
        "memory_kib": 64, "passes": 1, "salt": "00".repeat(16), "hash": older_hash(),
    }))
    .unwrap();
    host.run(|| {
        let accounts = Accounts::open().unwrap();
        let change = |account: &mut Account| {
            account.password = older.clone();
            Ok(())
        };
        accounts.change("ada", change).unwrap().unwrap();
    });
    assert!(!kept().is_current());
    assert_eq!(try_login(&host, "ada", "wrong").status, 401);
    assert!(!kept().is_current());
    assert_eq!(try_login(&host, "ada", "s3cret").status, 200);
    assert!(kept().is_current());
    assert_eq!(try_login(&host, "ada", "s3cret").status, 200);
}

fn older_hash() -> String {
    let params = argon2::Params::new(64, 1, 1, Some(32)).unwrap();
    let mut hash = [0; 32];
    argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params)
        .hash_password_into(b"s3cret", &[0; 16], &mut hash)
        .unwrap();
    hex::encode(hash)
}
