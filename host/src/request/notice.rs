//! Where the platform announces messages: `POST /m/<service-key>` with `{"id": "…"}`. Nothing authenticates it, so a notice is
//! only a hint, answered once that hint is stored.

use std::time::Duration;

use axum::{body::Body, response::Response};
use futures_util::future::BoxFuture;
use http::{Method, StatusCode, request::Parts};
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::respond::{self, Refusal};

/// Bytes; an honest notice has 33.
const MAX_NOTICE: usize = 1 << 10;

/// Takes the ids of messages. Implemented where the lines meet, in `app/`.
pub trait Inbox: Send + Sync {
    /// Returns once the hint is on disk, or need not be. Dropped, it may be stored or not; repeating is harmless.
    fn receive<'a>(&'a self, service: &'a str, id: &'a str) -> BoxFuture<'a, Result<(), NotTaken>>;
}

/// Why a notice was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotTaken {
    /// The service gets no messages.
    NoService,
    /// It names no message: an id is 24 hex digits.
    BadId,
    /// More than the service takes; the messages are found without them, a little later.
    TooMany { after: Duration },
    /// The store failed.
    Failed,
}

/// The key of the service whose message address a path is.
pub fn service(path: &str) -> Option<&str> {
    path.strip_prefix("/m/")
}

/// Hands a notice to the inbox and says what the platform is answered.
pub async fn take(inbox: &dyn Inbox, service: &str, parts: &Parts, body: Body) -> Result<Response, Refusal> {
    if parts.method != Method::POST {
        return Err(Refusal::NoMethod { allow: "OPTIONS, POST".to_owned() });
    }
    let body = match Limited::new(body, MAX_NOTICE).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => {
            let allowed = MAX_NOTICE as u64;
            return Err(Refusal::BodyTooLarge { asked: allowed + 1, allowed });
        }
        Err(error) => return Err(Refusal::broken_off(&*error)),
    };
    let id = id(&body).ok_or(Refusal::BadNotice("the body is not {\"id\": \"…\"}"))?;
    match inbox.receive(service, &id).await {
        Ok(()) => Ok(taken()),
        Err(NotTaken::NoService) => Err(Refusal::NoService),
        Err(NotTaken::BadId) => Err(Refusal::BadNotice("the id is not one of the platform's")),
        Err(NotTaken::TooMany { after }) => Err(Refusal::NoticeRate { retry_after: after }),
        Err(NotTaken::Failed) => Err(Refusal::StoreFailed),
    }
}

/// The id of a notice; what else may stand beside it is not looked at.
fn id(body: &[u8]) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Notice {
        id: String,
    }
    serde_json::from_slice(body).ok().map(|Notice { id }| id)
}

fn taken() -> Response {
    respond::json(StatusCode::OK, r#"{"success":true}"#.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_is_an_object_with_an_id() {
        assert_eq!(id(br#"{"id":"55b89ba34df03bab3307c10f"}"#).as_deref(), Some("55b89ba34df03bab3307c10f"));
        assert_eq!(id(br#"{"at":1, "id":"x"}"#).as_deref(), Some("x"));
        for bad in [
            "",
            "null",
            "[]",
            "\"55b89ba34df03bab3307c10f\"",
            r#"{"id":{}}"#,
            r#"{"id":1}"#,
            r#"{"id":"a","id":"b"}"#,
            r#"{"id":"a"} x"#,
        ] {
            assert_eq!(id(bad.as_bytes()), None, "{bad}");
        }
    }
}
