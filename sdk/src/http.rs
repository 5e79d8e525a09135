//! Requests to other servers, to granted hosts only: `http::get(url)?`.
//!
//! ```
//! use wharf_sdk::prelude::*;
//!
//! #[derive(Deserialize, Serialize)]
//! struct Rate {
//!     value: f64,
//! }
//!
//! #[get("/rate/{currency}")]
//! fn rate(currency: String) -> Result<Json<Rate>> {
//!     http::get(format!("https://rates.example/v1/{currency}"))?.success()?.json().map(Json)
//! }
//! # fn main() {}
//! ```
//!
//! A request needs the host in the manifest's `[permissions.required.http-out]` and in the operator's grant. A credential for
//! that host is best left to the operator, who can have it injected as a header: then it never enters the plugin.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Body, Error, Headers, Result, sys};

/// Sends a `GET`, and returns when the response's head is there.
///
/// # Errors
/// As [`Outgoing::send`].
pub fn get(url: impl Into<String>) -> Result<Incoming> {
    request("GET", url).send()
}

/// Sends a `POST` with this body, and returns when the response's head is there. For JSON: [`request`] and [`Outgoing::json`].
///
/// # Errors
/// As [`Outgoing::send`].
pub fn post(url: impl Into<String>, body: impl Into<Body>) -> Result<Incoming> {
    request("POST", url).body(body).send()
}

/// A request to be completed and sent.
pub fn request(method: impl Into<String>, url: impl Into<String>) -> Outgoing {
    Outgoing { method: method.into(), url: url.into(), headers: Vec::new(), body: Body::empty(), timeout: None }
}

/// A request to another server.
#[derive(Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct Outgoing {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Body,
    pub(crate) timeout: Option<Duration>,
}

impl Outgoing {
    /// With a header more, beside those of the same name.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.to_ascii_lowercase(), value.as_ref().to_vec()));
        self
    }

    /// With this body. The body of the call's own request is passed on by the host, not through the plugin.
    pub fn body(mut self, body: impl Into<Body>) -> Self {
        self.body = body.into();
        self
    }

    /// With this value as its JSON body, and the content type that says so.
    ///
    /// # Errors
    /// A value that JSON has no form for.
    #[track_caller]
    pub fn json(self, value: &impl Serialize) -> Result<Self> {
        Ok(self.header("content-type", "application/json").body(serde_json::to_vec(value)?))
    }

    /// How long to wait for the response's head. The call's own deadline stands above it.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sends it, and returns when the response's head is there. Any status is a response: see [`Incoming::success`].
    ///
    /// # Errors
    /// `http-out.denied` (host, method or address not granted), `http-out.invalid`, `http-out.timeout`, `http-out.failed`.
    pub fn send(self) -> Result<Incoming> {
        Ok(Incoming(sys::http::send(self)?))
    }
}

/// A response of another server: its head, and the body behind it.
#[derive(Debug)]
pub struct Incoming(sys::http::Incoming);

impl Incoming {
    /// The status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.0.status()
    }

    /// Itself, if its status is 200–299.
    ///
    /// # Errors
    /// `http-out.status` else: what the other server refused is a failure of this plugin, unless it looks at
    /// [`Incoming::status`] and decides otherwise.
    pub fn success(self) -> Result<Self> {
        let status = self.status();
        if (200..300).contains(&status) {
            return Ok(self);
        }
        Err(Error::failure("http-out.status", format!("the other server answered {status}")))
    }

    /// The first value of a header, if it is UTF-8; names match without regard to case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        String::from_utf8(self.0.header(name)?).ok()
    }

    /// All headers.
    #[must_use]
    pub fn headers(&self) -> Headers {
        Headers(self.0.headers())
    }

    /// The body: to be read, or handed on as the body of the response.
    #[must_use]
    pub fn into_body(self) -> Body {
        self.0.into_body()
    }

    /// The whole body, if it is at most `limit` bytes.
    ///
    /// # Errors
    /// `http-out.too-large` (there is more), `body.gone` (the other server broke off).
    pub fn into_bytes(self, limit: usize) -> Result<Vec<u8>> {
        // For a request's body that is the caller's mistake; here it is not.
        let too_large = || Error::failure("http-out.too-large", format!("the other server sent more than {limit} bytes"));
        self.into_body().collect(limit)?.ok_or_else(too_large)
    }

    /// The whole body read as JSON, of at most 8 MiB. For another limit: [`Incoming::into_bytes`].
    ///
    /// # Errors
    /// As [`Incoming::into_bytes`]; `plugin.failed` when it is not such JSON.
    #[track_caller]
    pub fn json<T: DeserializeOwned>(self) -> Result<T> {
        Ok(serde_json::from_slice(&self.into_bytes(JSON_LIMIT)?)?)
    }
}

/// An eighth of the memory a plugin has by default: the parsed value is larger than its text.
const JSON_LIMIT: usize = 8 << 20;
