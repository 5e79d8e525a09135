//! Ways into a console, with a platform that is made up here.

use std::{
    net::Ipv4Addr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use futures_util::future::BoxFuture;
use http::{StatusCode, header::HeaderMap};

use super::{
    exchange::{CodeApp, NoApp},
    *,
};
use crate::{
    request::{
        address,
        service::{Service, Services},
    },
    store::{DataDir, sessions::MAX_OF_APP},
};

const CODE: &str = "0efc46c1584e5d51c58a0f3317491f09f9047c55";
const OTHER_CODE: &str = "1efc46c1584e5d51c58a0f3317491f09f9047c55";
const APP_ID: &str = "55b88eef4df03bab3307c0ff";
const MINUTE: u64 = 60_000;

/// Answers as it is told, and remembers what it was asked.
#[derive(Debug)]
struct Platform {
    answer: Mutex<Result<CodeApp, NoApp>>,
    asked: Mutex<Vec<(String, String)>>,
}

impl AuthCodes for Platform {
    fn app_by_auth_code<'a>(&'a self, service: &'a str, code: &'a str) -> BoxFuture<'a, Result<CodeApp, NoApp>> {
        Box::pin(async move {
            self.asked.lock().unwrap().push((service.to_owned(), code.to_owned()));
            // So that codes that come at once are at once under way.
            tokio::task::yield_now().await;
            self.answer.lock().unwrap().clone()
        })
    }
}

struct Test {
    consoles: Consoles,
    services: Services,
    platform: Arc<Platform>,
    store: Store,
    now_ms: AtomicU64,
    _folder: tempfile::TempDir,
}

/// What a visit came to.
#[derive(Debug, PartialEq, Eq)]
enum Came {
    In(String, Option<String>),
    /// Status, where to, and the cookie that was set, without its attributes.
    Answered(u16, Option<String>, Option<String>),
    Out(Refusal),
}

fn console(key: &str) -> Service {
    Service {
        key: key.to_owned(),
        ocean_auth: None,
        error_status: StatusCode::UNAUTHORIZED,
        requests: Arc::default(),
        jwt: None,
        apps: Some(Arc::default()),
        console: Some(Console {
            host: format!("{key}.example.com"),
            cookie: Cookie::new(key, true),
            lifetime: Duration::from_mins(60),
            idle: Duration::from_mins(40),
            parameter: "appAuthCode".to_owned(),
            exchange: Exchange::default(),
        }),
        current: arc_swap::ArcSwapOption::empty(),
        without: arc_swap::ArcSwapOption::empty(),
    }
}

impl Test {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&DataDir::open(folder.path()).unwrap()).unwrap();
        let app = CodeApp { key: "a1".to_owned(), id: APP_ID.to_owned() };
        let platform = Arc::new(Platform { answer: Mutex::new(Ok(app)), asked: Mutex::default() });
        Self {
            consoles: Consoles::new(Some(store.clone()), Some(platform.clone())),
            services: Services::new(["notes", "mail"].map(|key| (console(key), Vec::new()))),
            platform,
            store,
            now_ms: AtomicU64::new(1_000_000),
            _folder: folder,
        }
    }

    fn platform_says(&self, answer: Result<&str, &str>) {
        let app = |key: &str| CodeApp { key: key.to_owned(), id: APP_ID.to_owned() };
        *self.platform.answer.lock().unwrap() = answer.map(app).map_err(|code| NoApp::Refused { code: code.to_owned() });
    }

    fn asked(&self) -> usize {
        self.platform.asked.lock().unwrap().len()
    }

    fn pass(&self, ms: u64) {
        self.now_ms.fetch_add(ms, Ordering::Relaxed);
    }

    async fn visit(&self, method: &str, url: &str, headers: &[(&str, &str)]) -> Came {
        let request = http::Request::builder().method(method).uri(format!("https://{url}"));
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let hosted = address::hosted(&self.services, &parts);
        let addressed = address::address(&self.services, hosted, &parts).unwrap();
        let visit = Visit {
            request_id: "r1",
            addressed: &addressed,
            parts: &parts,
            address: Ipv4Addr::LOCALHOST.into(),
            now_ms: self.now_ms.load(Ordering::Relaxed),
        };
        match self.consoles.enter(addressed.console().unwrap(), visit).await {
            Ok(Entered::Caller(caller)) => {
                assert_eq!((caller.scheme, caller.user, caller.scopes.len()), (Scheme::Console, None, 0));
                Came::In(caller.app.unwrap(), caller.app_id)
            }
            Ok(Entered::Answered(response)) => {
                Came::Answered(response.status().as_u16(), header(&response, "location"), cookie_of(response.headers()))
            }
            Err(refusal) => Came::Out(refusal),
        }
    }

    async fn get(&self, path: &str, cookie: &str) -> Came {
        self.visit("GET", &format!("notes.example.com{path}"), &[("cookie", cookie)]).await
    }

    /// Opens a console, and returns the pair for the header `cookie`.
    async fn opened(&self, code: &str) -> String {
        match self.get(&format!("/?appAuthCode={code}"), "").await {
            Came::Answered(303, Some(_), Some(cookie)) => cookie,
            other => panic!("{other:?}"),
        }
    }
}

fn header(response: &Response, name: &str) -> Option<String> {
    response.headers().get(name).map(|value| value.to_str().unwrap().to_owned())
}

fn cookie_of(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(SET_COOKIE)?.to_str().unwrap();
    Some(value.split(';').next().unwrap().to_owned())
}

fn entered(app: &str) -> Came {
    Came::In(app.to_owned(), Some(APP_ID.to_owned()))
}

fn out(refused: Refused) -> Came {
    Came::Out(Refusal::Console(refused))
}

#[tokio::test]
async fn a_code_becomes_a_cookie_and_the_cookie_a_caller() {
    let test = Test::new();
    let came = test.get(&format!("/items?x=1&appAuthCode={CODE}"), "").await;
    let Came::Answered(303, Some(location), Some(cookie)) = came else { panic!("{came:?}") };
    assert_eq!(location, "/items?x=1");
    assert_eq!(*test.platform.asked.lock().unwrap(), [("notes".to_owned(), CODE.to_owned())]);
    assert!(cookie.starts_with("__Host-wharf-notes=") && cookie.len() == "__Host-wharf-notes=".len() + 64, "{cookie}");
    assert_eq!(test.get("/items?x=1", &cookie).await, entered("a1"));
    assert_eq!(test.get("/items", "").await, out(Refused::NoSession("no_cookie")));

    test.pass(35 * MINUTE);
    assert_eq!(test.get("/items", &cookie).await, entered("a1"));
    test.pass(25 * MINUTE - 1);
    assert_eq!(test.get("/items", &cookie).await, entered("a1"));
    test.pass(1);
    assert_eq!(test.get("/items", &cookie).await, out(Refused::NoSession("over")));
}

#[tokio::test]
async fn a_session_that_nobody_uses_is_over_before_its_time() {
    let test = Test::new();
    let cookie = test.opened(CODE).await;
    test.pass(30 * MINUTE);
    assert_eq!(test.get("/", &cookie).await, entered("a1"));
    // Being refused is no use of it.
    test.pass(20 * MINUTE);
    assert_eq!(test.visit("POST", "notes.example.com/", &[("cookie", &cookie)]).await, out(Refused::CrossSite("no_origin")));
    test.pass(20 * MINUTE);
    assert_eq!(test.get("/", &cookie).await, out(Refused::NoSession("over")));
}

#[tokio::test]
async fn a_visit_tells_the_id_of_the_app() {
    let test = Test::new();
    let apps = test.services.by_key("notes").and_then(|service| service.apps.as_ref()).unwrap();
    assert_eq!(apps.id("a1"), None);
    test.opened(CODE).await;
    assert_eq!(apps.id("a1").as_deref(), Some(APP_ID));
    assert_eq!(test.store.app_id("a1").await.unwrap().as_deref(), Some(APP_ID));
}

#[tokio::test]
async fn a_code_is_used_once() {
    let test = Test::new();
    let cookie = test.opened(CODE).await;
    let again = format!("/a?authCode={CODE}");
    assert_eq!(test.get(&again, "").await, out(Refused::Code("used")));
    assert_eq!(test.get(&again, "__Host-wharf-notes=x").await, out(Refused::Code("used")));
    // Who reloads the page is let in, without a cookie anew.
    assert_eq!(test.get(&again, &cookie).await, Came::Answered(303, Some("/a".to_owned()), None));
    // Somebody else's session does not make it theirs.
    test.platform_says(Ok("a2"));
    let other = test.opened(OTHER_CODE).await;
    assert_eq!(test.get(&again, &other).await, out(Refused::Code("used")));
    assert_eq!(test.asked(), 2);
    // For another service it is another code.
    let came = test.visit("GET", &format!("mail.example.com/?appAuthCode={CODE}"), &[]).await;
    assert!(matches!(came, Came::Answered(303, ..)), "{came:?}");
}

#[tokio::test]
async fn of_equal_codes_that_come_at_once_one_is_shown_to_the_platform() {
    let test = Test::new();
    let path = format!("/?appAuthCode={CODE}");
    let all = futures_util::future::join_all((0..20).map(|_| test.get(&path, ""))).await;
    assert_eq!(all.iter().filter(|came| matches!(came, Came::Answered(303, ..))).count(), 1);
    assert_eq!(all.iter().filter(|came| **came == out(Refused::Code("used"))).count(), 19);
    assert_eq!(test.asked(), 1);
}

#[tokio::test]
async fn a_refusal_is_remembered_for_a_moment() {
    let test = Test::new();
    for (number, (said, why)) in [
        ("authCode.NotExist", "not_exist"),
        ("authCode.Expired", "expired"),
        ("authCode.TypeNotRight", "type_not_right"),
        ("backService.noSubscribeRecordFound", "not_subscribed"),
    ]
    .into_iter()
    .enumerate()
    {
        test.platform_says(Err(said));
        for _ in 0..3 {
            assert_eq!(test.get(&format!("/?appAuthCode={CODE}"), "").await, out(Refused::Code(why)));
            assert_eq!(test.asked(), number + 1);
        }
        test.pass(5_000);
    }
    // What failed for other reasons may be good the next time.
    test.platform_says(Err("accessToken.Expired"));
    assert_eq!(test.get(&format!("/?appAuthCode={CODE}"), "").await, out(Refused::Platform("the platform said no")));
    *test.platform.answer.lock().unwrap() = Err(NoApp::Unavailable("refused".to_owned()));
    assert_eq!(test.get(&format!("/?appAuthCode={CODE}"), "").await, out(Refused::Platform("the platform cannot be asked")));
    test.platform_says(Ok(""));
    assert_eq!(test.get(&format!("/?appAuthCode={CODE}"), "").await, out(Refused::Platform("the platform cannot be asked")));
    test.platform_says(Ok("a1"));
    test.opened(CODE).await;
}

#[tokio::test]
async fn what_is_no_code_is_shown_to_nobody() {
    let test = Test::new();
    for (query, why) in [
        ("appAuthCode=x".to_owned(), "malformed"),
        ("appAuthCode=".to_owned(), "malformed"),
        (format!("appAuthCode=..%2F{}", &CODE[5..]), "malformed"),
        (format!("appAuthCode={CODE}&authCode={OTHER_CODE}"), "two_codes"),
    ] {
        assert_eq!(test.get(&format!("/?{query}"), "").await, out(Refused::Code(why)), "{query}");
    }
    let same_origin = [("origin", "https://notes.example.com")];
    for method in ["HEAD", "POST", "OPTIONS"] {
        let came = test.visit(method, &format!("notes.example.com/?appAuthCode={CODE}"), &same_origin).await;
        assert!(matches!(came, Came::Out(Refusal::BadRequest(_))), "{method} {came:?}");
    }
    let came = test.get(&format!("//evil.example/?appAuthCode={CODE}"), "").await;
    assert!(matches!(came, Came::Out(Refusal::BadRequest(_))), "{came:?}");
    assert_eq!(test.asked(), 0);
}

#[tokio::test]
async fn an_address_may_show_only_so_many_codes() {
    let test = Test::new();
    test.platform_says(Err("authCode.NotExist"));
    let mut refused = 0;
    for number in 0..200 {
        match test.get(&format!("/?appAuthCode={number:040x}"), "").await {
            Came::Out(Refusal::CallerBudget { .. }) => refused += 1,
            came => assert_eq!(came, out(Refused::Code("not_exist"))),
        }
    }
    assert_eq!(refused + test.asked(), 200);
    assert!(refused > 0);
}

#[tokio::test]
async fn a_session_is_of_one_service_and_one_app() {
    let test = Test::new();
    let cookie = test.opened(CODE).await;
    let token = cookie.split_once('=').unwrap().1;
    let elsewhere = test.visit("GET", "mail.example.com/", &[("cookie", &format!("__Host-wharf-mail={token}"))]).await;
    assert_eq!(elsewhere, out(Refused::NoSession("other_service")));
    assert_eq!(test.visit("GET", "mail.example.com/", &[("cookie", &cookie)]).await, out(Refused::NoSession("no_cookie")));
    // The next code takes the place of what was open in the same browser.
    test.platform_says(Ok("a2"));
    let came = test.get(&format!("/?appAuthCode={OTHER_CODE}"), &cookie).await;
    let Came::Answered(303, _, Some(second)) = came else { panic!("{came:?}") };
    assert_eq!((test.get("/", &cookie).await, test.get("/", &second).await), (out(Refused::NoSession("over")), entered("a2")));
}

#[tokio::test]
async fn one_app_has_only_so_many_sessions() {
    let test = Test::new();
    let first = test.opened(CODE).await;
    for number in 0..MAX_OF_APP {
        assert_eq!(test.get("/", &first).await, entered("a1"));
        test.pass(1_000);
        // Past the budget of one address, which is another test's.
        let code = format!("{number:040x}");
        let visit = http::Request::get(format!("https://notes.example.com/?appAuthCode={code}")).body(()).unwrap();
        let (parts, ()) = visit.into_parts();
        let addressed = address::address(&test.services, address::hosted(&test.services, &parts), &parts).unwrap();
        let address = Ipv4Addr::from(0x0a00_0000 + number).into();
        let now_ms = test.now_ms.load(Ordering::Relaxed);
        let visit = Visit { request_id: "r1", addressed: &addressed, parts: &parts, address, now_ms };
        test.consoles.enter(addressed.console().unwrap(), visit).await.unwrap();
    }
    assert_eq!(test.get("/", &first).await, out(Refused::NoSession("unknown")), "it had to make room, and that holds at once");
}

#[tokio::test]
async fn logging_out_ends_the_session_and_takes_the_cookie_back() {
    let test = Test::new();
    let cookie = test.opened(CODE).await;
    let logout = "notes.example.com/.wharf/logout";
    let own = ("origin", "https://notes.example.com");
    let done = || Came::Answered(303, Some("/.wharf/logged-out".to_owned()), Some("__Host-wharf-notes=".to_owned()));
    for (method, headers) in [
        ("POST", &[("cookie", &*cookie)][..]),
        ("POST", &[("cookie", &cookie), ("origin", "https://mail.example.com")]),
        ("POST", &[("cookie", &cookie), own, ("sec-fetch-site", "same-site")]),
    ] {
        let came = test.visit(method, logout, headers).await;
        assert!(matches!(came, Came::Out(Refusal::Console(Refused::CrossSite(_)))), "{came:?}");
    }
    assert_eq!(
        test.visit("GET", logout, &[("cookie", &cookie)]).await,
        Came::Out(Refusal::NoMethod { allow: "POST".to_owned() })
    );
    assert_eq!(test.get("/", &cookie).await, entered("a1"));

    assert_eq!(test.visit("POST", logout, &[("cookie", &cookie), own]).await, done());
    assert_eq!(test.get("/", &cookie).await, out(Refused::NoSession("over")));
    // A second time, and without any session, there is nothing to end, and that is fine.
    assert_eq!(test.visit("POST", logout, &[("cookie", &cookie), own]).await, done());
    assert_eq!(test.visit("POST", logout, &[own]).await, done());
    assert_eq!(test.get("/.wharf/logged-out", "").await, Came::Answered(200, None, None));
    for path in ["/.wharf/", "/.wharf/other"] {
        assert_eq!(test.get(path, "").await, Came::Out(Refusal::NoRoute), "{path}");
    }
    // Its code stays used.
    assert_eq!(test.get(&format!("/?appAuthCode={CODE}"), "").await, out(Refused::Code("used")));
}

#[tokio::test]
async fn what_changes_things_comes_from_the_console_and_with_nothing_but_its_cookie() {
    let test = Test::new();
    let cookie = test.opened(CODE).await;
    let (cookie, own) = (("cookie", &*cookie), ("origin", "https://notes.example.com"));
    assert_eq!(test.visit("POST", "notes.example.com/", &[cookie, own]).await, entered("a1"));
    assert_eq!(test.visit("POST", "notes.example.com/", &[cookie]).await, out(Refused::CrossSite("no_origin")));
    for credential in [("authorization", "Bearer wharf_x"), ("ocean-auth", "00")] {
        assert_eq!(test.visit("GET", "notes.example.com/", &[cookie, credential]).await, out(Refused::OtherCredential));
    }
}
