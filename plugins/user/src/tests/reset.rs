//! `/forget_password` and `/reset_password`.

use std::time::Duration;

use super::*;

fn forget(host: &TestHost, body: &Value) -> TestResponse {
    send(host, "POST", "/forget_password", body)
}

fn reset(host: &TestHost, token: &str, password: &str) -> TestResponse {
    send(host, "PUT", "/reset_password", &json!({"resetToken": token, "newPassword": password}))
}

/// Asks for a link, and takes the token out of the letter.
fn token(host: &TestHost) -> String {
    let sent = host.outbox().len();
    assert_eq!(forget(host, &json!({"accountName": "ada"})).text(), r#"{"success":true}"#);
    let outbox = host.outbox();
    assert_eq!(outbox.len(), sent + 1);
    let link = outbox[sent].1.link.clone().unwrap();
    link.strip_prefix("https://diary.example/#/reset/").unwrap().to_owned()
}

#[test]
fn a_link_sets_a_new_password_once() {
    let host = host();
    registered(&host);
    let token = token(&host);
    assert!(token.len() == 40 && token.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let (app, letter) = host.outbox().remove(0);
    assert_eq!((app.as_str(), letter.to.as_str(), letter.kind.as_str()), ("diary", "ada@mail.example", "password-reset"));
    assert!(letter.text.contains(letter.link.as_deref().unwrap()) && !letter.text.contains("Ada"));
    for _ in 0..3 {
        assert_eq!(try_login(&host, "ada", "wrong").status, 401);
    }
    assert_eq!(reset(&host, &token, "new").text(), r#"{"success":true}"#);
    // Whoever could not remember has been guessing; that is over.
    assert_eq!((try_login(&host, "ada", "new").status, try_login(&host, "ada", "s3cret").status), (200, 401));
    assert_eq!(refused(&reset(&host, &token, "newer")), is(409, "token.used"));
    let rows = host.run(|| Accounts::open().unwrap().store().get("account/ada").unwrap().unwrap().value);
    assert!(!String::from_utf8(rows).unwrap().contains(&token));
}

#[test]
fn a_link_is_good_for_an_hour_and_until_the_next_one() {
    let host = host();
    registered(&host);
    let first = token(&host);
    host.advance(Duration::from_mins(60) - Duration::from_millis(1));
    let second = token(&host);
    assert_eq!(refused(&reset(&host, &first, "new")), is(404, "token.notExist"));
    host.advance(Duration::from_mins(60));
    assert_eq!(refused(&reset(&host, &second, "new")), is(400, "token.expired"));
    let third = token(&host);
    host.advance(Duration::from_mins(60) - Duration::from_millis(1));
    assert_eq!(reset(&host, &third, "new").status, 200);
}

#[test]
fn a_token_that_never_was_is_none() {
    let host = host();
    registered(&host);
    for wrong in ["", "0", &"0".repeat(40), &"x".repeat(1000), "../account/ada"] {
        assert_eq!(refused(&reset(&host, wrong, "new")), is(404, "token.notExist"), "{wrong}");
    }
    let token = token(&host);
    assert_eq!(refused(&reset(&host.clone().app("shop"), &token, "new")), is(404, "token.notExist"));
    assert_eq!(refused(&reset(&host, &token, "")), is(400, "wharf.badRequest"));
    assert_eq!(reset(&host, &token, "new").status, 200);
}

#[test]
fn a_changed_password_ends_the_link() {
    let host = host();
    let ada = as_user(&host, &registered(&host));
    let token = token(&host);
    let changed = send(&ada, "PUT", "/update_password", &json!({"oldPassword": "s3cret", "newPassword": "new"}));
    assert_eq!(changed.status, 200);
    assert_eq!(refused(&reset(&host, &token, "evil")), is(404, "token.notExist"));
}

#[test]
fn three_letters_a_day_are_enough() {
    let host = host();
    registered(&host);
    for _ in 0..3 {
        token(&host);
        host.advance(Duration::from_hours(1));
    }
    assert_eq!(refused(&forget(&host, &json!({"accountName": "ada"}))), is(429, "mail.reset.maxNumPerDay"));
    assert_eq!(refused(&forget(&host, &json!({"accountEmail": "ada@mail.example"}))), is(429, "mail.reset.maxNumPerDay"));
    host.advance(Duration::from_hours(21));
    token(&host);
}

#[test]
fn mail_does_not_tell_who_has_an_account() {
    let host = host();
    registered(&host);
    for unknown in [json!({"accountName": "bob"}), json!({"accountEmail": "bob@mail.example"})] {
        for _ in 0..3 {
            assert_eq!(forget(&host, &unknown).text(), r#"{"success":true}"#);
        }
        assert_eq!(refused(&forget(&host, &unknown)), is(429, "mail.reset.maxNumPerDay"));
    }
    // An account without an address looks the same.
    assert_eq!(send(&host, "POST", "/register", &json!({"accountName": "c", "password": "p"})).status, 200);
    assert_eq!(forget(&host, &json!({"accountName": "c"})).text(), r#"{"success":true}"#);
    assert!(host.outbox().is_empty());
}

#[test]
fn an_address_finds_the_accounts_that_have_it_now() {
    let host = host();
    let user = registered(&host);
    let other = json!({"accountName": "ada2", "password": "p", "email": "ADA@mail.example"});
    assert_eq!(send(&host, "POST", "/register", &other).status, 200);
    assert_eq!(form(&host, "POST", "/forget_password", "accountEmail=Ada%40Mail.Example").status, 200);
    let to: Vec<String> = host.outbox().into_iter().map(|(_, letter)| letter.to).collect();
    assert_eq!(to, ["ada@mail.example", "ADA@mail.example"]);
    let moved = send(&as_user(&host, &user), "PUT", "/update", &json!({"email": "ada@new.example"}));
    assert_eq!(moved.status, 200);
    assert_eq!(forget(&host, &json!({"accountEmail": "ada@new.example"})).status, 200);
    assert_eq!(host.outbox().len(), 3);
    assert_eq!(forget(&host, &json!({"accountEmail": "ada@mail.example"})).status, 200);
    assert_eq!(host.outbox()[3].1.to, "ADA@mail.example");
}

#[test]
fn somebody_has_to_be_named() {
    let host = host();
    for body in [json!({}), json!({"accountName": ""}), json!({"accountName": null, "accountEmail": ""})] {
        assert_eq!(refused(&forget(&host, &body)), is(400, "user.accountOrEmailCannotBeNull"));
    }
}

#[test]
fn without_a_link_of_the_app_or_without_mail_nothing_is_sent() {
    let host = host();
    registered(&host);
    let failed = |host: &TestHost, name: &str| {
        assert_eq!(refused(&forget(host, &json!({"accountName": name}))), is(502, "mail.failed"));
    };
    for links in [json!(null), json!({}), json!({"shop": "https://shop.example/{token}"})] {
        // Whether there is such an account or not.
        failed(&host.clone().setting("reset-link", links.clone()), "ada");
        failed(&host, "bob");
    }
    for wrong in ["javascript:alert({token})", "https://diary.example/", ""] {
        failed(&host.clone().setting("reset-link", json!({"diary": wrong})), "ada");
    }
    let host = host.setting("reset-link", json!({"diary": "https://diary.example/{token}"}));
    failed(&host.clone().outbox_limit(0), "ada");
    failed(&host.clone().deny("mail"), "ada");
    assert!(host.outbox().is_empty());
}
