//! The one table from outcome to response.

use axum::{body::Body, response::Response};
use http::{
    HeaderMap, HeaderValue, Method, StatusCode,
    header::{
        ACCEPT, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
        ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ALLOW, CONTENT_SECURITY_POLICY,
        CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
    },
    request::Parts,
};

use super::{
    address::Addressed,
    authenticate::{bearer::Reason, console::Refused},
    headers, page,
    record::Record,
    service::{Hosted, Origin},
};
use crate::{
    codes::{self, Code},
    reader::ReadError,
    runtime::{
        meter::Limit,
        outcome::{Details, Failure, Outcome},
    },
};

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

/// Why a request went no further. Each has one row in [`refusal`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    NoService,
    BadRequest(&'static str),
    /// An Ocean-Auth header was sent and is not valid.
    BadOceanAuth(&'static str),
    /// More than one credential was sent, or something that is none.
    BadCredentials(&'static str),
    /// Credentials of a scheme were sent that this host does not speak.
    OtherScheme,
    /// A bearer token was sent and opens nothing here, or could not be looked up.
    BadToken(Reason),
    /// No credential of a kind that the route takes was sent.
    Unproven {
        bearer_only: bool,
    },
    /// The caller is of another kind than the route needs.
    Forbidden {
        bearer: bool,
    },
    /// The caller lacks one of the scopes, which stand here with spaces between.
    InsufficientScope {
        needed: String,
    },
    /// A notice that names no message.
    BadNotice(&'static str),
    /// More notices than the service takes.
    NoticeRate {
        retry_after: std::time::Duration,
    },
    /// The store does not take what has to be kept.
    StoreFailed,
    /// The app has cancelled its subscription, or is not known to have one.
    NotSubscribed,
    NotReady,
    NoRoute,
    NoMethod {
        allow: String,
    },
    BodyTooLarge {
        asked: u64,
        allowed: u64,
    },
    HeadersTooLarge {
        /// Whether they are too long or too many.
        limit: &'static str,
        asked: u64,
        allowed: u64,
    },
    SlowBody,
    NoPermit {
        /// Whose permits were all taken.
        of: &'static str,
        asked: u64,
        allowed: u64,
    },
    CallerBudget {
        /// Of what it had too many.
        limit: &'static str,
        retry_after: std::time::Duration,
        asked: u64,
        allowed: u64,
    },
    /// The console is not entered.
    Console(Refused),
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        Self::Console(refused)
    }
}

impl Refusal {
    /// One word for each cause, for metrics and logs.
    pub fn cause(&self) -> &'static str {
        match self {
            Self::NoService => "no-service",
            Self::BadRequest(_) => "bad-request",
            Self::BadOceanAuth(_) => "bad-ocean-auth",
            Self::BadCredentials(_) => "bad-credentials",
            Self::OtherScheme => "other-scheme",
            Self::BadToken(_) => "bad-token",
            Self::Unproven { .. } => "unproven",
            Self::Forbidden { .. } => "forbidden",
            Self::InsufficientScope { .. } => "insufficient-scope",
            Self::BadNotice(_) => "bad-notice",
            Self::NoticeRate { .. } => "notice-rate",
            Self::StoreFailed => "store-failed",
            Self::NotSubscribed => "not-subscribed",
            Self::NotReady => "not-ready",
            Self::NoRoute => "no-route",
            Self::NoMethod { .. } => "no-method",
            Self::BodyTooLarge { .. } => "body-too-large",
            Self::HeadersTooLarge { .. } => "headers-too-large",
            Self::SlowBody => "slow-body",
            Self::NoPermit { .. } => "no-permit",
            Self::CallerBudget { .. } => "caller-budget",
            Self::Console(refused) => refused.cause(),
        }
    }

    /// The limit it is for, if it is for one, by its name in the configuration.
    pub fn limit(&self) -> Option<&'static str> {
        match self {
            Self::BodyTooLarge { .. } => Some("body-in"),
            Self::HeadersTooLarge { limit, .. } => Some(limit),
            Self::SlowBody => Some("min-body-rate"),
            Self::NoPermit { of: "host", .. } => Some("max-calls"),
            Self::NoPermit { .. } => Some("concurrency"),
            Self::CallerBudget { limit, .. } => Some(limit),
            Self::NoticeRate { .. } => Some("notice-rate"),
            _ => None,
        }
    }
}

/// What is known of a request when it is answered.
#[derive(Debug, Default)]
pub struct Context {
    origin: Origin,
    /// Whether the service has a securityKey, and the status of its Ocean-Auth refusals. None of a console's is one.
    ocean_status: Option<StatusCode>,
    /// Whether a person will read the answer.
    is_read: bool,
}

impl Context {
    pub fn new(hosted: Option<&Hosted>, parts: &Parts) -> Self {
        let origin = hosted.map(|hosted| hosted.origin).unwrap_or_default();
        Self { origin, ocean_status: None, is_read: origin == Origin::Console && !wants_json(parts) }
    }

    pub fn addressed(&mut self, addressed: &Addressed) {
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
    is_person: bool,
}

/// Makes the response, and logs what its reader is not told.
pub fn respond(context: &Context, answer: Answer, record: &Record) -> Response {
    let reader = Reader { request_id: &record.id, is_person: context.is_read };
    let mut response = match answer {
        Ok(End::Host(response)) => response,
        Ok(End::Call(Outcome::Response { status, headers, body })) => guest(context, status, headers, body),
        Ok(End::Call(Outcome::Streaming(head))) => guest(context, head.status, head.headers, Body::new(head.body)),
        Ok(End::Call(Outcome::Failed(failure))) => {
            let (status, code, retry) = failed(&failure);
            record.failed(&failure);
            log_failure(record, code, &failure);
            let mut response = error(status, code, reader);
            if let Some(seconds) = retry {
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
            }
            response
        }
        Err(refused) => {
            record.refused(&refused);
            log_refusal(record, &refused);
            refusal(context, &refused, reader)
        }
    };
    match context.origin {
        Origin::Console => headers::of_console(response.headers_mut()),
        Origin::Shared | Origin::Own => add_cors(response.headers_mut()),
    }
    response
}

fn log_failure(record: &Record, code: &Code, failure: &Failure) {
    let (request_id, service, plugin, app) = (record.id.as_str(), record.service(), record.plugin.as_deref(), record.app());
    let Details { limit, asked, allowed, stderr } = failure.details();
    if failure.is_clients() {
        tracing::info!(
            request_id, service, plugin, app, code = code.id, limit, asked, allowed, %failure, "the call was given up"
        );
    } else {
        tracing::error!(
            request_id, service, plugin, app, code = code.id, limit, asked, allowed, %failure, stderr, "the call failed"
        );
    }
}

/// One line for each refusal, with the cause that the answer does not tell.
fn log_refusal(record: &Record, refusal: &Refusal) {
    let (request_id, service, plugin, app) = (record.id.as_str(), record.service(), record.plugin.as_deref(), record.app());
    let (address, limit, cause) = (record.address, refusal.limit(), refusal.cause());
    match refusal {
        // What any stranger can cause by asking for nothing in particular is not worth a line each.
        Refusal::NoService | Refusal::NoRoute | Refusal::NoMethod { .. } => {
            tracing::debug!(request_id, service, app, %address, cause, "the request is refused");
        }
        Refusal::BadOceanAuth(cause) => tracing::info!(request_id, service, %address, cause, "Ocean-Auth refused"),
        Refusal::BadToken(Reason::Unreadable) => {
            tracing::error!(request_id, service, %address, "a bearer token could not be looked up");
        }
        Refusal::BadToken(reason) => {
            tracing::info!(request_id, service, %address, cause = reason.as_str(), "bearer token refused");
        }
        Refusal::BadCredentials(cause) => tracing::info!(request_id, service, %address, cause, "credentials refused"),
        Refusal::BadRequest(why) => tracing::info!(request_id, service, app, %address, why, "the request is malformed"),
        Refusal::BadNotice(why) => tracing::info!(request_id, service, %address, why, "a notice names no message"),
        Refusal::BodyTooLarge { asked, allowed } => {
            let what = "the request's body is larger than the route accepts";
            tracing::info!(request_id, service, plugin, app, %address, limit, asked, allowed, "{what}");
        }
        Refusal::HeadersTooLarge { asked, allowed, .. } => {
            tracing::info!(request_id, service, %address, limit, asked, allowed, "the request's headers are too large");
        }
        Refusal::NoPermit { of, asked, allowed } => {
            tracing::warn!(request_id, service, plugin, app, limit, of, asked, allowed, "no permit came free in time");
        }
        Refusal::CallerBudget { asked, allowed, .. } => {
            let what = "the caller has used up its budget";
            tracing::info!(request_id, service, app, %address, limit, asked, allowed, "{what}");
        }
        Refusal::Console(Refused::NoSession("no_cookie")) => {
            tracing::debug!(request_id, service, %address, cause, "the request is refused");
        }
        Refusal::Console(refused) => {
            tracing::info!(request_id, service, %address, cause, detail = refused.detail(), "the console is not entered");
        }
        Refusal::OtherScheme
        | Refusal::Unproven { .. }
        | Refusal::Forbidden { .. }
        | Refusal::InsufficientScope { .. }
        | Refusal::NoticeRate { .. }
        | Refusal::StoreFailed
        | Refusal::NotSubscribed
        | Refusal::NotReady
        | Refusal::SlowBody => {
            tracing::info!(request_id, service, plugin, app, %address, cause, limit, "the request is refused");
        }
    }
}

/// Status, code and seconds of Retry-After for each failure of a call.
fn failed(failure: &Failure) -> (StatusCode, &'static Code, Option<u64>) {
    match failure {
        Failure::Error { retry_after: Some(after), .. } => {
            (StatusCode::SERVICE_UNAVAILABLE, &codes::GUEST_FAILED, Some(after.as_secs().max(1)))
        }
        Failure::Error { retry_after: None, .. } => (StatusCode::BAD_GATEWAY, &codes::GUEST_FAILED, None),
        Failure::Trapped { .. } => (StatusCode::BAD_GATEWAY, &codes::GUEST_TRAPPED, None),
        Failure::Wall { .. } => (StatusCode::GATEWAY_TIMEOUT, &codes::GUEST_WALL, None),
        Failure::Invalid(_) => (StatusCode::BAD_GATEWAY, &codes::GUEST_INVALID, None),
        Failure::BodyTooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, &codes::BODY_TOO_LARGE, None),
        Failure::BodyLost(ReadError::Slow) => (StatusCode::REQUEST_TIMEOUT, &codes::SLOW_BODY, None),
        Failure::BodyLost(_) => (StatusCode::BAD_REQUEST, &codes::BAD_REQUEST, None),
        Failure::Host(_) => (StatusCode::INTERNAL_SERVER_ERROR, &codes::HOST_FAILED, None),
        Failure::Breached(breach) => match breach.limit {
            Limit::Cpu => (StatusCode::GATEWAY_TIMEOUT, &codes::GUEST_CPU, None),
            Limit::Memory | Limit::TableElements => (StatusCode::BAD_GATEWAY, &codes::GUEST_MEMORY, None),
            Limit::HostCalls | Limit::Handles => (StatusCode::BAD_GATEWAY, &codes::GUEST_HOST_CALLS, None),
            Limit::BodyOut => (StatusCode::BAD_GATEWAY, &codes::GUEST_BODY_OUT, None),
        },
    }
}

fn refusal(context: &Context, refused: &Refusal, reader: Reader<'_>) -> Response {
    match refused {
        Refusal::BadOceanAuth(_) => ocean_refusal(context),
        Refusal::Unproven { bearer_only: false } if context.ocean_status.is_some() => ocean_refusal(context),
        // RFC 6750 §3.1: no error code where no credential was sent, or one of another kind.
        Refusal::Unproven { .. } | Refusal::OtherScheme => {
            challenge(error(StatusCode::UNAUTHORIZED, &codes::REFUSED, reader), "")
        }
        Refusal::BadCredentials(_) => {
            challenge(error(StatusCode::BAD_REQUEST, &codes::BAD_CREDENTIALS, reader), r#", error="invalid_request""#)
        }
        // The host's failure and not the token's, so that nobody throws a good one away.
        Refusal::BadToken(Reason::Unreadable) => {
            retry_later(error(StatusCode::SERVICE_UNAVAILABLE, &codes::STORE_FAILED, reader))
        }
        Refusal::BadToken(_) => challenge(error(StatusCode::UNAUTHORIZED, &codes::REFUSED, reader), r#", error="invalid_token""#),
        Refusal::Forbidden { bearer: false } => error(StatusCode::FORBIDDEN, &codes::FORBIDDEN, reader),
        // RFC 6750 §3.1: the request "requires higher privileges than provided by the access token".
        Refusal::Forbidden { bearer: true } => {
            challenge(error(StatusCode::FORBIDDEN, &codes::FORBIDDEN, reader), r#", error="insufficient_scope""#)
        }
        Refusal::InsufficientScope { needed } => challenge(
            error(StatusCode::FORBIDDEN, &codes::FORBIDDEN, reader),
            &format!(r#", error="insufficient_scope", scope="{needed}""#),
        ),
        Refusal::BadNotice(_) => error(StatusCode::BAD_REQUEST, &codes::BAD_NOTICE, reader),
        Refusal::NoticeRate { retry_after } => {
            let mut response = error(StatusCode::TOO_MANY_REQUESTS, &codes::NOTICE_RATE, reader);
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(retry_after.as_secs() + 1));
            response
        }
        Refusal::StoreFailed => retry_later(error(StatusCode::SERVICE_UNAVAILABLE, &codes::STORE_FAILED, reader)),
        Refusal::NotSubscribed => not_subscribed(context, reader),
        Refusal::NoService => error(StatusCode::NOT_FOUND, &codes::NO_SERVICE, reader),
        Refusal::NoRoute => error(StatusCode::NOT_FOUND, &codes::NO_ROUTE, reader),
        Refusal::NoMethod { allow } => {
            let mut response = error(StatusCode::METHOD_NOT_ALLOWED, &codes::NO_METHOD, reader);
            if let Ok(allow) = HeaderValue::from_str(allow) {
                response.headers_mut().insert(ALLOW, allow);
            }
            response
        }
        Refusal::BadRequest(_) => error(StatusCode::BAD_REQUEST, &codes::BAD_REQUEST, reader),
        Refusal::NotReady => retry_later(error(StatusCode::SERVICE_UNAVAILABLE, &codes::NOT_READY, reader)),
        Refusal::BodyTooLarge { .. } => error(StatusCode::PAYLOAD_TOO_LARGE, &codes::BODY_TOO_LARGE, reader),
        Refusal::HeadersTooLarge { .. } => error(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, &codes::HEADERS_TOO_LARGE, reader),
        Refusal::SlowBody => error(StatusCode::REQUEST_TIMEOUT, &codes::SLOW_BODY, reader),
        Refusal::CallerBudget { retry_after, .. } => {
            let mut response = error(StatusCode::TOO_MANY_REQUESTS, &codes::CALLER_BUDGET, reader);
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(retry_after.as_secs() + 1));
            response
        }
        Refusal::NoPermit { .. } => retry_later(error(StatusCode::SERVICE_UNAVAILABLE, &codes::NO_PERMIT, reader)),
        Refusal::Console(refused) => console_refusal(*refused, reader),
    }
}

/// None of these is a 401: that would have to name a way in (RFC 9110 §15.5.2), and for cookies there is no such word.
fn console_refusal(refused: Refused, reader: Reader<'_>) -> Response {
    match refused {
        Refused::NoSession(_) => error(StatusCode::FORBIDDEN, &codes::CONSOLE_CLOSED, reader),
        Refused::Code(_) => error(StatusCode::FORBIDDEN, &codes::AUTH_CODE_REFUSED, reader),
        Refused::CrossSite(_) => error(StatusCode::FORBIDDEN, &codes::CROSS_SITE, reader),
        Refused::OtherCredential => error(StatusCode::BAD_REQUEST, &codes::BAD_CREDENTIALS, reader),
        Refused::Platform(_) => retry_later(error(StatusCode::SERVICE_UNAVAILABLE, &codes::AUTH_CODE_UNASKED, reader)),
        Refused::Store => retry_later(error(StatusCode::SERVICE_UNAVAILABLE, &codes::STORE_FAILED, reader)),
    }
}

/// Adds the challenge of RFC 6750 §3 with `parameters`, which begin with a comma unless they are empty.
///
/// One realm for all services: the tokens of all are made in one place, and which service one opens is not a client's to guess.
fn challenge(mut response: Response, parameters: &str) -> Response {
    // Scopes are the manifest's and hold nothing that would have to be quoted.
    if let Ok(value) = HeaderValue::from_str(&format!("Bearer realm=\"wharf\"{parameters}")) {
        response.headers_mut().insert(WWW_AUTHENTICATE, value);
    }
    response
}

fn retry_later(mut response: Response) -> Response {
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

/// The one Ocean-Auth refusal, the same to the byte for every cause: so it carries no request id either.
fn ocean_refusal(context: &Context) -> Response {
    const BODY: &str = r#"{"success":false,"err":{"name":"Ocean Error","errCode":"ocean.notAuthorizeByOcean","errorMessage":"The request is not authorized by Ocean."}}"#;
    let response = json(context.ocean_status.unwrap_or(StatusCode::UNAUTHORIZED), BODY.to_owned());
    // RFC 9110 §15.5.2: a 401 names a way in. Ocean-Auth is no registered scheme, and bearer tokens open the same routes.
    if response.status() == StatusCode::UNAUTHORIZED { challenge(response, "") } else { response }
}

/// In the words of the platform for its own clients, else in the host's.
fn not_subscribed(context: &Context, reader: Reader<'_>) -> Response {
    const BODY: &str = r#"{"success":false,"err":{"name":"Ocean Error","errCode":"app.notSubscribedApp","errorMessage":"The app has not subscribed to this service."}}"#;
    match context.ocean_status {
        Some(StatusCode::OK) => json(StatusCode::OK, BODY.to_owned()),
        Some(_) => json(StatusCode::FORBIDDEN, BODY.to_owned()),
        None => error(StatusCode::FORBIDDEN, &codes::NOT_SUBSCRIBED, reader),
    }
}

/// The host's error shape: a stable code, its title, and the id under which the log tells more.
fn error(status: StatusCode, code: &Code, reader: Reader<'_>) -> Response {
    let Reader { request_id, is_person } = reader;
    if is_person {
        return page::error(status, code, request_id);
    }
    let body = serde_json::json!({"error": {"code": code.id, "message": code.title, "request_id": request_id}});
    json(status, body.to_string())
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
    if context.origin == Origin::Shared && may_script(headers) {
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(SANDBOX));
    }
    response
}

/// What a page of a plugin may do on an origin it shares with other services: run its scripts in an opaque origin of its own,
/// without the cookies, storage or pages of anybody else.
const SANDBOX: &str = "sandbox allow-scripts allow-forms allow-popups";

/// Whether a browser could run a script in this response: anything but the types named here, nosniff given.
fn may_script(headers: &HeaderMap) -> bool {
    let Some(content_type) = headers.get(CONTENT_TYPE) else { return true };
    let kind = content_type.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
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
    !HARMLESS.iter().any(|harmless| kind.eq_ignore_ascii_case(harmless))
}

/// Browsers ask before they send Ocean-Auth, and ask without it.
pub fn is_preflight(parts: &Parts) -> bool {
    parts.method == Method::OPTIONS && parts.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// The answer to every preflight, whether its path exists or not.
pub fn preflight() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    add_cors(response.headers_mut());
    response.headers_mut().insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
    response
}

/// On every answer, refusals and errors included: without them a browser would not show its page even the error.
fn add_cors(headers: &mut HeaderMap) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers
        .insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("Content-Type, Ocean-Auth, AccessToken, Authorization"));
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"));
    // What a page must read to know what to do after a refusal.
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("WWW-Authenticate, Retry-After"));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(refusal: Refusal, ocean_status: Option<StatusCode>) -> Response {
        let context = Context { ocean_status, ..Context::default() };
        let (parts, ()) = http::Request::new(()).into_parts();
        let record = Record::begin("r1".into(), [127, 0, 0, 1].into(), Default::default(), &parts);
        respond(&context, Err(refusal), &record)
    }

    fn header(response: &Response, name: http::HeaderName) -> Option<&str> {
        response.headers().get(name).map(|value| value.to_str().unwrap())
    }

    /// RFC 6750 §3.1, and the table of `docs/identity.md`.
    #[test]
    fn bearer_refusals_say_what_the_rfc_says() {
        let scopes = Refusal::InsufficientScope { needed: "a:b c".to_owned() };
        for (refusal, status, challenge) in [
            (Refusal::Unproven { bearer_only: true }, 401, Some("Bearer realm=\"wharf\"")),
            (Refusal::Unproven { bearer_only: false }, 401, Some("Bearer realm=\"wharf\"")),
            (Refusal::OtherScheme, 401, Some("Bearer realm=\"wharf\"")),
            (Refusal::BadCredentials("malformed"), 400, Some("Bearer realm=\"wharf\", error=\"invalid_request\"")),
            (Refusal::BadToken(Reason::Unknown), 401, Some("Bearer realm=\"wharf\", error=\"invalid_token\"")),
            (Refusal::BadToken(Reason::Expired), 401, Some("Bearer realm=\"wharf\", error=\"invalid_token\"")),
            (scopes, 403, Some("Bearer realm=\"wharf\", error=\"insufficient_scope\", scope=\"a:b c\"")),
            (Refusal::Forbidden { bearer: true }, 403, Some("Bearer realm=\"wharf\", error=\"insufficient_scope\"")),
            (Refusal::Forbidden { bearer: false }, 403, None),
            (Refusal::BadToken(Reason::Unreadable), 503, None),
        ] {
            let response = refused(refusal.clone(), None);
            assert_eq!((response.status().as_u16(), header(&response, WWW_AUTHENTICATE)), (status, challenge), "{refusal:?}");
            assert_eq!(header(&response, ACCESS_CONTROL_ALLOW_ORIGIN), Some("*"));
            assert!(header(&response, ACCESS_CONTROL_EXPOSE_HEADERS).unwrap().contains("WWW-Authenticate"));
        }
    }

    #[test]
    fn the_ocean_refusal_challenges_where_it_is_a_401() {
        for (status, challenge) in [(StatusCode::UNAUTHORIZED, Some("Bearer realm=\"wharf\"")), (StatusCode::OK, None)] {
            for refusal in [Refusal::BadOceanAuth("bad_padding"), Refusal::Unproven { bearer_only: false }] {
                let response = refused(refusal, Some(status));
                assert_eq!((response.status(), header(&response, WWW_AUTHENTICATE)), (status, challenge));
            }
            let bearer = refused(Refusal::Unproven { bearer_only: true }, Some(status));
            assert_eq!(bearer.status(), StatusCode::UNAUTHORIZED);
        }
    }
}
