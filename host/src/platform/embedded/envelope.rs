//! What the platform answers: always JSON with a body, since a 2015 client takes nothing else for an answer.

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{
    HeaderValue, StatusCode,
    header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS},
};
use serde_json::{Value, json};

use super::refusal::Refusal;

/// What came of a call.
pub(super) type Answer = Result<Envelope, Refusal>;

/// A call that went well. `err` never stands beside it: clients look for that and not for `success`.
#[derive(Debug)]
pub(super) enum Envelope {
    /// It is done; there is nothing to tell.
    Done,
    Entity(Value),
    Entities(Vec<Value>),
    /// A list that is JSON already: so many records, with commas between them.
    Written {
        rows: usize,
        entities: String,
    },
}

impl IntoResponse for Envelope {
    fn into_response(self) -> Response {
        let body = match self {
            Self::Done => json!({"success": true}),
            Self::Entity(entity) => json!({"success": true, "entity": entity}),
            Self::Entities(entities) => json!({"success": true, "rows": entities.len(), "entities": entities}),
            Self::Written { rows, entities } => {
                return text(StatusCode::OK, format!(r#"{{"success":true,"rows":{rows},"entities":[{entities}]}}"#));
            }
        };
        json(StatusCode::OK, &body)
    }
}

/// A JSON answer. It may hold a token, so nobody keeps it.
pub(super) fn json(status: StatusCode, body: &Value) -> Response {
    text(status, body.to_string())
}

fn text(status: StatusCode, body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
