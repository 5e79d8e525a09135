//! What a handler may return, and how it becomes a response.

use std::borrow::Cow;

use crate::{Body, Json, Result, Streamed};

/// A response, built up: `Response::new(201).header("location", &path).json(&item)?`.
#[derive(Debug)]
pub struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Body,
}

impl Response {
    /// A response without headers or body. A status that is not a final one (200 and up) is refused by the host, which answers 502.
    #[must_use]
    pub fn new(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Body::empty() }
    }

    /// With another status.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// With a header more, beside those of the same name. Hop-by-hop headers and headers of the host are dropped by the host.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.to_ascii_lowercase(), value.as_ref().to_vec()));
        self
    }

    /// With this body. Bytes may be 2 MiB, which is what a host takes from a plugin at once; more is streamed through a
    /// [`Reply`](crate::Reply), or handed on as the reader that it came as.
    #[must_use]
    pub fn body(mut self, body: impl Into<Body>) -> Self {
        self.body = body.into();
        self
    }

    /// With this value as its JSON body, and the content type that says so.
    ///
    /// # Errors
    /// A value that JSON has no form for, such as a map whose keys are no strings.
    #[track_caller]
    pub fn json(self, value: &impl serde::Serialize) -> Result<Self> {
        let bytes = serde_json::to_vec(value)?;
        Ok(self.typed("application/json", bytes))
    }

    fn typed(mut self, content_type: &str, body: impl Into<Body>) -> Self {
        self.headers.push(("content-type".to_owned(), content_type.as_bytes().to_vec()));
        self.body = body.into();
        self
    }

    /// The one error shape.
    pub(crate) fn error(status: u16, code: &str, message: &str) -> Self {
        let text = format!(r#"{{"error":{{"code":{},"message":{}}}}}"#, quoted(code), quoted(message));
        Self::new(status).typed("application/json", text)
    }
}

/// A JSON string. Not through `Value`, which would bring 16 KiB of tables for its numbers into every plugin.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("every text has a form in JSON")
}

/// A type that a handler can return, by itself or in a [`Result`].
#[diagnostic::on_unimplemented(
    message = "a handler cannot return `{Self}`",
    label = "no response can be made of this",
    note = "return `Json<T>`, text, `Vec<u8>`, `()`, `Option<…>`, `Response`, `Body`, `(u16, …)`, or a `Result` of one of these",
    note = "for `Json<T>`, `T` must derive `Serialize`",
    note = "a handler that streams its reply returns `Result<Streamed>`: what `Writer::finish` gave"
)]
pub trait IntoResponse {
    /// Makes the response.
    ///
    /// # Errors
    /// A value that cannot be written down; an [`Error`](crate::Error) that is to be answered.
    fn into_response(self) -> Result<Response>;
}

impl IntoResponse for Response {
    fn into_response(self) -> Result<Response> {
        Ok(self)
    }
}

/// 204 No Content.
impl IntoResponse for () {
    fn into_response(self) -> Result<Response> {
        Ok(Response::new(204))
    }
}

impl IntoResponse for &'static str {
    fn into_response(self) -> Result<Response> {
        Ok(Response::new(200).typed("text/plain; charset=utf-8", self))
    }
}

impl IntoResponse for String {
    fn into_response(self) -> Result<Response> {
        Ok(Response::new(200).typed("text/plain; charset=utf-8", self))
    }
}

impl IntoResponse for Cow<'static, str> {
    fn into_response(self) -> Result<Response> {
        self.into_owned().into_response()
    }
}

impl IntoResponse for Vec<u8> {
    fn into_response(self) -> Result<Response> {
        Ok(Response::new(200).typed("application/octet-stream", self))
    }
}

impl IntoResponse for Body {
    fn into_response(self) -> Result<Response> {
        Ok(Response::new(200).typed("application/octet-stream", self))
    }
}

impl<T: serde::Serialize> IntoResponse for Json<T> {
    #[track_caller]
    fn into_response(self) -> Result<Response> {
        Response::new(200).json(&self.0)
    }
}

/// 404 `not_found` when there is nothing.
impl<T: IntoResponse> IntoResponse for Option<T> {
    #[track_caller]
    fn into_response(self) -> Result<Response> {
        match self {
            Some(answer) => answer.into_response(),
            None => Err(crate::Error::not_found("there is no such thing")),
        }
    }
}

/// The same response with another status.
impl<T: IntoResponse> IntoResponse for (u16, T) {
    #[track_caller]
    fn into_response(self) -> Result<Response> {
        Ok(self.1.into_response()?.status(self.0))
    }
}

/// What a handler's return value comes to. `None` means: answered already, through a [`Writer`](crate::Writer).
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a handler cannot return `{Self}`",
    label = "no response can be made of this",
    note = "return `Json<T>`, text, `Vec<u8>`, `()`, `Option<…>`, `Response`, `Body`, `(u16, …)`, or a `Result` of one of these",
    note = "for `Json<T>`, `T` must derive `Serialize`; the error of a `Result` must be `Error` or convert into it",
    note = "a handler that streams its reply returns `Result<Streamed>`: what `Writer::finish` gave"
)]
pub trait Answer {
    /// Of an error that the handler returned as it was, the log has the place of the handler.
    #[track_caller]
    fn answer(self) -> Result<Option<Response>>;
}

impl<T: IntoResponse> Answer for T {
    fn answer(self) -> Result<Option<Response>> {
        self.into_response().map(Some)
    }
}

impl Answer for Streamed {
    fn answer(self) -> Result<Option<Response>> {
        Ok(None)
    }
}

impl<T: Answer, E: Into<crate::Error>> Answer for std::result::Result<T, E> {
    fn answer(self) -> Result<Option<Response>> {
        match self {
            Ok(answer) => answer.answer(),
            Err(error) => Err(error.into()),
        }
    }
}
