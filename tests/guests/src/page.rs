//! Answers with a page of one script, with whatever status and headers its caller names.

use wharf_sdk::prelude::*;

#[get("/")]
fn page(headers: Headers) -> Response {
    let status = headers.get("x-status").and_then(|status| status.parse().ok()).unwrap_or(200);
    let page = Response::new(status).body("<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(origin)</script></svg>");
    headers.iter().fold(page, |page, (name, value)| match name {
        "x-type" => page.header("content-type", value),
        "x-policy" => page.header("content-security-policy", value),
        _ => match name.strip_prefix("x-as-") {
            Some(name) => page.header(name, value),
            None => page,
        },
    })
}

service!(page);
