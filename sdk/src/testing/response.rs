//! The response as the caller of the service sees it.

use serde::de::DeserializeOwned;

use super::current::failure;
use super::streams::{FakeCall, at_once, valid_head};
use crate::body::Inner;
use crate::error::{Failure, whole_seconds};
use crate::{Error, Headers, Response};

/// What the host counts for a header beside its name and value.
const HEADER: usize = 48;

/// A response, complete.
#[derive(Debug)]
pub struct TestResponse {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: Headers,
    /// The body.
    pub body: Vec<u8>,
    /// Whether the connection was cut before the body's end: a streamed reply that was not finished.
    pub cut: bool,
    failure: Option<Error>,
}

impl TestResponse {
    /// The first value of a header, if it is UTF-8; names match without regard to case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)
    }

    /// The body as text.
    ///
    /// # Panics
    /// When it is not UTF-8.
    #[must_use]
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap_or_else(|error| panic!("the body is not text ({error}): {:?}", self.body))
    }

    /// The body as JSON, for instance as a `serde_json::Value`.
    ///
    /// # Panics
    /// When it is not such JSON.
    #[must_use]
    pub fn json<T: DeserializeOwned>(&self) -> T {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("the body is not the expected JSON ({error}): {self:?}"))
    }

    /// What the plugin failed with, where the host answered 502 or 503 for it or cut the connection: the text of the operator's
    /// log, which no caller sees.
    #[must_use]
    pub fn failure(&self) -> Option<&Error> {
        self.failure.as_ref()
    }

    /// An answer of the host, given without or instead of the plugin.
    pub(crate) fn of_host(status: u16) -> Self {
        Self { status, headers: Headers::default(), body: Vec::new(), cut: false, failure: None }
    }

    pub(crate) fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.0.push((name.to_owned(), value.as_bytes().to_vec()));
        self
    }

    pub(crate) fn without_body(mut self) -> Self {
        self.body.clear();
        self
    }

    fn failed(failure: Failure) -> Self {
        let response = match failure.retry_after {
            Some(delay) => Self::of_host(503).with_header("retry-after", &whole_seconds(delay).to_string()),
            None => Self::of_host(502),
        };
        Self { failure: Some(failure.into()), ..response }
    }
}

/// What becomes of the handler's outcome: a head that was sent stands, whatever the handler did afterwards.
pub(crate) fn finish(outcome: Result<Option<Response>, Failure>, call: &FakeCall) -> TestResponse {
    let Some(reply) = call.reply() else {
        return match outcome {
            Ok(Some(response)) => returned(response),
            Ok(None) => {
                TestResponse::failed(failure("plugin.invalid", "the handler answered neither by its return nor by a reply"))
            }
            Err(failure) => TestResponse::failed(failure),
        };
    };
    let failure = match outcome {
        Ok(None) => None,
        Ok(Some(_)) => Some(failure("plugin.invalid", "the handler started a reply, and then returned another answer")),
        Err(failure) => Some(failure),
    };
    let reply = reply.borrow();
    let failure = reply.ended.clone().or(failure);
    TestResponse {
        status: reply.status,
        headers: Headers(reply.headers.clone()),
        body: reply.body.clone(),
        cut: !reply.finished || reply.ended.is_some(),
        failure: failure.map(Into::into),
    }
}

fn returned(response: Response) -> TestResponse {
    if let Err(failure) = at_once("the response", weight(&response)) {
        return TestResponse::failed(failure);
    }
    let Response { status, headers, body } = response;
    if let Err(why) = valid_head(status, &headers) {
        return TestResponse::failed(failure("plugin.invalid", why));
    }
    let headers = Headers(headers);
    // A reader that was handed back: the host pumps it, and cuts the connection when it fails.
    match body.collect(usize::MAX) {
        Ok(body) => TestResponse { status, headers, body: body.unwrap_or_default(), cut: false, failure: None },
        Err(error) => TestResponse { status, headers, body: Vec::new(), cut: true, failure: Some(error) },
    }
}

/// What the host takes at once of a response: a reader's bytes do not count, it fetches them later.
fn weight(response: &Response) -> usize {
    let head: usize = response.headers.iter().map(|(name, value)| HEADER + name.len() + value.len()).sum();
    head + match &response.body.0 {
        Inner::Bytes { bytes, at } => bytes.len() - at,
        Inner::Empty | Inner::Reader(_) => 0,
    }
}
