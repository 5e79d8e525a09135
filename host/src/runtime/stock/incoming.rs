//! A request as `wasi:http` has it.

use std::sync::{Arc, OnceLock};

use futures_util::TryStreamExt;
use http::{HeaderMap, Request, Uri, header::HOST, uri::Authority};
use http_body::Frame;
use http_body_util::{BodyExt, Empty, Full, StreamBody};
use wasmtime_wasi_http::{Error, WasiBody};

use super::{super::outcome::Failure, identity::identify};
use crate::{caller::Caller, reader::ReadError, runtime::call};

/// What a component is told where the client said nothing of use: `wasi:http` knows no request without an authority.
const NOWHERE: Authority = Authority::from_static("localhost");

/// Everything a component's request is made of.
pub(in crate::runtime) struct Incoming<'a> {
    pub(in crate::runtime) caller: &'a Caller,
    pub(in crate::runtime) request_id: &'a str,
    pub(in crate::runtime) method: String,
    pub(in crate::runtime) path_with_query: String,
    pub(in crate::runtime) headers: HeaderMap,
    pub(in crate::runtime) authority: Option<Authority>,
    pub(in crate::runtime) secure: bool,
    pub(in crate::runtime) body: call::Incoming,
}

/// A request that a component can be given.
pub(in crate::runtime) struct Incame {
    pub(super) request: Request<WasiBody>,
    pub(super) secure: bool,
    pub(super) broken: Broken,
}

/// What ended the request's body before its end, once the component was told.
#[derive(Debug, Clone, Default)]
pub(super) struct Broken(Arc<OnceLock<ReadError>>);

impl Broken {
    /// What the caller is answered then.
    pub(super) fn failure(&self) -> Option<Failure> {
        Some(match *self.0.get()? {
            ReadError::TooLarge { asked, allowed } => Failure::BodyTooLarge { asked, allowed },
            why => Failure::BodyLost(why),
        })
    }

    fn note(&self, why: ReadError) -> Error {
        // A body that failed stays failed with the same cause.
        let _ = self.0.set(why);
        why.into()
    }
}

impl Incoming<'_> {
    /// Fails when the parts do not make a URL, which the stops before have seen to.
    pub(in crate::runtime) fn into_request(self) -> Result<Incame, http::Error> {
        let Self { caller, request_id, method, path_with_query, mut headers, authority, secure, body } = self;
        let asked = || headers.get(HOST).and_then(|host| host.to_str().ok()?.parse().ok());
        let authority = authority.or_else(asked).unwrap_or(NOWHERE);
        let scheme = if secure { "https" } else { "http" };
        let uri = Uri::builder().scheme(scheme).authority(authority).path_and_query(path_with_query).build()?;
        identify(&mut headers, caller, request_id);
        let broken = Broken::default();
        let mut request = Request::builder().method(method.as_str()).uri(uri).body(readable(body, broken.clone()))?;
        *request.headers_mut() = headers;
        Ok(Incame { request, secure, broken })
    }
}

fn readable(body: call::Incoming, broken: Broken) -> WasiBody {
    match body {
        call::Incoming::Empty => Empty::new().map_err(Error::from).boxed_unsync(),
        call::Incoming::Bytes(bytes) => Full::new(bytes).map_err(Error::from).boxed_unsync(),
        call::Incoming::Reader(reader) => {
            let chunks = reader.into_chunks().map_ok(Frame::data).map_err(move |why| broken.note(why));
            StreamBody::new(chunks).boxed_unsync()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn uri(authority: Option<&'static str>, host: Option<&'static str>, secure: bool) -> String {
        let caller = Caller::anonymous(Ipv4Addr::LOCALHOST.into());
        let headers = host.map(|host| (HOST, http::HeaderValue::from_bytes(host.as_bytes()).unwrap())).into_iter().collect();
        let incoming = Incoming {
            caller: &caller,
            request_id: "r1",
            method: "GET".into(),
            path_with_query: "//a%20b?c=d".into(),
            headers,
            authority: authority.map(Authority::from_static),
            secure,
            body: call::Incoming::Empty,
        };
        incoming.into_request().unwrap_or_else(|error| panic!("{error}")).request.uri().to_string()
    }

    #[test]
    fn every_request_has_an_authority() {
        for (authority, host, expected) in [
            (None, Some("notes.example:81"), "http://notes.example:81//a%20b?c=d"),
            (Some("notes.example"), Some("other"), "http://notes.example//a%20b?c=d"),
            (None, Some("no host"), "http://localhost//a%20b?c=d"),
            (None, Some("\u{5f20}"), "http://localhost//a%20b?c=d"),
            (None, None, "http://localhost//a%20b?c=d"),
        ] {
            assert_eq!(uri(authority, host, false), expected);
        }
        assert_eq!(uri(None, Some("a"), true), "https://a//a%20b?c=d");
    }
}
