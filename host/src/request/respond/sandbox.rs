//! Pages of plugins on the origin that all services share.

use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE},
};

/// What a page may do there: run its scripts in an opaque origin of its own, without the cookies, storage or pages of anybody
/// else.
const SANDBOX: &str = "sandbox allow-scripts allow-forms allow-popups";

/// Puts a plugin's response on a shared origin into a sandbox, unless no browser runs scripts in what it is.
///
/// A policy of the plugin's own stays beside it: several policies hold together. Of several sandboxes HTML takes the last
/// one, so this one stands behind.
///
/// What only adds to a page that the browser has already (RFC 9111 §3.2) is judged without its type: a 304 takes the place of that
/// page's policy and leaves its type as it was.
pub(super) fn confine(status: StatusCode, headers: &mut HeaderMap) {
    let adds = matches!(status, StatusCode::NOT_MODIFIED | StatusCode::PARTIAL_CONTENT);
    if adds || may_script(headers) {
        headers.append(CONTENT_SECURITY_POLICY, HeaderValue::from_static(SANDBOX));
    }
}

/// Whether a browser could run a script in this response: anything but the types named here, `nosniff` given.
///
/// Of several content types, in one header or in many, browsers take the last that they can read (Fetch, "extract a MIME
/// type"), so nothing but exactly one is believed.
fn may_script(headers: &HeaderMap) -> bool {
    const HARMLESS: [&[u8]; 8] = [
        b"application/json",
        b"text/plain",
        b"application/octet-stream",
        b"text/css",
        b"image/png",
        b"image/jpeg",
        b"image/webp",
        b"text/event-stream",
    ];
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let (Some(only), None) = (types.next(), types.next()) else { return true };
    let only = only.as_bytes();
    let kind = only.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    only.contains(&b',') || !HARMLESS.iter().any(|harmless| kind.eq_ignore_ascii_case(harmless))
}
