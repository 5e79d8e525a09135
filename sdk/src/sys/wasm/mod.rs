//! Over the generated bindings. Records are moved, not copied; the compiler sees through most of it.

mod capabilities;
mod lifecycle;
mod platform;

use std::time::Duration;

pub(crate) use capabilities::{clock, config, http, kv, log, secrets};
pub(crate) use platform::{app_users, apps, mail, subscriptions};

use crate::allocator::running;
use crate::bindings::exports::wharf::service::handler::Guest;
use crate::bindings::wharf::service::types as wit;
use crate::body::{Body, Inner};
use crate::caller::{App, AppUser, Caller, Scheme};
use crate::error::Failure;
use crate::request::Request;
use crate::response::Response;
use crate::route::{self, Plugin};

impl<P: Plugin> Guest for P {
    fn handle(caller: wit::Caller, request: wit::Request, call: &wit::Call) -> Result<Option<wit::Response>, wit::Error> {
        let wit::Request { method, path_with_query, route, params, body } = request;
        let request = Request {
            method,
            path_with_query,
            route,
            params,
            body: Some(body.into()),
            caller: Some(caller.into()),
            call: crate::Call(Call(call)),
        };
        match running(|| route::handle(P::ROUTES, request)) {
            Ok(response) => Ok(response.map(Into::into)),
            Err(failure) => Err(failure.into()),
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Call<'a>(&'a wit::Call);

impl Call<'_> {
    pub(crate) fn header(&self, name: &str) -> Option<Vec<u8>> {
        self.0.header(name)
    }

    pub(crate) fn headers(&self) -> Vec<(String, Vec<u8>)> {
        self.0.headers()
    }

    pub(crate) fn remaining_ms(&self) -> u64 {
        self.0.remaining_ms()
    }

    pub(crate) fn start_reply(&self, status: u16, headers: Vec<(String, Vec<u8>)>) -> Result<Writer, Failure> {
        Ok(Writer(self.0.start_reply(status, &headers)?))
    }
}

#[derive(Debug)]
pub(crate) struct Reader(wit::BodyReader);

impl Reader {
    pub(crate) fn length(&self) -> Option<u64> {
        self.0.length()
    }

    pub(crate) fn read(&mut self, max: u32) -> Result<Option<Vec<u8>>, Failure> {
        Ok(self.0.read(max)?)
    }
}

#[derive(Debug)]
pub(crate) struct Writer(wit::Writer);

impl Writer {
    pub(crate) fn write(&self, bytes: &[u8]) -> Result<(), Failure> {
        Ok(self.0.write(bytes)?)
    }

    pub(crate) fn finish(self) -> Result<(), Failure> {
        Ok(wit::Writer::finish(self.0)?)
    }
}

impl From<wit::Error> for Failure {
    fn from(error: wit::Error) -> Self {
        let wit::Error { code, message, retry_after_ms } = error;
        Self { code, message, retry_after: retry_after_ms.map(Duration::from_millis) }
    }
}

impl From<Failure> for wit::Error {
    fn from(failure: Failure) -> Self {
        let Failure { code, message, retry_after } = failure;
        let retry_after_ms = retry_after.map(|delay| u64::try_from(delay.as_millis()).unwrap_or(u64::MAX));
        Self { code, message, retry_after_ms }
    }
}

impl From<wit::Body> for Body {
    fn from(body: wit::Body) -> Self {
        match body {
            wit::Body::Empty => Self::empty(),
            wit::Body::Bytes(bytes) => bytes.into(),
            wit::Body::Reader(reader) => Self::reader(Reader(reader)),
        }
    }
}

impl From<Body> for wit::Body {
    fn from(body: Body) -> Self {
        match body.0 {
            Inner::Empty => Self::Empty,
            Inner::Bytes { bytes, at: 0 } => Self::Bytes(bytes),
            Inner::Bytes { bytes, at } => Self::Bytes(bytes[at..].to_vec()),
            Inner::Reader(reader) => Self::Reader(reader.0),
        }
    }
}

impl From<Response> for wit::Response {
    fn from(response: Response) -> Self {
        let Response { status, headers, body } = response;
        Self { status, headers, body: body.into() }
    }
}

impl From<wit::Caller> for Caller {
    fn from(caller: wit::Caller) -> Self {
        let wit::Caller { scheme, app, user, scopes, request_id } = caller;
        let app = app.map(Into::into);
        let user =
            user.map(|wit::AppUser { id, account, name, authenticated_by }| AppUser { id, account, name, authenticated_by });
        Self { scheme: scheme.into(), app, user, scopes, request_id }
    }
}

impl From<wit::App> for App {
    fn from(app: wit::App) -> Self {
        let wit::App { key, id } = app;
        Self { key, id }
    }
}

impl From<wit::Scheme> for Scheme {
    fn from(scheme: wit::Scheme) -> Self {
        match scheme {
            wit::Scheme::Anonymous => Self::Anonymous,
            wit::Scheme::OceanAuth => Self::OceanAuth,
            wit::Scheme::Bearer => Self::Bearer,
            wit::Scheme::Ticket => Self::Ticket,
            wit::Scheme::Session => Self::Session,
            wit::Scheme::Device => Self::Device,
            wit::Scheme::Console => Self::Console,
            wit::Scheme::Webhook => Self::Webhook,
            wit::Scheme::Host => Self::Host,
            wit::Scheme::Other => Self::Other,
        }
    }
}
