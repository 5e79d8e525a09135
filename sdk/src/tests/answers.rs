//! What a handler may return.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::num::ParseIntError;
use std::time::Duration;

use crate::prelude::*;
use crate::testing::TestHost;

#[get("/json")]
fn json() -> (u16, Json<[u8; 2]>) {
    (202, Json([1, 2]))
}

#[get("/none")]
fn none() -> Option<Json<u8>> {
    None
}

#[get("/some")]
fn some() -> Result<Option<Cow<'static, str>>> {
    Ok(Some("some".into()))
}

#[get("/nothing")]
fn nothing() {}

#[get("/built")]
fn built() -> Result<Response> {
    Response::new(201).header("Location", "/built/1").header("x", "1").header("x", "2").json(&"made")
}

#[get("/invalid")]
fn invalid() -> Response {
    Response::new(200).header("x", "a\r\nset-cookie: stolen")
}

#[get("/status/{status}")]
fn status(status: u16) -> Response {
    Response::new(status)
}

#[get("/error/{which}")]
fn error(which: String) -> Result<()> {
    Err(match which.as_str() {
        "bad_request" => Error::bad_request("b"),
        "unauthorized" => Error::unauthorized("u"),
        "forbidden" => Error::forbidden("f"),
        "not_found" => Error::not_found("n"),
        "conflict" => Error::conflict("c"),
        "too_many_requests" => Error::too_many_requests("t").retry_after(Duration::from_secs(60)),
        _ => Error::status(418, "teapot", "short and \"stout\"\n"),
    })
}

#[get("/fails/{number}")]
fn fails(number: String) -> Result<String> {
    Ok(number.parse::<u8>()?.to_string())
}

/// Where the first of its two `?` stands.
const SUM: u32 = line!() + 4;

#[get("/sum/{a}/{b}")]
fn sum(a: String, b: String) -> Result<String> {
    let a: u8 = a.parse()?;
    let b: u8 = b.parse()?;
    Ok((a + b).to_string())
}

const AS_IT_IS: u32 = line!() + 3;

#[get("/as-it-is")]
fn as_it_is() -> Result<String, ParseIntError> {
    "x".parse::<u8>().map(|number| number.to_string())
}

/// JSON has no form for a map with such keys.
fn wrong() -> BTreeMap<[u8; 2], u8> {
    BTreeMap::from([([1, 2], 3)])
}

const NO_JSON: u32 = line!() + 3;

#[get("/no-json")]
fn no_json() -> (u16, Json<BTreeMap<[u8; 2], u8>>) {
    (201, Json(wrong()))
}

const NOT_KEPT: u32 = line!() + 5;

#[get("/not-kept")]
fn not_kept() -> Result<()> {
    let store = kv::store("items")?;
    store.set_json("wrong", &wrong())?;
    Ok(())
}

#[get("/shown")]
fn shown() -> Result<String> {
    let failed = sum("x".to_owned(), "1".to_owned()).unwrap_err();
    Ok(format!("{} {failed} {failed:?}", failed.message()))
}

#[get("/busy")]
fn busy() -> Result<()> {
    Err(Error::failure("mail.busy", "try later").retry_after(Duration::from_millis(1500)))
}

/// An error type of a plugin's own, with its statuses.
enum ShopError {
    SoldOut,
    Broken(ParseIntError),
}

impl From<ParseIntError> for ShopError {
    fn from(error: ParseIntError) -> Self {
        Self::Broken(error)
    }
}

impl From<ShopError> for Error {
    fn from(error: ShopError) -> Self {
        match error {
            ShopError::SoldOut => Error::conflict("sold out"),
            ShopError::Broken(error) => error.into(),
        }
    }
}

#[get("/shop/{left}")]
fn shop(left: String) -> Result<&'static str, ShopError> {
    if left.parse::<i8>()? == 0 { Err(ShopError::SoldOut) } else { Ok("sold") }
}

service!(json, none, some, nothing, built, invalid, status, error, fails, sum, as_it_is, no_json, not_kept, shown, busy, shop);

fn host() -> TestHost {
    TestHost::new(routes())
}

#[test]
fn each_type_has_its_response() {
    let response = host().get("/json");
    assert_eq!((response.status, response.text(), response.header("content-type")), (202, "[1,2]", Some("application/json")));
    assert_eq!(host().get("/none").text(), r#"{"error":{"code":"not_found","message":"there is no such thing"}}"#);
    assert_eq!(host().get("/some").text(), "some");
    let response = host().get("/nothing");
    assert_eq!((response.status, response.body.len(), response.headers.is_empty()), (204, 0, true));
    let response = host().get("/built");
    assert_eq!((response.status, response.text(), response.header("location")), (201, "\"made\"", Some("/built/1")));
    assert_eq!(response.headers.iter().filter(|(name, _)| *name == "x").count(), 2);
}

#[test]
fn an_error_that_is_an_answer_reaches_the_caller() {
    for (which, status) in [
        ("bad_request", 400),
        ("unauthorized", 401),
        ("forbidden", 403),
        ("not_found", 404),
        ("conflict", 409),
        ("too_many_requests", 429),
    ] {
        let response = host().get(&format!("/error/{which}"));
        let expected = format!(r#"{{"error":{{"code":"{which}","message":"{}"}}}}"#, &which[..1]);
        assert_eq!((response.status, response.text()), (status, expected.as_str()));
        assert!(response.failure().is_none());
    }
    let response = host().get("/error/other");
    assert_eq!((response.status, response.text()), (418, r#"{"error":{"code":"teapot","message":"short and \"stout\"\n"}}"#));
    assert_eq!(host().get("/error/too_many_requests").header("retry-after"), Some("60"));
    assert_eq!(host().get("/shop/0").status, 409);
    assert_eq!(host().get("/shop/1").text(), "sold");
}

#[test]
fn a_failure_reaches_the_log_only() {
    for path in ["/fails/x", "/shop/x"] {
        let response = host().get(path);
        let failure = response.failure().unwrap();
        assert_eq!((response.status, response.text()), (502, ""));
        let told = failure.to_string();
        assert!(told.starts_with("plugin.failed: invalid digit found in string ("), "{told}");
    }
    let response = host().get("/busy");
    assert_eq!((response.status, response.header("retry-after")), (503, Some("2")));
    assert_eq!(response.failure().unwrap().code(), "mail.busy");
}

#[test]
fn the_log_has_the_place_where_an_error_came_up_and_no_caller_has() {
    let host = host().app("sample_app");
    for (path, line) in
        [("/sum/x/1", SUM), ("/sum/1/x", SUM + 1), ("/as-it-is", AS_IT_IS), ("/no-json", NO_JSON), ("/not-kept", NOT_KEPT)]
    {
        let response = host.get(path);
        let told = response.failure().unwrap().message();
        assert!(told.ends_with(&format!(" ({}:{line})", file!())), "{path}: {told}");
        assert_eq!((response.status, response.text()), (502, ""));
    }
    let shown = host.get("/shown");
    assert!(shown.text().contains("invalid digit") && !shown.text().contains(file!()), "{}", shown.text());
}

#[test]
fn what_is_not_http_is_a_failure() {
    let response = host().get("/invalid");
    assert_eq!(response.failure().unwrap().message(), "the value of `x` is not a header value");
    assert_eq!(response.status, 502);
    assert_eq!(host().get("/status/199").status, 502);
    assert_eq!(host().get("/status/599").status, 599);
}

#[test]
fn a_cause_is_told_too() {
    #[derive(Debug)]
    struct Outer(std::fmt::Error);
    impl std::fmt::Display for Outer {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("outer")
        }
    }
    impl std::error::Error for Outer {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&self.0)
        }
    }
    let error = Error::from(Outer(std::fmt::Error));
    assert_eq!(error.message(), "outer: an error occurred when formatting an argument");
    assert_eq!(format!("{:?}", Error::not_found("x")), r#"Error { status: 404, code: "not_found", message: "x" }"#);
}
