//! `/register`.

use super::*;

#[test]
fn an_account_is_made_here_and_at_the_platform() {
    let host = host();
    let response = send(&host, "POST", "/register", &ada());
    let body: Value = response.json();
    let id = body["entity"]["_id"].as_str().unwrap().to_owned();
    assert!(id.len() == 24 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
    assert_eq!(
        response.text(),
        format!(
            r#"{{"success":true,"entity":{{"_id":"{id}","accountName":"ada","displayName":"Ada","email":"ada@mail.example","cellphone":"1","appKey":"diary"}}}}"#
        )
    );
    let users = host.app_users("diary");
    assert_eq!((users.len(), users[0].account.as_str(), users[0].name.as_str()), (1, "ada", "Ada"));
    assert_eq!((users[0].email.as_deref(), users[0].cellphone.as_deref()), (Some("ada@mail.example"), Some("1")));
    assert_ne!(users[0].id, id);
}

/// What the two clients of 2015 send.
#[test]
fn a_form_is_as_good_as_json() {
    let host = host();
    let sample = "accountName=a%40b.c&password=p+w&displayName=%E5%BC%A0%E4%B8%89&email=a%40b.c";
    let entity: Value = form(&host, "POST", "/register", sample).json();
    assert_eq!(entity["entity"]["displayName"], "张三");
    assert_eq!((&entity["entity"]["email"], &entity["entity"]["cellphone"]), (&json!("a@b.c"), &json!("")));
    assert_eq!(try_login(&host, "a@b.c", "p w").status, 200);
    let diary =
        "email=d%40b.c&password=5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8&accountName=d%40b.c&displayName=d%40b.c&remember=true";
    assert_eq!(form(&host, "POST", "/register", diary).status, 200);
    assert_eq!(host.app_users("diary").len(), 2);
}

#[test]
fn what_is_not_said_is_filled_in() {
    let host = host();
    let entity: Value = send(&host, "POST", "/register", &json!({"accountName": "b", "password": "p", "email": null})).json();
    assert_eq!((&entity["entity"]["displayName"], &entity["entity"]["email"]), (&json!("b"), &json!("")));
}

#[test]
fn a_name_is_taken_once_in_each_app() {
    let host = host();
    registered(&host);
    let again = send(&host, "POST", "/register", &ada());
    assert_eq!(refused(&again), is(409, "user.alreadyExist"));
    let other = host.clone().app("shop");
    other.subscribe().unwrap();
    assert_eq!(send(&other, "POST", "/register", &ada()).status, 200);
    // Byte for byte.
    let mut upper = ada();
    upper["accountName"] = json!("Ada");
    assert_eq!(send(&host, "POST", "/register", &upper).status, 200);
}

/// Both looked, and both found nobody: the store decides.
#[test]
fn of_two_at_once_one_gets_the_name() {
    let host = host();
    let account = |id: &str| Account {
        id: id.to_owned(),
        user_id: "u".to_owned(),
        name: "ada".to_owned(),
        display_name: String::new(),
        email: String::new(),
        cellphone: String::new(),
        password: Password::nobodys(),
        reset: None,
    };
    host.run(|| {
        let accounts = Accounts::open().unwrap();
        assert!(accounts.add(&account("1")).unwrap());
        assert!(!accounts.add(&account("2")).unwrap());
        assert_eq!(accounts.get("ada").unwrap().unwrap().id, "1");
    });
}

#[test]
fn what_stops_half_way_is_begun_again() {
    let host = host();
    host.platform_down();
    assert_eq!(refused(&send(&host, "POST", "/register", &ada())), is(502, "ocean.saveUserInfoFailed"));
    host.platform_refuses("backService.doNotHaveRight");
    assert_eq!(refused(&send(&host, "POST", "/register", &ada())), is(502, "ocean.saveUserInfoFailed"));
    host.platform_up();
    // The platform has the user, but the store does not take the account.
    let host = host.kv_quota(10);
    assert_eq!(refused(&send(&host, "POST", "/register", &ada())), is(500, "common.database"));
    let made = host.app_users("diary");
    assert_eq!(made.len(), 1);
    let host = host.kv_quota(1 << 20);
    // Nobody's account yet.
    assert_eq!(refused(&try_login(&host, "ada", "s3cret")), is(401, "user.accountOrPasswordNotRight"));
    // What is said the second time is what counts, there too.
    let mut again = ada();
    again["displayName"] = json!("Countess");
    assert_eq!(send(&host, "POST", "/register", &again).status, 200);
    let users = host.app_users("diary");
    assert_eq!((users.len(), &users[0].id, users[0].name.as_str()), (1, &made[0].id, "Countess"));
    assert_eq!(try_login(&host, "ada", "s3cret").status, 200);
    assert_eq!(host.issued_tokens()[0].user_id, made[0].id);
}

#[test]
fn an_app_whose_id_nobody_knows_is_told_so() {
    let stranger = host().app("stranger");
    assert_eq!(refused(&send(&stranger, "POST", "/register", &ada())), is(403, "app.notSubscribedApp"));
    let gone = host();
    gone.cancel().unwrap();
    let mut caller = Caller::anonymous();
    caller.app = Some(App { key: "diary".into(), id: None });
    assert_eq!(
        refused(&send(&gone.clone().caller(caller.clone()), "POST", "/register", &ada())),
        is(403, "app.notSubscribedApp")
    );
    // Where the caller does not carry the id, the subscription knows it.
    let host = host();
    assert_eq!(send(&host.clone().caller(caller), "POST", "/register", &ada()).status, 200);
    assert_eq!(host.app_users("diary").len(), 1);
}
