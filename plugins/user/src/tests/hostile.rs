//! What nobody should send.

use proptest::prelude::*;

use super::*;

const PATHS: [(&str, &str); 6] = [
    ("POST", "/register"),
    ("POST", "/login"),
    ("POST", "/forget_password"),
    ("PUT", "/reset_password"),
    ("PUT", "/update"),
    ("PUT", "/update_password"),
];

#[test]
fn a_body_that_cannot_be_read_is_refused_in_the_services_words() {
    let host = host();
    let ada = as_user(&host, &registered(&host));
    let bodies: [(&str, &[u8]); 7] = [
        ("application/json", b"{"),
        ("application/json", b"[]"),
        ("application/json", br#"{"accountName":"a","accountName":"b"}"#),
        ("application/json", b"\xff"),
        (FORM, b"accountName=a&accountName=b"),
        (FORM, b"a[1][2][3][4][5][6]=1"),
        ("multipart/form-data; boundary=x", b"--x--"),
    ];
    for (method, path) in PATHS {
        for (content_type, body) in bodies {
            let response = ada.request(method, path).header("Content-Type", content_type).body(body).send();
            assert_eq!(refused(&response), is(400, "wharf.badRequest"), "{path} {}", String::from_utf8_lossy(body));
        }
        // In a host the route's own limit comes before this one.
        let long = ada.request(method, path).header("Content-Type", FORM).body(vec![b'a'; (1 << 20) + 1]).send();
        assert_eq!(refused(&long), is(400, "wharf.badRequest"), "{path}");
    }
}

#[test]
fn texts_have_their_lengths() {
    let host = host();
    let register = |field: &str, length: usize| {
        let mut body = ada();
        body["accountName"] = json!(format!("{field}{length}"));
        body[field] = json!("é".repeat(length / 2));
        send(&host, "POST", "/register", &body).status
    };
    for (field, most) in [("accountName", 256), ("displayName", 256), ("email", 256), ("cellphone", 256), ("password", 1024)] {
        assert_eq!((register(field, most), register(field, most + 2)), (200, 400), "{field}");
    }
    for field in ["accountName", "password"] {
        let mut body = ada();
        body[field] = json!("");
        assert_eq!(refused(&send(&host, "POST", "/register", &body)), is(400, "wharf.badRequest"));
        assert_eq!(refused(&send(&host, "POST", "/login", &body)), is(400, "wharf.badRequest"));
        body[field] = json!(7);
        assert_eq!(refused(&send(&host, "POST", "/register", &body)), is(400, "wharf.badRequest"));
    }
}

/// Clients put `errorMessage` into their pages as HTML.
#[test]
fn no_answer_repeats_what_was_sent() {
    let host = host();
    let ada = as_user(&host, &registered(&host));
    let evil = "<img src=x onerror=alert(1)>";
    for (method, path) in PATHS {
        for field in ["accountName", "password", "email", "resetToken", "newPassword", "oldPassword", "accountEmail", evil] {
            for body in [json!({field: evil}), json!({field: {evil: 1}}), json!({field: [evil]})] {
                for host in [&host, &ada] {
                    let response = host.request(method, path).json(&body).send();
                    let text = response.text();
                    assert!(
                        response.status == 200 && text.starts_with(r#"{"success":true"#) || !text.contains("img"),
                        "{path} {text}"
                    );
                }
            }
        }
    }
}

#[test]
fn clients_of_2015_hear_every_refusal() {
    let host = host().setting("error-status", 200);
    registered(&host);
    let refusals = [
        send(&host, "POST", "/register", &ada()),
        try_login(&host, "ada", "wrong"),
        send(&host, "PUT", "/update", &json!({})),
        send(&host, "POST", "/login", &json!([])),
        send(&host, "PUT", "/reset_password", &json!({"resetToken": "0", "newPassword": "x"})),
    ];
    for response in refusals {
        assert_eq!(refused(&response).0, 200);
        assert!(response.json::<Value>()["err"]["errorMessage"].as_str().is_some_and(|text| !text.is_empty()));
    }
}

/// Names that would lead to one another's rows if they stood in keys as something else.
#[test]
fn a_name_is_only_a_name() {
    let host = host();
    let names =
        ["ada", "ada/", "/ada", "../ada", "ada\u{301}", "=ada", "?00", "account/ada", "user/ada", "ａｄａ", "ada ", "{token}"];
    for (n, name) in names.iter().enumerate() {
        let body = json!({"accountName": name, "password": format!("p{n}"), "email": "same@mail.example"});
        assert_eq!(send(&host, "POST", "/register", &body).status, 200, "{name:?}");
    }
    for (n, name) in names.iter().enumerate() {
        assert_eq!(try_login(&host, name, &format!("p{n}")).status, 200, "{name:?}");
    }
}

/// The platform takes no such names either; what it refuses would be no answer for a client.
#[test]
fn what_cannot_be_shown_on_a_line_is_refused() {
    let host = host();
    let own = as_user(&host, &registered(&host));
    for bad in ["a\0", "a\nb", "a\u{202e}b", "\u{feff}"] {
        for field in ["accountName", "displayName", "email", "cellphone"] {
            let mut body = json!({"accountName": "eve", "password": "p"});
            body[field] = json!(bad);
            assert_eq!(refused(&send(&host, "POST", "/register", &body)), is(400, "wharf.badRequest"), "{field} {bad:?}");
        }
        assert_eq!(refused(&send(&own, "PUT", "/update", &json!({"displayName": bad}))), is(400, "wharf.badRequest"));
    }
    assert_eq!(
        refused(&send(&host, "POST", "/register", &json!({"accountName": " ", "password": "p"}))),
        is(400, "wharf.badRequest")
    );
    assert_eq!(host.app_users("diary").len(), 1);
}

/// The address of an account is chosen by its owner, and not to be trusted with a letter's head. Whoever asks hears nothing of it.
#[test]
fn an_address_that_is_none_gets_no_letter() {
    let host = host();
    let body = json!({"accountName": "eve", "password": "p", "email": "eve@mail.example, all@mail.example"});
    assert_eq!(send(&host, "POST", "/register", &body).status, 200);
    assert_eq!(send(&host, "POST", "/forget_password", &json!({"accountName": "eve"})).text(), r#"{"success":true}"#);
    assert!(host.outbox().is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Whatever two accounts are called and say of themselves, neither is found by what belongs to the other.
    #[test]
    fn accounts_keep_apart(names in prop::collection::hash_set("\\PC{1,40}", 2), emails in prop::collection::vec("\\PC{0,20}", 2)) {
        let host = host();
        let accounts: Vec<Account> = names.iter().zip(&emails).enumerate().map(|(n, (name, email))| Account {
            id: n.to_string(),
            user_id: format!("u{n}"),
            name: name.clone(),
            display_name: String::new(),
            email: email.clone(),
            cellphone: String::new(),
            password: Password::nobodys(),
            reset: None,
        }).collect();
        host.run(|| {
            let store = Accounts::open().unwrap();
            for account in &accounts {
                assert!(store.add(account).unwrap());
            }
            for account in &accounts {
                assert_eq!(store.get(&account.name).unwrap().as_ref(), Some(account));
                assert_eq!(store.of_user(&account.user_id).unwrap().as_ref(), Some(account));
                let same = store.of_email(&account.email).unwrap();
                assert!(account.email.is_empty() || same.contains(account));
                assert!(same.iter().all(|one| one.email.to_lowercase() == account.email.to_lowercase()));
            }
        });
    }

    #[test]
    fn arbitrary_bodies_are_answered(body in prop::collection::vec(any::<u8>(), 0..64), path in 2_usize..6, json in any::<bool>()) {
        let (method, path) = PATHS[path];
        let content_type = if json { "application/json" } else { FORM };
        let response = host().request(method, path).header("Content-Type", content_type).body(body).send();
        prop_assert!(response.failure().is_none() && response.status < 500, "{:?}", response);
    }
}
