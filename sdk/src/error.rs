//! One error type with two meanings: an answer to the caller, or a failure of the plugin.

use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::panic::Location;
use std::time::Duration;

use crate::response::Response;

/// A `Result` whose error is [`Error`], unless another one is named.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a handler has no ordinary answer.
///
/// * **An answer**: made by [`Error::not_found`] and its siblings. The caller gets that status and
///   `{"error":{"code":"not_found","message":"…"}}`.
/// * **A failure**: a host call that failed, or any `std::error::Error` that came through `?`. The caller gets 502 (503 with
///   `Retry-After` where a delay is known) without the text, which goes to the operator's log. Of an error that came through `?`
///   the log also has the place: `invalid digit found in string (src/lib.rs:12)`.
///
/// Like `anyhow::Error` it does not implement `std::error::Error` itself, so that `?` can convert every type that does.
/// A `Box<dyn std::error::Error>` does not implement it either, and says in a `map_err` what it becomes:
///
/// ```
/// use wharf_sdk::prelude::*;
///
/// # fn load() -> Result<String, Box<dyn std::error::Error + Send + Sync>> { Err("out of paper".into()) }
/// #[get("/report")]
/// fn report() -> Result<String> {
///     let text = load().map_err(|error| Error::failure("report.failed", error.to_string()))?;
///     Ok(text)
/// }
/// # service!(report);
/// # fn main() {
/// # let response = wharf_sdk::testing::TestHost::new(routes()).get("/report");
/// # assert_eq!(response.failure().unwrap().to_string(), "report.failed: out of paper");
/// # }
/// ```
pub struct Error(Box<Inner>);

// Boxed: a `Result<T, Error>` stays a word wide beside its `T`, on a path where errors are rare.
struct Inner {
    code: Cow<'static, str>,
    message: String,
    /// The status of an answer; a failure has none.
    status: Option<u16>,
    retry_after: Option<Duration>,
    /// Where `?` made it of another error. Not in the message: a plugin may show that to a caller.
    at: Option<&'static Location<'static>>,
}

/// The code of a failure that came from Rust code rather than from the host.
const PLUGIN_FAILED: &str = "plugin.failed";

impl Error {
    /// An answer with any status. `code` is the stable word a program looks at, `message` the sentence a person reads.
    #[must_use]
    pub fn status(status: u16, code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::new(code.into(), message.into(), Some(status))
    }

    /// 400 `bad_request`.
    #[must_use]
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::status(400, "bad_request", message)
    }

    /// 401 `unauthorized`: the caller has to prove who it is.
    #[must_use]
    pub fn unauthorized(message: impl Into<String>) -> Self {
        Self::status(401, "unauthorized", message)
    }

    /// 403 `forbidden`: the caller is known, and may not.
    #[must_use]
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::status(403, "forbidden", message)
    }

    /// 404 `not_found`.
    #[must_use]
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::status(404, "not_found", message)
    }

    /// 409 `conflict`.
    #[must_use]
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::status(409, "conflict", message)
    }

    /// 429 `too_many_requests`.
    #[must_use]
    pub fn too_many_requests(message: impl Into<String>) -> Self {
        Self::status(429, "too_many_requests", message)
    }

    /// A failure: the plugin could not do its work. `code` is stable and dotted, like the host's own (`kv.unavailable`); the
    /// message goes to the operator's log only.
    #[must_use]
    pub fn failure(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::new(code.into(), message.into(), None)
    }

    /// The same error, worth another try after `delay`: `Retry-After` says so, and a failure becomes 503 instead of 502.
    #[must_use]
    pub fn retry_after(mut self, delay: Duration) -> Self {
        self.0.retry_after = Some(delay);
        self
    }

    /// The stable code: `not_found`, `kv.conflict`, `http-out.timeout`, …
    #[must_use]
    pub fn code(&self) -> &str {
        &self.0.code
    }

    /// The text.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The status of an answer; `None` for a failure.
    #[must_use]
    pub fn answer_status(&self) -> Option<u16> {
        self.0.status
    }

    /// What becomes of it where there is nobody to answer: a failure in any case.
    pub(crate) fn fail(self) -> Failure {
        let Inner { code, mut message, retry_after, at, .. } = *self.0;
        if let Some(at) = at {
            message.push_str(&format!(" ({}:{})", at.file(), at.line()));
        }
        Failure { code: code.into_owned(), message, retry_after }
    }

    /// What becomes of it when a handler returns it: the response, or the failure the host is told of.
    pub(crate) fn settle(self) -> std::result::Result<Response, Failure> {
        let Some(status) = self.0.status else { return Err(self.fail()) };
        let Inner { code, message, retry_after, .. } = *self.0;
        let response = Response::error(status, &code, &message);
        Ok(match retry_after {
            Some(delay) => response.header("retry-after", whole_seconds(delay).to_string()),
            None => response,
        })
    }

    fn new(code: Cow<'static, str>, message: String, status: Option<u16>) -> Self {
        Self(Box::new(Inner { code, message, status, retry_after: None, at: None }))
    }

    /// The failure that an error of Rust code is, with the place of whoever called.
    #[track_caller]
    fn of(error: &dyn std::error::Error) -> Self {
        let mut failure = Self::failure(PLUGIN_FAILED, chain(error));
        failure.0.at = Some(Location::caller());
        failure
    }
}

/// Never less than was asked for: `Retry-After` knows whole seconds only.
pub(crate) fn whole_seconds(delay: Duration) -> u128 {
    delay.as_millis().div_ceil(1000)
}

/// A failure on its way to the host, or from it.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) retry_after: Option<Duration>,
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        let Failure { code, message, retry_after } = failure;
        Self(Box::new(Inner { code: Cow::Owned(code), message, status: None, retry_after, at: None }))
    }
}

impl<E: std::error::Error + 'static> From<E> for Error {
    // The place of the `?`. It costs where an error is made, and nothing where none is.
    #[track_caller]
    fn from(error: E) -> Self {
        // An `Error` that travelled through `std::io` (a body behind `Read`, a reply behind `Write`) comes back as itself.
        let mut slot = Some(error);
        if let Some(io) = (&mut slot as &mut dyn Any).downcast_mut::<Option<std::io::Error>>() {
            return match io.take().map(std::io::Error::downcast::<Carried>) {
                Some(Ok(Carried(error))) => error,
                Some(Err(io)) => Self::of(&io),
                None => Self::failure(PLUGIN_FAILED, ""),
            };
        }
        match slot {
            Some(error) => Self::of(&error),
            None => Self::failure(PLUGIN_FAILED, ""),
        }
    }
}

/// `Display` is one level; the log wants all of them.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.code, self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Error");
        if let Some(status) = self.0.status {
            out.field("status", &status);
        }
        out.field("code", &self.0.code).field("message", &self.0.message).finish()
    }
}

/// An [`Error`] inside an `io::Error`.
pub(crate) struct Carried(pub(crate) Error);

impl std::error::Error for Carried {}

impl fmt::Display for Carried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Carried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<Error> for std::io::Error {
    fn from(error: Error) -> Self {
        std::io::Error::other(Carried(error))
    }
}
