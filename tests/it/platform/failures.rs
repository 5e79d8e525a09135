//! What a platform, or the network before it, does wrong.

use std::{fs, future::poll_fn, net::TcpListener, pin::pin, task::Poll};

use futures_util::future::join_all;
use serde_json::{Value, json};
use wharf::{
    message::Unresolved,
    platform::client::{PlatformError, users::NewUser},
};
use wharf_guests::INNOCENT;

use super::client::Service;
use crate::limits::Row;
use crate::support::{
    Platform, TestHost, install,
    platform::{APP_ID, Message, TOKEN, answer, error, refusal},
    server::Reply,
    wharf,
};

const MESSAGES: &str = "GET /v1.0/service/messages";
const RESOLVED: &str = "POST /v1.0/service/message/*/resolved";
const USERS: &str = "POST /v1.0/service/app/*/users";

fn user() -> NewUser {
    NewUser { account: "a".into(), name: "b".into(), email: None, cellphone: None }
}

fn impatient(platform: &Platform) -> Service {
    Service::new(&format!("{}timeout = \"300ms\"\n", platform.section()))
}

/// Why the platform is said to be unavailable.
#[track_caller]
fn unavailable<T: std::fmt::Debug>(result: Result<T, PlatformError>) -> String {
    match result {
        Err(PlatformError::Unavailable(why)) => {
            assert!(!why.contains(TOKEN), "{why}");
            why
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_token_that_is_no_good_is_told_apart() {
    let platform = Platform::new();
    let service = Service::of(&platform);
    let client = service.client();
    platform.expire(TOKEN);
    let token = |code: &str| Err(PlatformError::Token { code: code.to_owned() });
    assert_eq!(service.wait(client.messages()).map(drop), token("accessToken.Expired"));
    fs::write(service.path().join("token"), "unknown").expect("a token can be written");
    assert_eq!(service.wait(client.messages()).map(drop), token("accessToken.NotExist"));
    for status in [200, 401, 500] {
        platform.on(MESSAGES).once(answer(status, &refusal("accessToken.TypeNotRight")));
        assert_eq!(service.wait(client.messages()).map(drop), token("accessToken.TypeNotRight"));
    }
    assert_eq!(service.wait(client.resolve(&Message::subscribe().id)).map(drop), token("accessToken.NotExist"));
    assert_eq!((platform.count("*"), service.counted("messages", "token")), (6, 5), "none is repeated");
}

#[test]
fn a_no_is_a_no_and_its_own_trouble_is_not() {
    let platform = Platform::new();
    let service = Service::of(&platform);
    let client = service.client();
    for status in [200, 403, 404] {
        platform.on(USERS).once(answer(status, &refusal("backService.doNotHaveRight")));
        let refused = PlatformError::Refused {
            code: "backService.doNotHaveRight".into(),
            message: "it is backService.doNotHaveRight".into(),
        };
        assert_eq!(service.wait(client.create_app_user(APP_ID, &user())), Err(refused));
    }
    // A path that is not there is a mistake in the configuration, and not a message that is not there.
    platform.on("GET /v1.0/service/message/*").once(error("common.404"));
    let wrong = service.wait(client.message(&Message::subscribe().id));
    assert!(matches!(&wrong, Err(PlatformError::Refused { code, .. }) if code == "common.404"), "{wrong:?}");
    platform.on(MESSAGES).once(error("common.systemError"));
    assert_eq!(unavailable(service.wait(client.messages())), "it answered common.systemError: it is common.systemError");
    assert_eq!(platform.count("*"), 5, "none is repeated");
}

#[test]
fn the_token_is_not_repeated_to_anybody() {
    let platform = Platform::new();
    let said = json!({"success": false, "err": {"errCode": "app.doNotHaveRight", "errorMessage": format!("{TOKEN} may not")}});
    platform.on(MESSAGES).once(answer(200, &said));
    let service = Service::of(&platform);
    let refused = service.wait(service.client().messages()).expect_err("it is refused");
    assert_eq!(refused, PlatformError::Refused { code: "app.doNotHaveRight".into(), message: "… may not".into() });
    assert!(!format!("{:?}", service.client()).contains(TOKEN));
}

#[test]
fn what_is_not_the_platforms_answer_is_nobodys() {
    let platform = Platform::new();
    let service = Service::of(&platform);
    let client = service.client();
    let page = Reply::new("200 OK\r\ncontent-type: text/html", "<html>Sign in to the network</html>");
    let huge = answer(200, &json!({"success": true, "entity": {"name": "x".repeat(300 << 10)}}));
    let other = json!({"success": true, "entity": {"_id": "55b89ba34df03bab3307c1ff", "type": "t", "content": "{}"}});
    let nothing = |value: &Value| answer(200, value);
    for (reply, why) in [
        (page, "its answer with status 200 is not one of the platform's"),
        (Reply::new("204 No Content", ""), "its answer with status 204 is not one of the platform's"),
        (Reply::new("404 Not Found", "nothing here"), "its answer with status 404 is not one of the platform's"),
        (huge, "its answer with status 200 is longer than any there is"),
        (nothing(&json!({"success": true})), "its answer makes no sense: it has no entity"),
        (nothing(&json!({"success": true, "entity": []})), "its answer makes no sense: it has no entity"),
        (nothing(&other), "its answer makes no sense: it is about another message"),
        (nothing(&json!({"success": 1})), "its answer with status 200 is not one of the platform's"),
    ] {
        platform.on("GET /v1.0/service/message/*").once(reply);
        assert_eq!(unavailable(service.wait(client.message(&Message::subscribe().id))), why);
    }
    assert_eq!(platform.count("*"), 8, "none is repeated");
    platform.on("*").always(nothing(&json!({"success": true, "entity": {"name": "no id, no key, no code"}})));
    unavailable(service.wait(client.app(APP_ID)));
    unavailable(service.wait(client.app_by_auth_code("code")));
    unavailable(service.wait(client.create_app_user(APP_ID, &user())));
    unavailable(service.wait(client.app_user_access_token(APP_ID, APP_ID, false)));
}

#[test]
fn a_redirect_is_not_followed() {
    let (platform, elsewhere) = (Platform::new(), Platform::new());
    for status in [301, 302, 303, 307, 308] {
        let head = format!("{status} Moved\r\nlocation: {}", elsewhere.url("/v1.0/service/messages"));
        platform.on(MESSAGES).once(Reply::new(&head, r#"{"success":true,"entities":[]}"#));
        let service = Service::of(&platform);
        let why = unavailable(service.wait(service.client().messages()));
        assert_eq!(why, format!("it answered {status}; redirects are not followed"));
    }
    assert_eq!((platform.count("*"), elsewhere.count("*")), (5, 0));
}

#[test]
fn a_platform_that_does_not_answer_is_given_up() {
    let platform = Platform::new();
    let service = impatient(&platform);
    platform.on("*").always(Reply::Never);
    assert_eq!(unavailable(service.wait(service.client().messages())), "it did not answer within 300ms");
    // Nor one that begins to.
    platform.as_ever();
    platform.on("*").always(Reply::new("200 OK\r\ncontent-length: 1000\r\nx-then: silence", r#"{"success":true"#));
    let why = unavailable(service.wait(service.client().app_by_auth_code("code")));
    assert!(why.starts_with("it did not answer") || why.starts_with("its answer broke off"), "{why}");
    assert_eq!(service.counted("messages", "unavailable"), 1);
}

/// So many calls at once, and one whose caller left counts no more.
pub(crate) fn over_its_calls(row: &Row) {
    const APP: &str = "GET /v1.0/service/app/*";
    assert!(row.sees().contains("`apps.unavailable`"), "{row:?}");
    let [most] = row.numbers();
    let platform = Platform::new();
    let _gate = platform.on(APP).hold();
    let service = Service::of(&platform);
    let client = service.client();
    service.wait(async {
        let mut all = pin!(join_all((0..most).map(|_| client.app(APP_ID))));
        let mut one_more = Box::pin(client.app(APP_ID));
        assert!(poll_fn(|cx| Poll::Ready(all.as_mut().poll(cx).is_pending())).await);
        platform.wait_for(most, APP);
        assert!(poll_fn(|cx| Poll::Ready(one_more.as_mut().poll(cx).is_pending())).await);
        drop(one_more);
    });
    assert_eq!(service.wait(client.messages()), Ok(Unresolved::default()));
    assert_eq!((service.counted("messages", "ok"), platform.count(APP)), (1, most));
}

#[test]
fn what_reads_is_repeated_where_the_network_fails() {
    let platform = Platform::new();
    platform.message(Message::subscribe());
    let id = Message::subscribe().id;
    let service = Service::of(&platform);
    let client = service.client();
    let page = |head: &str| Reply::new(head, "<html>");
    for trouble in [Reply::Cut, page("502 Bad Gateway"), page("503 Service Unavailable"), page("504 Gateway Timeout")] {
        platform.on(MESSAGES).times(2, trouble.clone());
        assert_eq!(service.wait(client.messages()).expect("the third is answered").messages.len(), 1);
        platform.on(RESOLVED).times(2, trouble.clone());
        service.wait(client.resolve(&id)).expect("the third is answered");
        // Not for ever.
        platform.on("GET /v1.0/service/message/*").times(3, trouble);
        unavailable(service.wait(client.message(&id)));
        service.wait(client.messages()).expect("there is a list");
        platform.forget_resolved();
    }
}

#[test]
fn what_makes_something_is_not_repeated() {
    let platform = Platform::new();
    let service = Service::of(&platform);
    let client = service.client();
    for (made, trouble) in
        [Reply::Cut, Reply::new("503 Service Unavailable", ""), Reply::new("200 OK", "")].into_iter().enumerate()
    {
        platform.on(USERS).once(trouble);
        unavailable(service.wait(client.create_app_user(APP_ID, &user())));
        assert_eq!(platform.count(USERS), made + 1);
    }
    service.wait(client.create_app_user(APP_ID, &user())).expect("it is answered when it is made again");
}

#[test]
fn an_auth_code_is_shown_once_whatever_becomes_of_it() {
    const BY_CODE: &str = "GET /v1.0/service/app/by_auth_code/*";
    const CODE: &str = "0efc46c1584e5d51c58a0f3317491f09f9047c55";
    let platform = Platform::new();
    platform.auth_code(CODE, APP_ID);
    let service = Service::of(&platform);
    let client = service.client();
    for (shown, trouble) in
        [Reply::Cut, Reply::new("503 Service Unavailable", ""), Reply::new("200 OK", "")].into_iter().enumerate()
    {
        platform.on(BY_CODE).once(trouble);
        unavailable(service.wait(client.app_by_auth_code(CODE)));
        assert_eq!(platform.count(BY_CODE), shown + 1);
    }
    // Who shows it again has decided to.
    assert_eq!(service.wait(client.app_by_auth_code(CODE)).expect("it is answered").id, APP_ID);
}

#[test]
fn a_platform_that_is_not_there_is_unavailable() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let address = listener.local_addr().expect("a listener has an address");
    drop(listener);
    let service = Service::new(&format!("[platform]\nmode = \"remote\"\napi-base = \"http://{address}\"\n"));
    let why = unavailable(service.wait(service.client().messages()));
    assert!(why.contains("refused"), "{why}");
}

#[test]
fn without_tls_only_this_machine_is_spoken_to() {
    let host = TestHost::new();
    let file = host.write();
    for base in ["http://api.example.com", "http://10.1.2.3", "http://[fd00::1]", "ftp://127.0.0.1"] {
        fs::write(&file, format!("[platform]\nmode = \"remote\"\napi-base = \"{base}\"\n")).expect("it can be written");
        wharf(["check"]).within(host.path()).run().refused("WH1004", "platform.api-base");
    }
    // Where TLS is wanted and nobody speaks it, nothing is said.
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let address = listener.local_addr().expect("a listener has an address");
    let heard = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("somebody comes");
        let mut heard = vec![0; 1 << 10];
        let read = std::io::Read::read(&mut stream, &mut heard).expect("something is said");
        heard.truncate(read);
        heard
    });
    let service = Service::new(&format!("[platform]\nmode = \"remote\"\napi-base = \"https://{address}\"\ntimeout = \"5s\"\n"));
    unavailable(service.wait(service.client().create_app_user(APP_ID, &user())));
    let heard = heard.join().expect("the listener ends");
    assert_eq!(heard.first(), Some(&0x16), "a TLS handshake begins");
    assert!(!heard.windows(TOKEN.len()).any(|window| window == TOKEN.as_bytes()));
}

#[test]
fn a_host_does_not_start_without_the_token_it_was_told_to_show() {
    let platform = Platform::new();
    let host = TestHost::new();
    let file = host.write();
    install(host.path(), &INNOCENT).ok();
    let token = host.path().join("token");
    let text = format!(
        "data-dir = \"data\"\n{}[services.innocent]\nplugin = \"test/innocent\"\naccess-token = {{ file = \"token\" }}\n",
        platform.section()
    );
    fs::write(&file, text).expect("it can be written");
    let check = || wharf(["check"]).within(host.path()).run();
    check().refused("WH1006", "services.innocent.access-token");
    fs::write(&token, "two\nlines\n").expect("a token can be written");
    check().refused("WH1006", "services.innocent.access-token");
    fs::write(&token, "one line\n").expect("a token can be written");
    check().ok();
    assert_eq!(platform.count("*"), 0);
}
