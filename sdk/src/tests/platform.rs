//! Users of apps, names of apps, mail and the time.

use std::time::Duration;

use crate::app_users::{Changes, NewUser};
use crate::mail::Letter;
use crate::prelude::*;
use crate::testing::TestHost;

fn host() -> TestHost {
    let host = TestHost::new(&[]).app("shop").at(1000);
    host.subscribe().unwrap();
    host
}

fn app_id(host: &TestHost) -> String {
    host.run(|| subscriptions::get("shop")).unwrap().unwrap().app.id.unwrap()
}

fn ada() -> NewUser {
    NewUser { account: "ada".into(), name: "Ada".into(), email: Some("a@b".into()), cellphone: None }
}

fn letter() -> Letter {
    Letter { to: "ada@shop.example".into(), kind: "hello".into(), subject: "Hello".into(), text: "Hi".into(), link: None }
}

fn code<T>(result: Result<T>) -> String {
    result.err().map_or_else(|| "no error".to_owned(), |error| error.code().to_owned())
}

#[test]
fn the_same_account_is_the_same_user() {
    let host = host();
    let app = app_id(&host);
    host.run(|| {
        let made = app_users::create(&app, &ada()).unwrap();
        assert_eq!((made.account.as_str(), made.name.as_str(), made.email.as_deref()), ("ada", "Ada", Some("a@b")));
        let again = app_users::create(&app, &NewUser { name: "Other".into(), ..ada() }).unwrap();
        assert_eq!(again, made);
        let changes = Changes { name: "Countess".into(), email: None, cellphone: Some(String::new()) };
        let changed = app_users::update(&app, &made.id, &changes).unwrap();
        assert_eq!((changed.name.as_str(), changed.email.as_deref()), ("Countess", Some("a@b")));
        assert_eq!(changed.cellphone.as_deref(), Some(""));
    });
    assert_eq!(host.app_users("shop").len(), 1);
    host.forget_app_user("ada");
    assert!(host.app_users("shop").is_empty());
}

#[test]
fn what_cannot_be_shown_is_no_name_for_the_platform() {
    let host = host();
    let app = app_id(&host);
    host.run(|| {
        for user in [
            NewUser { account: "ada\0".into(), ..ada() },
            NewUser { account: "  ".into(), ..ada() },
            NewUser { name: "Ada\u{202e}".into(), ..ada() },
            NewUser { email: Some("a@b\r\nBcc: c@d".into()), ..ada() },
        ] {
            assert_eq!(code(app_users::create(&app, &user)), "app-users.refused");
        }
        let made = app_users::create(&app, &ada()).unwrap();
        let changes = Changes { name: "a\nb".into(), email: None, cellphone: None };
        assert_eq!(code(app_users::update(&app, &made.id, &changes)), "app-users.refused");
    });
}

#[test]
fn a_token_is_new_each_time_and_never_shown() {
    let host = host();
    let app = app_id(&host);
    host.run(|| {
        let ada = app_users::create(&app, &ada()).unwrap();
        let token = app_users::access_token(&app, &ada.id, false).unwrap();
        assert_eq!((token.code.len(), token.expires_ms), (40, Some(1000 + 86_400_000)));
        assert!(!format!("{token:?}").contains(&token.code));
        let remembered = app_users::access_token(&app, &ada.id, true).unwrap();
        assert_eq!(remembered.expires_ms, Some(1000 + 30 * 86_400_000));
        assert_ne!(remembered.code, token.code);
        assert_eq!(code(app_users::access_token(&app, "55b891fb4df03bab3307c101", false)), "app-users.refused");
        // What cannot be an id, or an account, is not asked for.
        assert_eq!(code(app_users::access_token(&app, "nobody", false)), "app-users.invalid");
        assert_eq!(code(app_users::create("shop", &NewUser::default())), "app-users.invalid");
        assert_eq!(code(app_users::create(&app, &NewUser::default())), "app-users.invalid");
        let long = NewUser { name: "n".repeat(1025), ..NewUser { account: "a".into(), ..NewUser::default() } };
        assert_eq!(code(app_users::create(&app, &long)), "app-users.invalid");
    });
    assert_eq!(host.issued_tokens().len(), 2);
}

#[test]
fn the_platform_may_refuse_be_down_or_not_be_granted() {
    let host = host();
    let app = app_id(&host);
    let create = |app: &str| host.run(|| app_users::create(app, &ada()).map(drop));
    let stranger = create("55b88eef4df03bab3307c0ff").unwrap_err();
    assert_eq!(stranger.code(), "app-users.refused");
    assert!(stranger.message().starts_with("backService.noSubscribeRecordFound"), "{stranger}");
    host.platform_refuses("backService.doNotHaveRight");
    assert!(create(&app).unwrap_err().message().starts_with("backService.doNotHaveRight"));
    assert_eq!(code(host.run(|| apps::get(&app))), "apps.refused");
    host.platform_down();
    assert_eq!(code(create(&app)), "app-users.unavailable");
    host.platform_up();
    assert_eq!(code(create(&app)), "no error");
    let denied = host.clone().deny("app-users").deny("apps").deny("mail");
    assert_eq!(code(create(&app)), "app-users.denied");
    assert_eq!(code(denied.run(|| apps::get(&app))), "apps.denied");
    assert_eq!(code(denied.run(|| mail::send(&letter()))), "mail.denied");
}

#[test]
fn an_app_has_a_name_while_it_is_subscribed() {
    let host = host();
    let app = app_id(&host);
    let name = || host.run(|| apps::get(&app)).unwrap().map(|app| (app.id, app.key, app.name));
    assert_eq!(name(), Some((app.clone(), "shop".into(), "shop".into())));
    host.cancel().unwrap();
    host.purge().unwrap();
    assert_eq!(name(), None);
    assert_eq!(host.run(|| apps::get("x")).unwrap(), None);
}

#[test]
fn letters_are_kept_for_the_operator() {
    let host = host();
    host.run(|| mail::send(&letter())).unwrap();
    assert_eq!(host.outbox(), [("shop".to_owned(), letter())]);
    for wrong in [
        Letter { to: "nobody".into(), ..letter() },
        Letter { to: "a@b\r\nBcc: c@d".into(), ..letter() },
        Letter { subject: " ".into(), ..letter() },
        Letter { to: "a@b,c@d".into(), ..letter() },
        Letter { subject: "a\nb".into(), ..letter() },
        Letter { subject: "x".repeat(257), ..letter() },
        Letter { kind: "Password Reset".into(), ..letter() },
        Letter { link: Some("javascript:alert(1)".into()), ..letter() },
        Letter { text: "x".repeat((64 << 10) + 1), ..letter() },
    ] {
        assert_eq!(code(host.run(|| mail::send(&wrong))), "mail.invalid", "{wrong:?}");
    }
    assert_eq!(code(TestHost::new(&[]).run(|| mail::send(&letter()))), "mail.no-app");
    assert_eq!(code(host.outbox_limit(1).run(|| mail::send(&letter()))), "mail.full");
}

#[test]
fn time_stands_still_until_it_is_moved() {
    let host = host();
    assert_eq!(host.run(clock::now_ms), 1000);
    host.advance(Duration::from_secs(2));
    assert_eq!(host.run(clock::now_ms), 3000);
    let unset = TestHost::new(&[]);
    let now = clock::now_ms();
    assert!(unset.run(clock::now_ms) >= now);
    assert_eq!(code(subscriptions::get("shop")), "test.no-host");
}
