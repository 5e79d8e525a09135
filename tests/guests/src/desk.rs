//! A console that shows who looks at it and what it was given, and takes more than its share where it can.

use wharf_sdk::{Extract, Request, prelude::*};

/// Method, path and query as the plugin is given them.
struct Line(String);

impl Extract<'_> for Line {
    fn extract(request: &mut Request<'_>) -> Result<Self> {
        Ok(Self(format!("{} {}?{}", request.method(), request.path(), request.query())))
    }
}

fn page(text: &str) -> Response {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    let html = format!("<!doctype html>\n<html lang=\"en\">\n<title>Desk</title>\n<pre>{text}</pre>\n</html>\n");
    Response::new(200).header("content-type", "text/html; charset=utf-8").body(html)
}

fn seen(line: &Line, caller: &Caller, headers: &Headers) -> String {
    info!("desk runs");
    let app = caller.app.as_ref().map(|app| (app.key.as_str(), app.id.as_deref().unwrap_or("-"))).unwrap_or_default();
    let mut text = format!("line {}\nscheme {:?}\napp {} {}\nuser {:?}\n", line.0, caller.scheme, app.0, app.1, caller.user);
    for (name, value) in headers.iter() {
        text += &format!("header {name}: {}\n", String::from_utf8_lossy(value));
    }
    text
}

#[get("/")]
fn desk(line: Line, caller: Caller, headers: Headers) -> Response {
    page(&seen(&line, &caller, &headers))
}

#[get("/items/{id}")]
fn item(line: Line, caller: Caller, headers: Headers, id: String) -> Response {
    page(&format!("{}item {id}\n", seen(&line, &caller, &headers)))
}

#[post("/change")]
fn change(line: Line, caller: Caller, headers: Headers, form: String) -> Response {
    page(&format!("{}form {form}\n", seen(&line, &caller, &headers)))
}

/// Cookies and headers that are not a plugin's to send, and some that are.
#[get("/grab")]
fn grab() -> Response {
    let all = [
        ("set-cookie", "theme=dark; Path=/"),
        ("set-cookie", "__Host-wharf-desk=stolen; Path=/; Secure"),
        ("set-cookie", "wharf-desk=stolen; Path=/"),
        ("set-cookie", "=wharf-desk=stolen"),
        ("set-cookie", "far=reaching; Domain=localhost"),
        ("access-control-allow-origin", "*"),
        ("clear-site-data", "\"cookies\""),
        ("content-security-policy", "default-src *"),
        ("referrer-policy", "origin"),
        ("cache-control", "private, max-age=60"),
        ("cross-origin-opener-policy", "unsafe-none"),
    ];
    all.iter().fold(page("grabbed"), |response, (name, value)| response.header(name, value))
}

/// Part of the service's API, and of no console.
#[get("/api")]
fn api(line: Line, caller: Caller, headers: Headers) -> Response {
    page(&seen(&line, &caller, &headers))
}

service!(desk, item, change, grab, api);
