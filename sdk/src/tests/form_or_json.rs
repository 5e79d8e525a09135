//! Bodies of which the client decides whether they are forms or JSON.

use serde_json::{Value, json};

use crate::prelude::*;
use crate::testing::{TestHost, TestResponse};

#[derive(Deserialize, Debug)]
#[serde(rename_all = "camelCase")]
struct Login {
    name: String,
    remember_me: Option<bool>,
    #[serde(default)]
    tries: u8,
    note: Option<String>,
    kind: Option<Kind>,
}

#[derive(Deserialize, Debug)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Plain,
}

#[post("/login")]
fn login(FormOrJson(login): FormOrJson<Login>) -> String {
    format!("{} {:?} {} {:?} {:?}", login.name, login.remember_me, login.tries, login.note, login.kind)
}

#[post("/value")]
fn value(body: Result<FormOrJson<Value>>) -> Result<Json<Value>> {
    Ok(Json(match body {
        Ok(FormOrJson(value)) => value,
        Err(error) => json!({"error": error.message(), "status": error.answer_status()}),
    }))
}

service!(login, value);

const FORM: &str = "application/x-www-form-urlencoded; charset=UTF-8";
const JSON: &str = "application/json;charset=utf-8";

fn send(path: &str, content_type: &str, body: impl Into<Vec<u8>>) -> TestResponse {
    TestHost::new(routes()).request("POST", path).header("Content-Type", content_type).body(body).send()
}

fn read(content_type: &str, body: impl Into<Vec<u8>>) -> Value {
    send("/value", content_type, body).json()
}

fn error(content_type: &str, body: impl Into<Vec<u8>>) -> String {
    let value = read(content_type, body);
    value["error"].as_str().unwrap_or_else(|| panic!("no error: {value}")).to_owned()
}

#[test]
fn both_fit_the_same_type() {
    let expected = "ada Some(true) 3 Some(\"\") Some(Plain)";
    assert_eq!(send("/login", FORM, "name=ada&rememberMe=true&tries=3&note=&kind=plain&unknown[a]=1").text(), expected);
    let body = r#"{"name":"ada","rememberMe":true,"tries":3,"note":"","kind":"plain","unknown":{"a":1}}"#;
    assert_eq!(send("/login", JSON, body).text(), expected);
    // What others write as text.
    assert_eq!(send("/login", JSON, body.replace("true", "\"true\"").replace('3', "\"3\"")).text(), expected);
    assert_eq!(send("/login", JSON, r#"{"name":"a","rememberMe":null}"#).text(), "a None 0 None None");
}

#[test]
fn what_does_not_fit_names_its_field() {
    let message = |content_type, body: &str| send("/login", content_type, body).json::<Value>()["error"]["message"].to_string();
    assert!(message(FORM, "tries=1").contains("missing field `name`"));
    assert!(message(FORM, "name=a&tries=x").contains("`tries`: invalid digit"));
    assert!(message(JSON, r#"{"name":7}"#).contains("`name`: invalid type: integer `7`, expected a string"));
    assert!(message(FORM, "name=a&kind=round").contains("`kind`: unknown variant `round`"));
    assert!(message(JSON, r#"["a", true]"#).contains("expected fields with names"));
}

#[test]
fn nested_forms_are_read_as_they_were_meant() {
    for (form, expected) in [
        ("", json!({})),
        ("a", json!({"a": ""})),
        ("a=1&b=x+y%26z&c=", json!({"a": "1", "b": "x y&z", "c": ""})),
        ("a[]=1&a[]=2&b[]=3", json!({"a": ["1", "2"], "b": ["3"]})),
        ("a[b]=1&a[c][d]=2", json!({"a": {"b": "1", "c": {"d": "2"}}})),
        ("a[0][x]=1&a[0][y]=2&a[1][x]=3", json!({"a": [{"x": "1", "y": "2"}, {"x": "3"}]})),
        ("a[1]=x&a[0]=y", json!({"a": {"0": "y", "1": "x"}})),
        ("a[][x]=1&a[][x]=2", json!({"a": [{"x": "1"}, {"x": "2"}]})),
        ("%61%5B%5D=1", json!({"a": ["1"]})),
        ("a[b][c][d][e][f]=1", json!({"a": {"b": {"c": {"d": {"e": {"f": "1"}}}}}})),
    ] {
        assert_eq!(read(FORM, form), expected, "{form}");
    }
}

#[test]
fn what_cannot_be_meant_is_refused() {
    for (form, expected) in [
        ("a=1&a=2", "a field is there twice"),
        ("a=1&a[b]=2", "a field is there twice"),
        ("a[b]=1&a[b]=2", "a field is there twice"),
        ("a[b]=1&a[]=2", "a field is there twice"),
        ("a[]=1&a=2", "a field is there twice"),
        ("a[b=1", "brackets"),
        ("a]b=1", "brackets"),
        ("a[b]c=1", "brackets"),
        ("a[[b]]=1", "brackets"),
        ("[a]=1", "brackets"),
        ("a[1][2][3][4][5][6]=1", "more than 5 brackets"),
        ("a=%zz", "not percent-encoded UTF-8"),
        ("a=%ff", "not percent-encoded UTF-8"),
    ] {
        let error = error(FORM, form);
        assert!(error.contains(expected), "{form}: {error}");
    }
    for (body, expected) in [
        (r#"{"a":1,"a":2}"#, "a key is there twice"),
        (r#"{"a":{"b":1,"c":2,"b":3}}"#, "a key is there twice"),
        ("{", "EOF"),
        ("{} x", "trailing characters"),
        ("nuxx", "expected"),
        (r#"{"a":1e999}"#, "number out of range"),
        (r#""\ud800 ""#, "hex escape"),
    ] {
        let error = error(JSON, body);
        assert!(error.contains(expected), "{body}: {error}");
    }
    assert!(error(JSON, &b"\"\xff\""[..]).contains("unicode"));
}

#[test]
fn nesting_and_length_have_limits() {
    let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    assert!(read(JSON, nested(32)).is_array());
    assert!(error(JSON, nested(33)).contains("nested more than 32 deep"));
    assert!(error(JSON, nested(100_000)).contains("nested more than 32 deep"));
    let long = |length: usize| format!("a={}", "x".repeat(length - 2));
    assert_eq!(read(FORM, long(1 << 20))["a"].as_str().unwrap().len(), (1 << 20) - 2);
    let too_long = read(FORM, long((1 << 20) + 1));
    assert_eq!(too_long["status"], 413, "{too_long}");
    // As many names as fit, and none of them is looked for among all others.
    let many: String = (0..100_000).map(|n| format!("f{n}&")).collect();
    assert_eq!(read(FORM, many).as_object().unwrap().len(), 100_000);
}

#[test]
fn the_content_type_decides_and_else_the_first_byte() {
    assert_eq!(read("", "a=1"), json!({"a": "1"}));
    assert_eq!(read("text/plain", " {\"a\":1}"), json!({"a": 1}));
    assert_eq!(read("application/vnd.api+json", "[]"), json!([]));
    assert_eq!(read("APPLICATION/JSON", ""), json!({}));
    // Declared a form: then it is one, whatever it looks like.
    assert_eq!(read(FORM, "{\"a\":1}"), json!({"{\"a\":1}": ""}));
    assert_eq!(read("multipart/form-data; boundary=x", "a=1")["status"], 415);
}

/// A failure of the host is nothing that a handler could answer.
#[test]
fn a_sender_that_leaves_ends_the_call() {
    struct Leaves;
    impl std::io::Read for Leaves {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::ConnectionReset.into())
        }
    }
    let response = TestHost::new(routes()).request("POST", "/value").reader(Leaves).send();
    assert_eq!((response.status, response.failure().map(Error::code)), (502, Some("body.gone")));
}
