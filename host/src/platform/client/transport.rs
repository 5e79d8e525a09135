//! How a call reaches the platform: over the network, or within this process.

use std::{convert::Infallible, time::Duration};

use axum::{Router, body::Body};
use bytes::Bytes;
use http::{
    HeaderValue, Method, StatusCode,
    header::{CONTENT_LENGTH, CONTENT_TYPE},
};
use http_body_util::BodyExt as _;
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use reqwest::redirect;

use super::{PlatformError, envelope::Failed, token::AccessToken};
use crate::platform::ServiceIdentity;

/// Of every request, those without a body included: that is how the reference has it.
const JSON: HeaderValue = HeaderValue::from_static("application/json;charset=utf-8");
const ACCESS_TOKEN: &str = "accesstoken";

/// A server that is there answers a connection attempt within seconds, from anywhere.
const CONNECT: Duration = Duration::from_secs(5);
/// Connections that wait for the next call.
const IDLE_CONNECTIONS: usize = 32;
/// Servers commonly close idle connections after a minute; being earlier avoids the race.
const IDLE: Duration = Duration::from_secs(30);

/// A call on its way.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) method: Method,
    /// Path and query.
    pub(super) target: String,
    /// Empty where there is none.
    pub(super) body: Bytes,
    /// The most bytes of the answer that are read.
    pub(super) limit: usize,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: Vec<u8>,
    /// Whether there was more than the limit.
    pub(super) cut: bool,
    /// What was shown with the call, and must not be seen in anything that is said of it.
    pub(super) token: Option<HeaderValue>,
}

/// Where one service's calls go.
#[derive(Debug)]
pub(super) enum Transport {
    Remote(Remote),
    Embedded(InProcess),
}

/// A platform elsewhere.
#[derive(Debug)]
pub(super) struct Remote {
    /// All services share its connections.
    http: reqwest::Client,
    /// Scheme, host and port.
    base: String,
    token: AccessToken,
}

/// The platform in this host, as one service sees it. Whom the service is, it knows from [`ServiceIdentity`].
#[derive(Debug)]
pub(super) struct InProcess {
    pub(super) router: Router,
    pub(super) service: String,
}

/// Makes the client for a platform elsewhere: without proxies of the environment, which nobody configured, and without
/// redirects, which could carry the token away. Blocking: reads the system's root certificates.
pub(super) fn client(base: &str) -> Result<reqwest::Client, String> {
    let tls = base.starts_with("https:");
    let builder = reqwest::Client::builder()
        .no_proxy()
        .redirect(redirect::Policy::none())
        .referer(false)
        .https_only(tls)
        .connect_timeout(CONNECT)
        .pool_max_idle_per_host(IDLE_CONNECTIONS)
        .pool_idle_timeout(IDLE)
        .user_agent(concat!("wharf/", env!("CARGO_PKG_VERSION")));
    // To this machine itself nothing is encrypted, so no certificates need to be looked for.
    let builder = if tls { builder } else { builder.tls_certs_only([]) };
    builder.build().map_err(|error| causes(&error))
}

impl Remote {
    pub(super) fn new(http: &reqwest::Client, base: &str, token: AccessToken) -> Self {
        Self { http: http.clone(), base: base.to_owned(), token }
    }

    async fn exchange(&self, request: &Request) -> Result<Answer, Failed> {
        let Request { method, target, body, limit } = request;
        let token = self.token.header().map_err(Failed::lasting)?;
        let mut asked = self.http.request(method.clone(), format!("{}{target}", self.base));
        asked = asked.header(ACCESS_TOKEN, token.clone()).header(CONTENT_TYPE, JSON);
        // A POST that says nothing of its body is refused by some servers.
        asked = match (body.is_empty(), method) {
            (false, _) => asked.body(body.clone()),
            (true, &Method::GET) => asked,
            (true, _) => asked.header(CONTENT_LENGTH, 0),
        };
        let response = asked.send().await.map_err(|error| Failed::passing(causes(&error.without_url())))?;
        let (status, body) = (response.status(), reqwest::Body::from(response));
        read(status, body, *limit, Some(token)).await
    }
}

impl InProcess {
    async fn exchange(&self, request: &Request) -> Result<Answer, Failed> {
        let Request { method, target, body, limit } = request;
        let asked = http::Request::builder()
            .method(method.clone())
            .uri(target.as_str())
            .header(CONTENT_TYPE, JSON)
            .header(CONTENT_LENGTH, body.len())
            .extension(ServiceIdentity(self.service.clone()))
            .body(Body::from(body.clone()))
            .map_err(|error| Failed::lasting(PlatformError::Unavailable(error.to_string())))?;
        let answered: Result<_, Infallible> = TowerToHyperService::new(self.router.clone()).call(asked).await;
        let Ok(response) = answered;
        read(response.status(), response.into_body(), *limit, None).await
    }
}

impl Transport {
    /// Sends the call and reads its answer, whatever that says. Dropping the future ends the exchange.
    pub(super) async fn exchange(&self, request: &Request) -> Result<Answer, Failed> {
        match self {
            Self::Remote(remote) => remote.exchange(request).await,
            Self::Embedded(here) => here.exchange(request).await,
        }
    }

    /// Reads the access token again, if there is one.
    pub(super) async fn refresh(&self) {
        if let Self::Remote(remote) = self {
            remote.token.refresh().await;
        }
    }
}

/// A body up to the limit.
async fn read<B>(status: StatusCode, mut body: B, limit: usize, token: Option<HeaderValue>) -> Result<Answer, Failed>
where
    B: http_body::Body<Data = Bytes, Error: std::error::Error> + Unpin,
{
    let mut read = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Failed::passing(format!("its answer broke off: {}", causes(&error))))?;
        let Ok(bytes) = frame.into_data() else { continue };
        let room = limit - read.len();
        read.extend_from_slice(&bytes[..bytes.len().min(room)]);
        if bytes.len() > room {
            return Ok(Answer { status, body: read, cut: true, token });
        }
    }
    Ok(Answer { status, body: read, cut: false, token })
}

/// The library's own words with all their causes. None of them has the address: the caller saw to that.
fn causes(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        words.push_str(": ");
        words.push_str(&next.to_string());
        cause = next.source();
    }
    words
}
