//! The one table from outcome to response.

mod refusal;
mod refuse;
mod failure;
mod envelope;
mod sandbox;
mod cors;
mod retry_after;

pub use self::{
    cors::{is_preflight, preflight},
    refusal::Refusal,
};

use axum::{body::Body, response::Response};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{ACCEPT, ALLOW, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS},
    request::Parts,
};

use self::retry_after::retry_after;
use super::{
    address::Addressed,
    headers, page,
    record::Record,
    service::{Hosted, Origin},
};
use crate::{caller::Scheme, codes::Code, runtime::outcome::Outcome};

/// What the stops of the line end in.
pub type Answer = Result<End, Refusal>;

/// What a request that was not refused came to.
#[derive(Debug)]
pub enum End {
    /// A call of the plugin.
    Call(Outcome),
    /// An answer of the host's own, which no plugin had a part in.
    Host(Response),
}

/// What is known of a request when it is answered.
#[derive(Debug, Default)]
pub struct Context {
    origin: Origin,
    /// Whether the service has a securityKey, and the status of its Ocean-Auth refusals; where that is 200, all that the host
    /// says is said in the platform's envelope. None of a console's is one.
    ocean_status: Option<StatusCode>,
    /// Whether a person will read the answer.
    is_read: bool,
}

impl Context {
    pub fn new(hosted: Option<&Hosted>, parts: &Parts) -> Self {
        let origin = hosted.map(|hosted| hosted.origin).unwrap_or_default();
        Self { origin, ocean_status: None, is_read: origin == Origin::Console && !wants_json(parts) }
    }

    pub fn addressed(&mut self, addressed: &Addressed<'_>) {
        let ocean = addressed.service.ocean_auth.as_ref().filter(|_| self.origin != Origin::Console);
        self.ocean_status = ocean.map(|_| addressed.service.error_status);
    }
}

/// Whether a script asks and no person: consoles are for people, so only those get JSON there that say so.
fn wants_json(parts: &Parts) -> bool {
    let accepts = |kind: &str| {
        let values = parts.headers.get_all(ACCEPT).into_iter().filter_map(|value| value.to_str().ok());
        values.into_iter().any(|value| value.to_ascii_lowercase().contains(kind))
    };
    accepts("json") && !accepts("text/html")
}

/// Who reads an error.
#[derive(Debug, Clone, Copy)]
struct Reader<'r> {
    request_id: &'r str,
    form: Form,
}

/// What he can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// The status tells, the body is JSON of the host's own.
    Json,
    /// A page, for a person.
    Page,
    /// The platform's envelope with the status 200, for a client that looks at nothing else.
    Envelope,
}

impl<'r> Reader<'r> {
    fn of(context: &Context, record: &'r Record) -> Self {
        // Whoever holds a bearer token knows what a status is.
        let by_bearer = record.caller.as_ref().is_some_and(|caller| caller.scheme == Scheme::Bearer);
        let form = match context.ocean_status {
            _ if context.is_read => Form::Page,
            Some(StatusCode::OK) if !by_bearer => Form::Envelope,
            Some(_) | None => Form::Json,
        };
        Self { request_id: &record.id, form }
    }

    /// The same for what RFC 6750 lays down, which needs its status and its challenge.
    fn of_bearer(self) -> Self {
        let form = if self.form == Form::Envelope { Form::Json } else { self.form };
        Self { form, ..self }
    }
}

/// Makes the response, and logs what its reader is not told.
pub fn respond(context: &Context, answer: Answer, record: &Record) -> Response {
    let reader = Reader::of(context, record);
    let mut response = match answer {
        Ok(End::Host(response)) => response,
        Ok(End::Call(Outcome::Response { status, headers, body })) => guest(context, status, headers, body),
        Ok(End::Call(Outcome::Streaming(head))) => guest(context, head.status, head.headers, Body::new(head.body)),
        Ok(End::Call(Outcome::Failed(failure))) => {
            let (status, code, retry) = failure::code(&failure);
            record.failed(&failure);
            failure::log(record, code, &failure);
            let response = error(status, code, reader);
            match retry {
                Some(after) => retry_after(response, after),
                None => response,
            }
        }
        Err(refused) => {
            record.refused(&refused);
            refusal::log(record, &refused);
            refuse::refuse(context, &refused, reader)
        }
    };
    match context.origin {
        Origin::Console => headers::of_console(response.headers_mut()),
        Origin::Shared | Origin::Own => cors::add(response.headers_mut()),
    }
    response
}

/// The host's error shape: a stable code, its title, and the id under which the log tells more.
fn error(status: StatusCode, code: &Code, reader: Reader<'_>) -> Response {
    let Reader { request_id, form } = reader;
    match form {
        Form::Page => page::error(status, code, request_id),
        Form::Envelope => envelope::error(code, request_id),
        Form::Json => {
            let body = serde_json::json!({"error": {"code": code.id, "message": code.title, "request_id": request_id}});
            json(status, body.to_string())
        }
    }
}

/// What there is at a path (RFC 9110 §9.3.7), for whoever asks no preflight.
pub fn options(allow: &str) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    if let Ok(allow) = HeaderValue::from_str(allow) {
        response.headers_mut().insert(ALLOW, allow);
    }
    response
}

pub fn json(status: StatusCode, body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

fn guest(context: &Context, status: StatusCode, headers: HeaderMap, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    let headers = response.headers_mut();
    headers::from_guest(headers, context.origin);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if context.origin == Origin::Shared {
        sandbox::confine(status, headers);
    }
    response
}
