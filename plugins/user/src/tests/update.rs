//! `/update` and `/update_password`.

use super::*;

fn entity(response: &TestResponse) -> Value {
    assert_eq!(response.status, 200, "{response:?}");
    response.json::<Value>()["entity"].clone()
}

#[test]
fn what_is_absent_stays_and_what_is_empty_is_cleared() {
    let host = host();
    let user = registered(&host);
    let ada = as_user(&host, &user);
    let changed = entity(&form(&ada, "PUT", "/update", "displayName=Countess&cellphone=&accountName=eve&_id=1"));
    assert_eq!((&changed["displayName"], &changed["cellphone"]), (&json!("Countess"), &json!("")));
    assert_eq!((&changed["accountName"], &changed["email"]), (&json!("ada"), &json!("ada@mail.example")));
    let changed = entity(&send(&ada, "PUT", "/update", &json!({"email": null})));
    assert_eq!((&changed["displayName"], &changed["email"]), (&json!("Countess"), &json!("")));
    let there = &host.app_users("diary")[0];
    assert_eq!((there.name.as_str(), there.email.as_deref(), there.cellphone.as_deref()), ("Countess", Some(""), Some("")));
    assert_eq!(try_login(&host, "ada", "s3cret").status, 200);
}

#[test]
fn only_the_user_itself_changes_its_account() {
    let host = host();
    let user = registered(&host);
    let change = json!({"displayName": "Eve", "oldPassword": "s3cret", "newPassword": "eve"});
    for path in ["/update", "/update_password"] {
        assert_eq!(refused(&send(&host, "PUT", path, &change)), is(403, "user.doNotHaveRight"));
        let weibo = known_by(&host, &user, "weibo");
        assert_eq!(refused(&send(&weibo, "PUT", path, &change)), is(403, "ocean.wrongOceanAuthBackServiceKey"));
        assert_eq!(refused(&send(&as_user(&host, "ada"), "PUT", path, &change)), is(404, "user.notExist"));
    }
    // An operator may call the service something else.
    let renamed = host.clone().setting("service-key", "accounts");
    assert_eq!(refused(&send(&as_user(&host, &user), "PUT", "/update", &change)), is(403, "ocean.wrongOceanAuthBackServiceKey"));
    assert_eq!(entity(&send(&known_by(&renamed, &user, "accounts"), "PUT", "/update", &change))["displayName"], "Eve");
}

#[test]
fn where_the_platform_says_no_nothing_changes() {
    let host = host();
    let ada = as_user(&host, &registered(&host));
    host.platform_refuses("common.systemError");
    assert_eq!(refused(&send(&ada, "PUT", "/update", &json!({"displayName": "X"}))), is(502, "ocean.saveUserInfoFailed"));
    host.platform_down();
    assert_eq!(refused(&send(&ada, "PUT", "/update", &json!({"displayName": "X"}))), is(502, "ocean.saveUserInfoFailed"));
    host.platform_up();
    assert_eq!(entity(&send(&ada, "PUT", "/update", &json!({})))["displayName"], "Ada");
}

#[test]
fn a_new_password_takes_the_old_ones_place() {
    let host = host();
    let ada = as_user(&host, &registered(&host));
    let change = |old: &str, new: &str| send(&ada, "PUT", "/update_password", &json!({"oldPassword": old, "newPassword": new}));
    assert_eq!(refused(&change("wrong", "new")), is(403, "user.passwordNotRight"));
    assert_eq!(refused(&change("s3cret", "")), is(400, "wharf.badRequest"));
    assert_eq!(change("s3cret", "new").text(), r#"{"success":true}"#);
    assert_eq!((try_login(&host, "ada", "s3cret").status, try_login(&host, "ada", "new").status), (401, 200));
    // Guesses are counted here too, together with those at the door.
    for _ in 0..3 {
        assert_eq!(change("wrong", "new").status, 403);
    }
    assert_eq!(refused(&change("new", "newer")), is(429, "wharf.tooManyLogins"));
    assert_eq!(try_login(&host, "ada", "new").status, 429);
}
