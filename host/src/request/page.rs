//! The host's own pages: what a person is shown where a program is given an error as JSON.
//!
//! Each is whole in itself: one style sheet inside, which the page's policy names by its hash, and nothing from anywhere else.
//! They say what happened and what to do, and no more than the JSON would: a code, and the id under which the log tells the
//! rest. All of their text is ours, so that nothing has to be escaped.

use std::sync::LazyLock;

use axum::{body::Body, response::Response};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{
    HeaderValue, StatusCode,
    header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY},
};
use sha2::{Digest as _, Sha256};

use crate::codes::{self, Code};

const STYLE: &str = include_str!("page.css");

/// Nothing but that style.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = STANDARD.encode(Sha256::digest(STYLE));
    format!("default-src 'none'; style-src 'sha256-{hash}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
});

/// The page for an error of the host's.
pub fn error(status: StatusCode, code: &Code, request_id: &str) -> Response {
    let (heading, paragraphs) = told(code);
    page(status, &heading, paragraphs, &format!("<p class=\"id\">{} · request {request_id}</p>", code.id))
}

/// The page after logging out.
pub fn logged_out() -> Response {
    let paragraphs = ["The console is closed in this browser. To open it again, follow its link on the platform."];
    page(StatusCode::OK, "You are logged out", &paragraphs, "")
}

/// Heading and paragraphs for each code that a person can mend; for all others, what the code is called.
fn told(code: &Code) -> (String, &'static [&'static str]) {
    let (heading, paragraphs): (&str, &[&str]) = match code {
        code if *code == codes::CONSOLE_CLOSED => (
            "This console is not open",
            &[
                "A console is opened from the platform: log in there, choose your app and this service, and follow the link to its \
                 console.",
                "One that was open closes when somebody logs out, and by itself after some hours.",
            ],
        ),
        code if *code == codes::AUTH_CODE_REFUSED => (
            "This link does not open the console",
            &[
                "The link that brought you here holds a code that is good for about a minute and for one visit. This one is too old, \
                 was used before, or is for something else.",
                "Go back to the platform and open the console from there again: that makes a new link.",
            ],
        ),
        code if *code == codes::AUTH_CODE_UNASKED => (
            "The platform does not answer",
            &[
                "The platform has to say whose link this is, and did not do so just now.",
                "Reload this page in a moment. If you followed the link more than a minute ago, open the console from the platform \
                 again.",
            ],
        ),
        code if *code == codes::CROSS_SITE => (
            "This did not come from the console",
            &[
                "To protect you, a console takes changes from its own pages only. Nothing was changed.",
                "Go back to the console and do it there.",
            ],
        ),
        code if *code == codes::NOT_SUBSCRIBED => (
            "Your app has not subscribed",
            &["The platform says that your app has cancelled its subscription to this service, or that it has none yet."],
        ),
        code if *code == codes::NO_ROUTE => ("There is nothing here", &["The console has no page of this address."]),
        code => {
            let mut heading = code.title.to_owned();
            heading[..1].make_ascii_uppercase();
            return (heading, &["Try it again in a moment. Whoever runs this host finds more in its log, under the id below."]);
        }
    };
    (heading.to_owned(), paragraphs)
}

fn page(status: StatusCode, heading: &str, paragraphs: &[&str], foot: &str) -> Response {
    let paragraphs: String = paragraphs.iter().map(|text| format!("<p>{text}</p>\n")).collect();
    let html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{heading}</title>\n<style>{STYLE}</style>\n</head>\n\
         <body>\n<main>\n<h1>{heading}</h1>\n{paragraphs}{foot}\n</main>\n</body>\n</html>\n"
    );
    let mut response = Response::new(Body::from(html));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // The address may still hold a code.
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_str(&POLICY).unwrap_or(HeaderValue::from_static("default-src 'none'")),
    );
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_heading_and_a_way_on() {
        for code in codes::ALL {
            let (heading, paragraphs) = told(code);
            assert!(heading.starts_with(|c: char| c.is_ascii_uppercase()), "{heading}");
            assert!(!paragraphs.is_empty() && paragraphs.iter().all(|text| !text.contains(['<', '&'])), "{paragraphs:?}");
        }
    }

    #[test]
    fn the_policy_names_the_style_that_is_there() {
        let hash = STANDARD.encode(Sha256::digest(STYLE));
        let response = error(StatusCode::FORBIDDEN, &codes::CROSS_SITE, "r1");
        let policy = response.headers()[CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.contains(&format!("style-src 'sha256-{hash}'")), "{policy}");
    }
}
