//! The host's refusals and failures as the platform says its own, with the status 200: clients of 2015 call back on nothing
//! else, and then look for `err`.

use axum::response::Response;
use http::StatusCode;

use super::json;
use crate::codes::{self, Code};

/// The platform's word for what it cannot name.
const UNKNOWN: &str = "common.systemError";

/// Words of the platform where it has one, else of our own: what of the rest a client can act on.
static WORDS: [(&Code, &str); 10] = [
    (&codes::FORBIDDEN, "wharf.forbidden"),
    (&codes::NO_ROUTE, "common.404"),
    (&codes::NO_METHOD, "wharf.methodNotAllowed"),
    (&codes::BAD_REQUEST, "wharf.badRequest"),
    (&codes::NOT_READY, "wharf.notReady"),
    (&codes::BODY_TOO_LARGE, "wharf.bodyTooLarge"),
    (&codes::SLOW_BODY, "wharf.slowBody"),
    (&codes::CALLER_BUDGET, "wharf.tooManyRequests"),
    (&codes::NO_PERMIT, "wharf.busy"),
    (&codes::STORE_FAILED, "common.database"),
];

/// The error of this code. What the log needs stands beside what such a client reads.
pub(super) fn error(code: &Code, request_id: &str) -> Response {
    let word = WORDS.iter().find(|(known, _)| *known == code).map_or(UNKNOWN, |(_, word)| word);
    let mut text = code.title.to_owned();
    text.get_mut(..1).map(str::make_ascii_uppercase);
    let err = serde_json::json!({
        "name": "Ocean Error", "errCode": word, "errorMessage": text + ".", "code": code.id, "request_id": request_id,
    });
    json(StatusCode::OK, serde_json::json!({"success": false, "err": err}).to_string())
}
