//! One request from the plugin's hand to the head of the response, redirects included.

use std::{sync::Arc, time::Duration};

use axum::body::Body;
use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, Method, StatusCode,
    header::{
        ACCEPT, ACCEPT_LANGUAGE, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HOST, LOCATION,
        USER_AGENT,
    },
};
use reqwest::Url;
use tokio::sync::OwnedSemaphorePermit;

use super::Opened;
use crate::{
    capabilities::Granted, reach::resolve::Forbidden, reader::ReadError, runtime::state::is_hop_by_hop, task::AbortOnDrop,
    units::show_duration,
};

/// How long a response head is waited for, unless the plugin says otherwise; the call's own deadline stands above it.
const PATIENCE: Duration = Duration::from_secs(30);
/// Redirects in a row; who needs more goes round in circles.
const MAX_REDIRECTS: usize = 5;
/// Longer URLs are refused by most servers.
const MAX_URL: usize = 8 << 10;
const MAX_HEADERS: usize = 128;

/// Nobody was reached, so nothing can have been done.
pub(super) const NO_CONNECTION: &str = "no connection could be made";

/// A request as the plugin made it.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Payload,
    pub(super) timeout: Duration,
    pub(super) redirects: Redirects,
}

/// What becomes of an answer that sends the request on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Redirects {
    /// The request goes on, judged anew.
    Follow,
    /// The plugin gets it.
    Return,
}

/// A request's body.
#[derive(Debug)]
pub(super) enum Payload {
    Empty,
    Bytes(Bytes),
    /// Can be sent once only.
    Stream(Body),
}

/// The head of a response, with the body behind it and the place among the plugin's exchanges that it takes.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) response: reqwest::Response,
    pub(super) place: OwnedSemaphorePermit,
}

/// Why there is no response. What the guest is told names no address, no secret and nothing of the host's network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Failed {
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error("{0}")]
    Invalid(String),
    #[error("the other server did not answer in time")]
    Timeout(Option<Cause>),
    #[error("{0}")]
    Broken(&'static str, Option<Cause>),
    /// The body that was to be sent on could not be read.
    #[error(transparent)]
    Body(ReadError),
}

/// What the log is told of a failure, and the guest is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cause {
    pub(super) host: String,
    pub(super) why: String,
}

impl Failed {
    /// What there is to say to the operator.
    pub(super) fn cause(&self) -> Option<&Cause> {
        match self {
            Self::Timeout(cause) | Self::Broken(_, cause) => cause.as_ref(),
            Self::Denied(_) | Self::Invalid(_) | Self::Body(_) => None,
        }
    }
}

/// A request that may not leave, or not go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub(super) struct Denied {
    pub(super) why: &'static str,
    pub(super) granted: Granted,
    /// What was judged, where that is not what the plugin asked for, but what it was redirected to.
    pub(super) redirected: Option<String>,
}

impl Denied {
    pub(super) fn new(why: &'static str, granted: Granted) -> Self {
        Self { why, granted, redirected: None }
    }

    /// Nothing is granted at all.
    pub(super) fn no_host() -> Self {
        Self::new("no host is granted: the manifest must ask for it and the operator must allow it", Granted::ByTable)
    }

    /// The same for what a redirect led to.
    fn redirected(self, method: &Method, url: &Url) -> Self {
        Self { redirected: Some(shown(method.as_str(), url)), ..self }
    }
}

/// Method, scheme, host and port, for the log: what follows in a URL may be a secret.
pub(super) fn shown(method: &str, url: &Url) -> String {
    format!("{method} {}", url.origin().ascii_serialization())
}

impl Outgoing {
    /// Makes a request of what the guest handed over.
    pub(super) fn new(
        method: &str,
        url: &str,
        headers: Vec<(String, Vec<u8>)>,
        body: Payload,
        timeout: Option<Duration>,
    ) -> Result<Self, Failed> {
        let invalid = |why: &str| Failed::Invalid(why.to_owned());
        // TRACE would show a plugin what was injected, CONNECT is for proxies.
        let method = Method::from_bytes(method.as_bytes())
            .ok()
            .filter(|method| ![Method::CONNECT, Method::TRACE].contains(method))
            .ok_or_else(|| invalid("the method is not one that can be sent"))?;
        if url.len() > MAX_URL {
            return Err(invalid("the URL is longer than 8 KiB"));
        }
        let url = Url::parse(url).map_err(|error| Failed::Invalid(format!("the URL is not valid: {error}")))?;
        fit(&url).map_err(invalid)?;
        let (headers, timeout) = (own_headers(headers)?, timeout.unwrap_or(PATIENCE));
        Ok(Self { method, url, headers, body, timeout, redirects: Redirects::Follow })
    }
}

/// Whether a URL is one that a request can go to.
fn fit(url: &Url) -> Result<(), &'static str> {
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        return Err("the URL is not one of http or https");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("the URL holds a user name or password; send a header instead");
    }
    Ok(())
}

/// The guest's headers without those that frame the request or belong to one hop: they are the host's.
fn own_headers(headers: Vec<(String, Vec<u8>)>) -> Result<HeaderMap, Failed> {
    if headers.len() > MAX_HEADERS {
        return Err(Failed::Invalid(format!("{} headers are more than {MAX_HEADERS}", headers.len())));
    }
    let mut own = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| Failed::Invalid("a header's name is not one".into()))?;
        let value = value.try_into().map_err(|_| Failed::Invalid(format!("the value of the header `{name}` is not one")))?;
        if !is_hop_by_hop(&name) && ![HOST, CONTENT_LENGTH, EXPECT].contains(&name) {
            own.append(name, value);
        }
    }
    Ok(own)
}

/// Sends the request and waits for the head of the response. Dropping the future ends the exchange.
pub(super) async fn exchange(opened: Arc<Opened>, request: Outgoing) -> Result<Answered, Failed> {
    let timeout = request.timeout;
    let late = Cause {
        host: request.url.host_str().unwrap_or_default().to_owned(),
        why: format!("no answer within {}", show_duration(timeout)),
    };
    let client = &opened.client;
    let exchange = {
        let opened = opened.clone();
        async move {
            let places = opened.client.places.clone();
            let place = places.acquire_owned().await.map_err(|_| Failed::Broken("the host is stopping", None))?;
            let response = travel(&opened, request).await?;
            Ok(Answered { response, place })
        }
    };
    let in_time = async move { tokio::time::timeout(timeout, exchange).await.unwrap_or(Err(Failed::Timeout(Some(late)))) };
    let task = client.runtime.spawn(in_time);
    let _abort = AbortOnDrop::new(task.abort_handle());
    task.await.unwrap_or(Err(Failed::Broken("the exchange was lost", None)))
}

/// From hop to hop, each judged by the same rules.
async fn travel(opened: &Opened, request: Outgoing) -> Result<reqwest::Response, Failed> {
    let Outgoing { mut method, mut url, mut headers, mut body, redirects, timeout: _ } = request;
    for hop in 0..=MAX_REDIRECTS {
        let here = |denied: Denied| if hop == 0 { denied } else { denied.redirected(&method, &url) };
        opened.rules.judge(&method, &url).map_err(here)?;
        let (now, again) = body.split();
        let mut sent = headers.clone();
        for (name, value) in opened.rules.injected.get(url.host_str().unwrap_or_default()).into_iter().flatten() {
            sent.insert(name.clone(), value.clone());
        }
        let mut request = opened.client.http.request(method.clone(), url.clone()).headers(sent);
        if let Some(now) = now {
            request = request.body(now);
        }
        let response = request.send().await.map_err(|error| match failed(&error) {
            Failed::Denied(denied) => here(denied).into(),
            failed => failed,
        })?;
        if redirects == Redirects::Return {
            return Ok(response);
        }
        let Some(next) = redirect(&response, &method, &url) else { return Ok(response) };
        match again {
            _ if next.method != method => {
                body = Payload::Empty;
                for name in [CONTENT_TYPE, CONTENT_ENCODING, CONTENT_LANGUAGE] {
                    headers.remove(name);
                }
            }
            Some(again) => body = again,
            // The body is gone; what to do about it the plugin must say.
            None => return Ok(response),
        }
        let never = |why| Denied::new(why, Granted::Never).redirected(&next.method, &next.url);
        if url.scheme() == "https" && next.url.scheme() != "https" {
            return Err(never("the other server redirects from https to http").into());
        }
        fit(&next.url).map_err(|_| never("the other server redirects to what is no server"))?;
        if next.url.origin() != url.origin() {
            keep_harmless(&mut headers);
        }
        (method, url) = (next.method, next.url);
    }
    Err(Denied::new("the other server redirects again and again", Granted::Never).into())
}

impl Payload {
    /// What is sent now, and the same for a next time if there can be one.
    fn split(self) -> (Option<reqwest::Body>, Option<Self>) {
        match self {
            Self::Empty => (None, Some(Self::Empty)),
            Self::Bytes(bytes) => (Some(bytes.clone().into()), Some(Self::Bytes(bytes))),
            Self::Stream(body) => (Some(reqwest::Body::wrap_stream(body.into_data_stream())), None),
        }
    }
}

struct Next {
    method: Method,
    url: Url,
}

/// Where a response sends the request on to, if it does.
fn redirect(response: &reqwest::Response, method: &Method, url: &Url) -> Option<Next> {
    let method = match response.status() {
        // As browsers do: a form that was posted is not posted again.
        StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND if *method == Method::POST => Method::GET,
        StatusCode::SEE_OTHER if *method != Method::HEAD => Method::GET,
        StatusCode::MOVED_PERMANENTLY
        | StatusCode::FOUND
        | StatusCode::SEE_OTHER
        | StatusCode::TEMPORARY_REDIRECT
        | StatusCode::PERMANENT_REDIRECT => method.clone(),
        _ => return None,
    };
    let location = response.headers().get(LOCATION)?.to_str().ok()?;
    Some(Next { method, url: url.join(location).ok()? })
}

/// What the plugin meant for one server goes to no other: only headers that carry no secret stay.
fn keep_harmless(headers: &mut HeaderMap) {
    const HARMLESS: [HeaderName; 6] = [ACCEPT, ACCEPT_LANGUAGE, CONTENT_TYPE, CONTENT_ENCODING, CONTENT_LANGUAGE, USER_AGENT];
    let others: Vec<HeaderName> = headers.keys().filter(|name| !HARMLESS.contains(name)).cloned().collect();
    for name in others {
        headers.remove(name);
    }
}

/// What kind of failure it was, for the guest, and the rest, for the log.
fn failed(error: &reqwest::Error) -> Failed {
    if let Some(Forbidden { inner }) = find(error) {
        let granted = if *inner { Granted::ByPrivate } else { Granted::Never };
        return Denied::new("the host resolves to no address that may be called", granted).into();
    }
    if let Some(why) = find::<ReadError>(error) {
        return Failed::Body(*why);
    }
    let mut causes = Vec::new();
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        causes.push(next.to_string());
        cause = next.source();
    }
    let host = error.url().and_then(Url::host_str).unwrap_or_default().to_owned();
    let cause = Some(Cause { host, why: causes.join(": ") });
    match error {
        error if error.is_timeout() => Failed::Timeout(cause),
        error if error.is_connect() => Failed::Broken(NO_CONNECTION, cause),
        _ => Failed::Broken("the exchange broke off", cause),
    }
}

/// The first cause of this type.
fn find<'a, T: std::error::Error + 'static>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}
