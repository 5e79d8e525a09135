//! That pages of any origin may call services.

use axum::{body::Body, response::Response};
use http::{
    HeaderMap, HeaderValue, Method, StatusCode,
    header::{
        ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS,
        ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD,
    },
    request::Parts,
};

/// Browsers ask before they send Ocean-Auth, and ask without it.
pub fn is_preflight(parts: &Parts) -> bool {
    parts.method == Method::OPTIONS && parts.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// The answer to every preflight, whether its path exists or not.
pub fn preflight() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    add(response.headers_mut());
    response.headers_mut().insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
    response
}

/// On every answer, refusals and errors included: without them a browser would not show its page even the error.
pub(super) fn add(headers: &mut HeaderMap) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    // The star is for what a plugin asks for beside them (`If-Match`, say); old browsers read only what is named, and no browser
    // counts `Authorization` among the star's (Fetch, "CORS-unsafe request-header names").
    const ALLOWED: &str = "Content-Type, Ocean-Auth, AccessToken, Authorization, *";
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(ALLOWED));
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"));
    // What a page must read to know what to do after a refusal, and whatever a plugin tells it (`ETag`, `Location`).
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("WWW-Authenticate, Retry-After, *"));
}
