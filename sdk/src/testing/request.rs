//! A request of a test, and its way through the host.

use std::io::Read;
use std::time::Duration;

use super::host::TestHost;
use super::paths::{self, Matched};
use super::response::{self, TestResponse};
use super::streams::{FakeCall, FakeReader};
use crate::{Body, Call, Request, sys};

/// Bodies of known length up to this arrive as bytes.
const SMALL: usize = 64 << 10;

/// How long the host waits for an answer, unless a test says otherwise.
const PATIENCE: Duration = Duration::from_secs(10);

/// A request to the service: completed step by step, then sent.
#[must_use = "a request does nothing until it is sent"]
pub struct TestRequest {
    host: TestHost,
    method: String,
    path_with_query: String,
    headers: Vec<(String, Vec<u8>)>,
    body: TestBody,
    remaining: Duration,
}

enum TestBody {
    Bytes(Vec<u8>),
    Reader(Box<dyn Read>),
}

impl TestRequest {
    pub(crate) fn new(host: TestHost, method: &str, path: &str) -> Self {
        Self {
            host,
            method: method.to_ascii_uppercase(),
            path_with_query: path.to_owned(),
            headers: Vec::new(),
            body: TestBody::Bytes(Vec::new()),
            remaining: PATIENCE,
        }
    }

    /// With a header more. Headers that carry credentials or imitate the host's own do not reach the plugin.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let name = name.to_ascii_lowercase();
        let hidden =
            matches!(name.as_str(), "authorization" | "ocean-auth" | "accesstoken" | "cookie" | "forwarded" | "x-real-ip");
        if !hidden && !name.starts_with("x-wharf-") && !name.starts_with("x-forwarded-") {
            self.headers.push((name, value.as_ref().to_vec()));
        }
        self
    }

    /// With this body, whose length is announced.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = TestBody::Bytes(body.into());
        self
    }

    /// With this value as its JSON body.
    ///
    /// # Panics
    /// When JSON has no form for the value.
    pub fn json(self, value: &impl serde::Serialize) -> Self {
        let bytes = serde_json::to_vec(value).unwrap_or_else(|error| panic!("the test's value is not JSON: {error}"));
        self.header("content-type", "application/json").body(bytes)
    }

    /// With a body of unknown length. Where reading it fails, the sender has left.
    pub fn reader(mut self, body: impl Read + 'static) -> Self {
        self.body = TestBody::Reader(Box::new(body));
        self
    }

    /// How long the host still waits for the answer (else 10 s). It is told to the plugin; nobody enforces it here.
    pub fn remaining(mut self, remaining: Duration) -> Self {
        self.remaining = remaining;
        self
    }

    /// Sends it, and returns when the response is complete.
    #[must_use]
    pub fn send(self) -> TestResponse {
        let path = self.path_with_query.split('?').next().unwrap_or_default();
        let Some(path) = paths::decode(path) else { return TestResponse::of_host(400) };
        let (route, params) = match paths::find(self.host.routes, &self.method, &path) {
            Matched::None => return TestResponse::of_host(404),
            Matched::Methods(methods) => return TestResponse::of_host(405).with_header("allow", &methods.join(", ")),
            Matched::Route { route, params } => (route, params),
        };
        let Some(body) = incoming(self.body, self.host.body_limit) else { return TestResponse::of_host(413) };
        let call = FakeCall::new(self.headers, self.remaining);
        let request = Request {
            method: route.method().to_owned(),
            path_with_query: self.path_with_query,
            route: Some(route.pattern().to_owned()),
            params,
            body: Some(body),
            caller: Some(self.host.proven()),
            call: Call(sys::Call(&call)),
        };
        let outcome = self.host.run(|| crate::route::handle(self.host.routes, request));
        let response = response::finish(outcome, &call);
        if self.method == "HEAD" { response.without_body() } else { response }
    }
}

/// The body as the plugin gets it, or `None` where its announced length is over the limit.
fn incoming(body: TestBody, limit: Option<u64>) -> Option<Body> {
    let limit = limit.unwrap_or(u64::MAX);
    match body {
        TestBody::Bytes(bytes) if bytes.len() as u64 > limit => None,
        TestBody::Bytes(bytes) if bytes.len() <= SMALL => Some(bytes.into()),
        TestBody::Bytes(bytes) => {
            let length = bytes.len() as u64;
            Some(Body::reader(FakeReader::new(std::io::Cursor::new(bytes), Some(length), limit)))
        }
        TestBody::Reader(reader) => Some(Body::reader(FakeReader::new(reader, None, limit))),
    }
}
