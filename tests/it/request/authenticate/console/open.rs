//! From the platform's link to the plugin's page.

use super::{APP_ID, BY_CODE, CODE, HOST, TOKEN, assert_private, configured, cookie, get, open, unstarted};
use crate::support::{Platform, Running, log::Line, platform::APP_KEY};

/// The acceptance scenario of consoles, to its good end.
#[test]
fn a_code_is_exchanged_once_for_a_cookie_and_goes_no_further() {
    let platform = Platform::new();
    let host = unstarted(&platform).start();
    let answer = host.get(&format!("/items/7?a=1&appAuthCode={CODE}&b=%20")).at(HOST).send();
    assert_eq!((answer.status, answer.header("location")), (303, Some("/items/7?a=1&b=%20")), "{}", answer.text());
    assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_private(&answer);
    let calls = platform.asked();
    let [call] = &calls[..] else { panic!("{calls:?}") };
    assert_eq!(call.line, format!("GET /v1.0/service/app/by_auth_code/{CODE}"));
    assert_eq!(call.token.as_deref(), Some(TOKEN));

    let set = answer.header("set-cookie").expect("a cookie is set");
    let token =
        set.strip_prefix("wharf-desk=").and_then(|rest| rest.strip_suffix("; Path=/; Max-Age=28800; HttpOnly; SameSite=Lax"));
    assert!(token.is_some_and(|token| token.len() == 64 && token.bytes().all(|byte| byte.is_ascii_hexdigit())), "{set}");
    let cookie = cookie(&answer).expect("a cookie is set");
    let page = get(&host, "/items/7?a=1&b=%20", &cookie).header("referer", format!("http://{HOST}/?appAuthCode={CODE}")).send();
    let text = page.text();
    assert_eq!(page.status, 200, "{text}");
    assert_private(&page);
    for line in
        ["line GET /items/7?a=1&amp;b=%20", "scheme Console", "app test_app 55b88eef4df03bab3307c0ff", "user None", "item 7"]
    {
        assert!(text.contains(&format!("{line}\n")), "{line} in {text}");
    }
    assert_eq!(platform.count(BY_CODE), 1);
    for text in [text, answer.text(), host.stop().text()] {
        assert!(!text.contains(CODE), "the code got further: {text}");
        assert!(!text.contains(token.expect("there is a token")), "the cookie got further: {text}");
    }
}

#[test]
fn the_other_name_of_the_parameter_and_one_of_the_operators_will_do() {
    let platform = Platform::new();
    let host = configured(&platform, "auth-code-parameter = \"ticket\"", |desk| desk).start();
    for (number, name) in ["ticket", "authCode"].into_iter().enumerate() {
        let code = format!("{number:040}");
        platform.auth_code(&code, APP_ID);
        let answer = host.get(&format!("/?{name}={code}")).at(HOST).send();
        assert_eq!((answer.status, answer.header("location")), (303, Some("/")), "{name}");
    }
    assert_eq!(host.get(&format!("/?appAuthCode={CODE}")).at(HOST).send().status, 403);
    assert_eq!(platform.count(BY_CODE), 2);
    host.stop();
}

#[test]
fn the_plain_cookie_is_said_once_for_each_console() {
    let platform = Platform::new();
    let host = unstarted(&platform).start();
    open(&host, CODE);
    let plain = |line: &Line| line.field("service") == "desk" && line.message().contains("its cookies carry a plain name");
    host.stop().expect(1, "that cookies are plain", plain);
}

/// An Ocean-Auth header has the app's key only; whoever visited the console told which app that is.
#[test]
fn a_visit_tells_the_id_of_an_app_that_comes_by_ocean_auth() {
    let platform = Platform::new();
    let host = configured(&platform, "", |desk| desk.security_key("sample_signKey")).start();
    let mint = ["ocean-auth", "mint", "--key-file", "desk.key", "--app", APP_KEY];
    let header = host.wharf(mint).ok().trim().to_owned();
    let seen = |host: &Running| host.get("/s/desk/api").header("Ocean-Auth", &header).send().text();
    let before = seen(&host);
    assert!(before.contains(&format!("scheme OceanAuth\napp {APP_KEY} -\n")), "{before}");
    open(&host, CODE);
    let known = format!("scheme OceanAuth\napp {APP_KEY} {APP_ID}\n");
    let after = seen(&host);
    assert!(after.contains(&known), "{after}");
    // It is stored.
    let host = host.stopped().serve();
    let after = seen(&host);
    assert!(after.contains(&known), "{after}");
    host.stop();
}
