//! Other servers, as the tests tell of them.

use std::rc::Rc;
use std::time::Duration;

use super::current::{Current, failure};
use crate::error::Failure;
use crate::http::Outgoing;
use crate::{Headers, Response, Result};

/// A request the plugin sent to another server.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The method.
    pub method: String,
    /// The whole URL.
    pub url: String,
    /// The headers.
    pub headers: Headers,
    /// The body, read to its end.
    pub body: Vec<u8>,
    /// How long the plugin would wait for the head of the response.
    pub timeout: Option<Duration>,
}

/// An answer for all URLs that begin so.
pub(crate) struct Fake {
    pub(crate) url: String,
    pub(crate) answer: Rc<Answer>,
}

type Answer = dyn Fn(&Sent) -> Result<Response>;

pub(crate) fn send(current: &Current, request: Outgoing) -> Result<Response, Failure> {
    let Outgoing { method, url, headers, body, timeout } = request;
    if !(url.starts_with("http://") || url.starts_with("https://")) {
        return Err(failure("http-out.invalid", format!("`{url}` is not an http or https URL")));
    }
    // The answer runs without the state borrowed: it may look at the host it belongs to.
    let fake = current.state.borrow().fakes.iter().find(|fake| url.starts_with(&fake.url)).map(|fake| fake.answer.clone());
    let Some(answer) = fake else {
        return Err(failure("http-out.denied", format!("no answer for `{url}`; tell the host of it with `TestHost::http`")));
    };
    let body = match body.collect(usize::MAX) {
        Ok(body) => body.unwrap_or_default(),
        Err(error) => return Err(failure("http-out.failed", format!("the body broke off: {error}"))),
    };
    answer(&Sent { method, url, headers: Headers(headers), body, timeout })
        .map_err(|error| failure(error.code(), error.message()))
}
