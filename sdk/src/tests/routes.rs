//! From a method and a path to a handler.

use serde_json::Value;

use crate::prelude::*;
use crate::testing::TestHost;

#[get("/")]
fn root() -> &'static str {
    "root"
}

#[get("/items/{id}")]
fn item(id: u32) -> String {
    format!("item {id}")
}

#[put("/items/{id}")]
fn put_item(id: u32, body: String) -> String {
    format!("put {id} {body}")
}

#[get("/items/new")]
fn new_item() -> &'static str {
    "new"
}

#[get("/files/{owner}/{*path}")]
fn file(path: String, owner: String) -> String {
    format!("{owner} has {path}")
}

#[delete("/items/{id}")]
fn delete_item(_id: u32) {}

#[patch("/kinds/{type}")]
fn raw_name(r#type: String) -> String {
    r#type
}

mod elsewhere {
    use crate::prelude::*;

    #[post("/elsewhere")]
    pub(super) fn handler() -> &'static str {
        "elsewhere"
    }
}

/// Named like what the macro puts out.
#[get("/names/{argument_0}")]
fn request(argument_0: String, call: Call) -> String {
    assert!(call.headers().is_empty());
    argument_0
}

#[get("/answer")]
fn answer() -> Result<String> {
    Ok("answer".to_owned())
}

#[get("/run")]
fn run(_caller: Caller) {}

service!(request, answer, run, root, item, put_item, new_item, file, delete_item, raw_name, elsewhere::handler);

fn host() -> TestHost {
    TestHost::new(routes())
}

#[test]
fn the_most_special_pattern_answers() {
    for (path, text) in [
        ("/", "root"),
        ("/items/7", "item 7"),
        ("/items/7?x=/items/new", "item 7"),
        ("/items/new", "new"),
        ("/files/ada/notes/one.txt", "ada has notes/one.txt"),
        ("/files/a%20b/%C3%A9", "a b has é"),
    ] {
        let response = host().get(path);
        assert_eq!((response.status, response.text()), (200, text), "{path}");
        assert_eq!(response.header("Content-Type"), Some("text/plain; charset=utf-8"));
    }
    assert_eq!(host().put("/items/7", "now").text(), "put 7 now");
    assert_eq!(host().patch("/kinds/x", "").text(), "x");
    assert_eq!(host().post("/elsewhere", "").text(), "elsewhere");
    assert_eq!(host().delete("/items/7").status, 204);
    assert_eq!((host().get("/names/n").text(), host().get("/answer").text()), ("n", "answer"));
    assert_eq!(host().get("/run").status, 204);
}

#[test]
fn what_no_handler_is_for_never_reaches_the_plugin() {
    for path in ["/nothing", "/items", "/items/", "/items/7/", "/items/7/x", "/files/ada", "/files/ada/", ""] {
        let expected = if path.is_empty() { 400 } else { 404 };
        assert_eq!(host().get(path).status, expected, "{path:?}");
    }
    for path in ["/items/%2F", "/items/%zz", "/items/%f", "/items/%FF", "/items/..", "/items/a%5Cb", "/items/%00"] {
        assert_eq!(host().get(path).status, 400, "{path}");
    }
    let response = host().post("/items/7", "");
    assert_eq!((response.status, response.header("allow")), (405, Some("GET, PUT, DELETE")));
}

#[test]
fn head_is_get_without_the_body() {
    let response = host().request("HEAD", "/items/7").send();
    assert_eq!((response.status, response.text()), (200, ""));
    assert_eq!(host().request("HEAD", "/elsewhere").send().status, 405);
}

#[test]
fn a_parameter_that_does_not_parse_is_named() {
    let response = host().get("/items/many");
    assert_eq!((response.status, response.header("content-type")), (400, Some("application/json")));
    let expected = r#"{"error":{"code":"bad_request","message":"the path's `id` is not valid: invalid digit found in string"}}"#;
    assert_eq!(response.text(), expected);
    assert_eq!(response.json::<Value>()["error"]["code"], "bad_request");
}

#[test]
fn a_handler_stays_a_function() {
    assert_eq!(item(3), "item 3");
}

#[test]
fn a_second_handler_for_the_same_requests_is_found() {
    let [root, item, put] = [0, 4, 5].map(|index| routes()[index]);
    for (routes, first) in [([root, item], true), ([item, put], true), ([item, item], false)] {
        assert_eq!(crate::__private::is_first(&routes, 1), first, "{routes:?}");
    }
    assert!((0..routes().len()).all(|index| crate::__private::is_first(routes(), index)));
}

#[test]
fn the_table_is_a_line_a_route() {
    const TABLE: [u8; crate::__private::table_length(routes())] = crate::__private::table(routes());
    let text = std::str::from_utf8(&TABLE).unwrap();
    assert_eq!(
        text,
        "GET /names/{argument_0}\nGET /answer\nGET /run\nGET /\nGET /items/{id}\nPUT /items/{id}\nGET /items/new\n\
         GET /files/{owner}/{*path}\nDELETE /items/{id}\n\
         PATCH /kinds/{type}\nPOST /elsewhere\n"
    );
    assert_eq!((routes()[5].method(), routes()[5].pattern()), ("PUT", "/items/{id}"));
}
