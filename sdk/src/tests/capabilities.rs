//! Settings, secrets, the log, and requests to other servers.

use std::time::Duration;

use crate::prelude::*;
use crate::testing::TestHost;
use crate::{http::Incoming, log::Level};

#[derive(Deserialize)]
struct Settings {
    greeting: String,
    limit: u8,
}

fn host() -> TestHost {
    TestHost::new(&[])
}

fn code<T>(result: Result<T>) -> String {
    result.err().map_or_else(|| "no error".to_owned(), |error| error.code().to_owned())
}

#[test]
fn settings_fit_a_type_or_say_why_not() {
    let host = host().setting("greeting", "Hello").setting("limit", 7);
    let settings: Settings = host.run(settings).unwrap();
    assert_eq!((settings.greeting.as_str(), settings.limit), ("Hello", 7));
    let error = host.setting("limit", 300).run(crate::settings::<Settings>).err().unwrap();
    assert_eq!(error.code(), "plugin.settings");
    assert!(error.message().contains("invalid value: integer `300`, expected u8"), "{error}");
}

#[test]
fn a_secret_is_given_and_never_shown() {
    host().secret("token", "s3cret").run(|| {
        let secret = secrets::get("token").unwrap();
        assert_eq!((secret.text().unwrap(), secret.bytes()), ("s3cret", &b"s3cret"[..]));
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        assert_eq!(code(secrets::get("other")), "secrets.denied");
    });
}

fn unread() -> String {
    panic!("text that nobody reads is not made")
}

#[test]
fn lines_are_written_at_their_level_with_their_fields() {
    let host = host().log_level(Level::Info);
    host.run(|| {
        let id = 7;
        trace!("not read");
        debug!("{}", unread());
        info!("saved {id}");
        warn!(item = id, user = "ada"; "slow: {} ms", 20);
        error!("broken",);
        assert!(log::enabled(Level::Warn) && !log::enabled(Level::Debug));
    });
    let lines = host.log();
    let texts: Vec<_> = lines.iter().map(|line| (line.level, line.message.as_str())).collect();
    assert_eq!(texts, [(Level::Info, "saved 7"), (Level::Warn, "slow: 20 ms"), (Level::Error, "broken")]);
    assert_eq!(lines[1].fields, [("item".to_owned(), "7".to_owned()), ("user".to_owned(), "ada".to_owned())]);
    // Without a host nobody reads, and nobody is disturbed.
    info!("into the air");
}

#[test]
fn another_server_answers_as_the_test_says() {
    let host = host()
        .http("https://rates.example/v1/", |request| {
            assert_eq!((request.method.as_str(), request.headers.get("x-key")), ("PUT", Some("k")));
            assert_eq!(request.timeout, Some(Duration::from_secs(1)));
            Response::new(201).header("X-Seen", &request.body).json(&[1.5])
        })
        .http("https://rates.example/", |_| Ok(Response::new(500)))
        .http("https://slow.example/", |_| Err(Error::failure("http-out.timeout", "too slow")));
    host.run(|| {
        let request = http::request("PUT", "https://rates.example/v1/eur").header("X-Key", "k").timeout(Duration::from_secs(1));
        let response = request.json(&7).unwrap().send().and_then(Incoming::success).unwrap();
        assert_eq!((response.status(), response.header("x-seen").as_deref(), response.headers().len()), (201, Some("7"), 2));
        assert_eq!(response.json::<Vec<f64>>().unwrap(), [1.5]);

        let response = http::get("https://rates.example/other").unwrap();
        assert_eq!(response.success().unwrap_err().to_string(), "http-out.status: the other server answered 500");
        assert_eq!(code(http::post("https://slow.example/", "x")), "http-out.timeout");
        assert_eq!(code(http::get("https://else.example/")), "http-out.denied");
        assert_eq!(code(http::get("rates.example")), "http-out.invalid");
    });
}

#[test]
fn the_other_servers_body_has_a_limit() {
    host().http("http://big/", |_| Ok(Response::new(200).body(vec![b'x'; 100]))).run(|| {
        assert_eq!(http::get("http://big/").unwrap().into_bytes(100).unwrap().len(), 100);
        assert_eq!(code(http::get("http://big/").unwrap().into_bytes(99)), "http-out.too-large");
        let mut body = http::get("http://big/").unwrap().into_body();
        assert_eq!(body.read(60).unwrap().unwrap().len(), 60);
        assert_eq!(body.length(), Some(40));
    });
}
