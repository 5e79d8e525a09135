//! What a handler may take.

use std::time::Duration;

use crate::prelude::*;
use crate::testing::{TestHost, TestResponse};

#[derive(Deserialize, Serialize, Debug)]
struct Search {
    text: String,
    #[serde(default)]
    tag: Vec<String>,
    page: Option<u32>,
    exact: bool,
}

#[get("/caller")]
fn whoami(caller: Caller) -> Result<String> {
    Ok(format!("{} {} {}", caller.app()?.key, caller.user()?.id, caller.has_scope("read")))
}

#[get("/search")]
fn search(Query(search): Query<Search>) -> Json<Search> {
    Json(search)
}

#[get("/maybe")]
fn maybe(query: Option<Query<Search>>) -> String {
    query.map_or_else(|| "no query".to_owned(), |Query(search)| search.text)
}

#[post("/form")]
fn form(Form(search): Form<Search>) -> Json<Search> {
    Json(search)
}

#[post("/json")]
fn json(Json(search): Json<Search>) -> String {
    search.text
}

#[post("/maybe")]
fn maybe_json(search: Option<Json<Search>>) -> String {
    search.map_or_else(|| "no body".to_owned(), |Json(search)| search.text)
}

#[post("/bytes")]
fn bytes(mut body: Vec<u8>) -> Vec<u8> {
    body.reverse();
    body
}

#[post("/text")]
fn text(call: Call, headers: Headers, body: String) -> String {
    let agent = call.header("User-Agent").unwrap_or_default();
    assert_eq!(headers.get("user-agent"), call.header("user-agent").as_deref());
    format!("{agent} {} {} {body}", headers.len(), call.remaining().as_secs())
}

service!(whoami, search, maybe, form, json, maybe_json, bytes, text);

fn host() -> TestHost {
    TestHost::new(routes())
}

fn message(response: &TestResponse) -> (u16, String) {
    let error: serde_json::Value = response.json();
    (response.status, error["error"]["message"].as_str().unwrap().to_owned())
}

#[test]
fn the_caller_is_who_the_host_says() {
    assert_eq!(host().app("shop").user("ada").scope("read").get("/caller").text(), "shop ada true");
    let anonymous = host().get("/caller");
    assert_eq!((anonymous.status, message(&anonymous).1.as_str()), (403, "this needs a calling app"));
    let no_user = host().app("shop").get("/caller");
    assert_eq!((no_user.status, message(&no_user).1.as_str()), (403, "this needs a signed-in user of an app"));
    let mut caller = Caller::anonymous();
    caller.app = Some(App { key: "other".into(), id: Some("7".into()) });
    assert_eq!(host().caller(caller).user("u").get("/caller").text(), "other u false");
}

#[test]
fn a_query_and_a_form_are_flat_structs() {
    let text = "text=a+b%26c&tag=x&tag=y&page=2&exact=true&unknown=1";
    let expected = r#"{"text":"a b&c","tag":["x","y"],"page":2,"exact":true}"#;
    assert_eq!(host().get(&format!("/search?{text}")).text(), expected);
    assert_eq!(host().post("/form", text).text(), expected);
    assert_eq!(host().get("/search?text=&exact=false&page=").text(), r#"{"text":"","tag":[],"page":null,"exact":false}"#);
}

#[test]
fn what_does_not_fit_is_named() {
    for (query, expected) in [
        ("exact=true", "the query does not fit: missing field `text`"),
        ("text=a&exact=maybe", "the query does not fit: `exact`: provided string was not `true` or `false`"),
        ("text=a&exact=true&page=-1", "the query does not fit: `page`: invalid digit found in string"),
        ("text=a&text=b&exact=true", "the query does not fit: `text` is there 2 times"),
        ("text=%f&exact=true", "the query does not fit: its text is not percent-encoded UTF-8"),
    ] {
        assert_eq!(message(&host().get(&format!("/search?{query}"))), (400, expected.to_owned()));
    }
    let response = host().post("/json", "{\"text\":1}");
    let expected = "the body is not the expected JSON: invalid type: integer `1`, expected a string at line 1 column 9";
    assert_eq!(message(&response), (400, expected.to_owned()));
    assert_eq!(message(&host().post("/text", [0xff])), (400, "the body is not UTF-8".to_owned()));
}

#[test]
fn what_is_optional_may_be_missing_but_not_wrong() {
    assert_eq!(host().get("/maybe").text(), "no query");
    assert_eq!(host().get("/maybe?text=t&exact=true").text(), "t");
    assert_eq!(host().get("/maybe?text=t").status, 400);
    assert_eq!(host().post("/maybe", "").text(), "no body");
    assert_eq!(host().post("/maybe", "{").status, 400);
}

#[test]
fn a_body_comes_as_bytes_or_text() {
    assert_eq!(host().post("/bytes", "abc").body, b"cba");
    let request = host().request("POST", "/text").header("User-Agent", "test").header("authorization", "secret");
    assert_eq!(request.body("b").remaining(Duration::from_secs(3)).send().text(), "test 1 3 b");
}

#[test]
fn a_body_over_the_limit_is_refused_by_host_or_sdk() {
    let host = host().body_limit(3);
    assert_eq!(host.post("/bytes", "abcd").status, 413);
    assert_eq!(host.post("/bytes", "abc").status, 200);
    // Of unknown length, so that only reading shows it.
    let response = host.request("POST", "/bytes").reader(&b"abcd"[..]).send();
    assert_eq!(message(&response), (413, "the body is larger than the route accepts".to_owned()));
}
