//! Answers with a page of one script, of whatever content types and under whatever policy its caller names.

use wharf_sdk::prelude::*;

#[get("/")]
fn page(headers: Headers) -> Response {
    let page = Response::new(200).body("<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(origin)</script></svg>");
    headers.iter().fold(page, |page, (name, value)| match name {
        "x-type" => page.header("content-type", value),
        "x-policy" => page.header("content-security-policy", value),
        _ => page,
    })
}

service!(page);
