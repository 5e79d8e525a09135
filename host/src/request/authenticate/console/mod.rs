//! Consoles: a developer of an app looks at what a back service keeps for that app.
//!
//! A console has a host name of its own, and only the routes with `auth = "console"` are there: so no page of another service,
//! and none of this service's own API, shares its origin. Whoever opens it comes from the platform with an auth code in the
//! query; the host exchanges that code once, puts a session into a cookie, and sends the browser on to the same page without
//! the code. From then on the cookie is the proof.
//!
//! Files stand in the order of travel: [`same_origin`] keeps other sites' pages from acting in a console; [`code`] takes the
//! auth code out of the query and [`exchange`] asks the platform for the app behind it; [`session`] finds sessions, and
//! [`cookie`] is how they travel.
//!
//! What it guarantees:
//! * A code opens one session, also when it comes twice at once or after a restart; and it never gets further than here.
//! * A session is 256 random bits, stored as its hash. It ends at its time, when nobody has used it for a while, or at
//!   `POST /.wharf/logout`, from the next request on.
//! * The plugin learns the app and nothing of code or cookie, and can neither set the cookie nor read it.

pub mod code;
pub mod cookie;
pub mod exchange;
pub mod same_origin;
pub mod session;
#[cfg(test)]
mod tests;

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use axum::{body::Body, response::Response};
use http::{
    HeaderValue, Method, StatusCode,
    header::{AUTHORIZATION, CACHE_CONTROL, LOCATION, REFERRER_POLICY, SET_COOKIE},
    request::Parts,
};
use std::net::IpAddr;

use self::{
    cookie::Cookie,
    exchange::{AuthCodes, Exchange, Exchanged},
    session::Sessions,
};
use super::OCEAN_AUTH;
use crate::{
    caller::{Caller, Scheme},
    config,
    request::{
        address::Addressed,
        budget::{Budgets, Spent},
        page,
        respond::Refusal,
    },
    store::{Store, sessions::Session},
    units::millis,
};

/// What the host keeps for itself of a console's paths.
pub const RESERVED: &str = "/.wharf/";
const LOGOUT: &str = "/.wharf/logout";
const LOGGED_OUT: &str = "/.wharf/logged-out";

/// Codes that one address may send: more than anybody clicks, and few enough that guessing one of 160 bits, or keeping the
/// platform busy, is hopeless.
const CODES_PER_SECOND: NonZeroU32 = NonZeroU32::new(5).unwrap();
const CODES_AT_ONCE: NonZeroU32 = NonZeroU32::new(50).unwrap();

/// Why a request may not enter a console. Each has a row in [`page`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// No cookie, or one that opens nothing here.
    NoSession(&'static str),
    /// The code opens nothing.
    Code(&'static str),
    /// The platform, or the way to it, failed; with the same code it may work later.
    Platform(&'static str),
    /// Something that changes things, and not from the console's own pages.
    CrossSite(&'static str),
    /// A credential of another scheme.
    OtherCredential,
    /// The session could not be looked up, or not stored.
    Store,
}

impl Refused {
    /// One word for each cause, for metrics.
    pub fn cause(self) -> &'static str {
        match self {
            Self::NoSession(_) => "no-session",
            Self::Code(_) => "bad-auth-code",
            Self::Platform(_) => "platform",
            Self::CrossSite(_) => "cross-site",
            Self::OtherCredential => "bad-credentials",
            Self::Store => "store",
        }
    }

    /// What exactly, for the log.
    pub fn detail(self) -> &'static str {
        match self {
            Self::NoSession(why) | Self::Code(why) | Self::Platform(why) | Self::CrossSite(why) => why,
            Self::OtherCredential => "a console takes its cookie and nothing else",
            Self::Store => "the store failed",
        }
    }
}

/// The console of one service. Lives as long as the host.
#[derive(Debug)]
pub struct Console {
    /// Its host name, in lower case, without port.
    pub host: String,
    cookie: Cookie,
    /// How long a session lasts at most, and unless it is used.
    lifetime: Duration,
    idle: Duration,
    /// The parameter of the query that carries the code, beside `authCode`.
    parameter: String,
    exchange: Exchange,
}

impl Console {
    /// The console that the configuration describes for `service`, if it describes one.
    pub fn new(config: &config::Config, service: &config::Service) -> Option<Self> {
        let host = service.console_host.clone()?;
        let parameter = config.platform.as_ref().map(|platform| platform.auth_code_parameter.clone()).unwrap_or_default();
        let cookie = Cookie::new(&service.key, config.listen.is_https());
        let (lifetime, idle) = (service.console_lifetime, service.console_idle);
        Some(Self { host, cookie, lifetime, idle, parameter, exchange: Exchange::default() })
    }

    /// Whether its cookie has no protection by name, because browsers come in clear text.
    pub fn is_plain(&self) -> bool {
        !self.cookie.is_secure()
    }
}

/// What all consoles share.
#[derive(Debug)]
pub struct Consoles {
    sessions: Sessions,
    platform: Option<Arc<dyn AuthCodes>>,
    codes: Budgets,
}

/// A request at a console's host name.
#[derive(Debug, Clone, Copy)]
pub struct Visit<'r> {
    pub request_id: &'r str,
    pub addressed: &'r Addressed<'r>,
    pub parts: &'r Parts,
    /// The client's, after trusted proxies.
    pub address: IpAddr,
    pub now_ms: u64,
}

/// What comes of a visit that is not refused.
#[derive(Debug)]
pub enum Entered {
    /// It is for the plugin.
    Caller(Caller),
    /// It was for the host.
    Answered(Response),
}

impl Consoles {
    /// `store` is where sessions are, and `platform` whom codes are shown to; without either no console can be opened.
    pub fn new(store: Option<Store>, platform: Option<Arc<dyn AuthCodes>>) -> Self {
        Self { sessions: Sessions::new(store), platform, codes: Budgets::new(CODES_PER_SECOND, CODES_AT_ONCE) }
    }

    /// Proves the caller, or answers what is the host's own: codes and logging out.
    ///
    /// Cancellation: harmless, but for a code that the platform was being shown: that one may be used up.
    pub async fn enter(&self, console: &Console, visit: Visit<'_>) -> Result<Entered, Refusal> {
        let Visit { parts, addressed, .. } = visit;
        same_origin::check(parts, console.cookie.is_secure()).map_err(|why| Refused::CrossSite(why.as_str()))?;
        if parts.headers.contains_key(AUTHORIZATION) || parts.headers.contains_key(OCEAN_AUTH) {
            return Err(Refused::OtherCredential.into());
        }
        if addressed.path.starts_with(RESERVED) {
            return self.reserved(console, visit).await.map(Entered::Answered);
        }
        match code::find(&parts.uri, &console.parameter) {
            None => {
                let session = self.session(console, visit).await?;
                self.sessions.used(&session, millis(console.idle), visit.now_ms).await;
                Ok(Entered::Caller(caller(&session, visit.address)))
            }
            Some(found) => {
                if parts.method != Method::GET {
                    return Err(Refusal::BadRequest("an auth code is taken by GET only"));
                }
                let code = found.code.map_err(Refused::Code)?;
                // Else a browser would take the path for another host's name.
                let rest = Some(found.rest).filter(|rest| !rest.starts_with("//"));
                let rest = rest.ok_or(Refusal::BadRequest("the path begins with two slashes"))?;
                self.open(console, visit, &code, &rest).await.map(Entered::Answered)
            }
        }
    }

    /// Forgets what is over. To be called every few seconds.
    pub async fn forget<'c>(&self, consoles: impl Iterator<Item = &'c Console>, now_ms: u64) {
        self.codes.forget_quiet();
        for console in consoles {
            console.exchange.forget(now_ms);
        }
        self.sessions.forget_over(now_ms).await;
    }

    async fn session(&self, console: &Console, visit: Visit<'_>) -> Result<Arc<Session>, Refused> {
        let token = console.cookie.read(&visit.parts.headers).map_err(Refused::NoSession)?;
        self.sessions.find(&visit.addressed.service.key, token, visit.now_ms).await
    }

    /// Shows the code to the platform, and sends the browser to the same page without it.
    async fn open(&self, console: &Console, visit: Visit<'_>, code: &str, rest: &str) -> Result<Response, Refusal> {
        let budget = self.codes.spend(&visit.addressed.service.key, &Caller::anonymous(visit.address));
        budget.map_err(|Spent { retry_after, asked, allowed }| Refusal::CallerBudget {
            limit: "auth-codes",
            retry_after,
            asked,
            allowed,
        })?;
        // Another app's, or no good any more: then the new one takes its place.
        let current = self.session(console, visit).await.ok();
        let mut response = see_other(rest);
        if let Exchanged::Opened(token) = self.exchange(console, visit, code, current.as_deref()).await? {
            response.headers_mut().insert(SET_COOKIE, console.cookie.set(&token, console.lifetime));
        }
        Ok(response)
    }

    /// The host's own paths.
    async fn reserved(&self, console: &Console, visit: Visit<'_>) -> Result<Response, Refusal> {
        let method = &visit.parts.method;
        match visit.addressed.path.as_str() {
            LOGOUT if method == Method::POST => {
                if let Ok(session) = self.session(console, visit).await {
                    self.sessions.end(&session, visit.now_ms).await?;
                    tracing::info!(
                        request_id = visit.request_id, service = session.service, app = session.app, address = %visit.address,
                        "a console was closed"
                    );
                }
                let mut response = see_other(LOGGED_OUT);
                response.headers_mut().insert(SET_COOKIE, console.cookie.clear());
                Ok(response)
            }
            LOGOUT => Err(Refusal::NoMethod { allow: "POST".to_owned() }),
            LOGGED_OUT if method == Method::GET || method == Method::HEAD => Ok(page::logged_out()),
            LOGGED_OUT => Err(Refusal::NoMethod { allow: "GET, HEAD".to_owned() }),
            _ => Err(Refusal::NoRoute),
        }
    }
}

fn caller(session: &Session, address: IpAddr) -> Caller {
    Caller {
        scheme: Scheme::Console,
        app: Some(session.app.clone()),
        app_id: Some(session.app_id.clone()),
        user: None,
        scopes: Vec::new(),
        address,
    }
}

/// To `rest` by GET, without telling where from, and remembered by nobody.
fn see_other(rest: &str) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    let headers = response.headers_mut();
    // A path that was received fits into a header again.
    headers.insert(LOCATION, HeaderValue::from_bytes(rest.as_bytes()).unwrap_or(HeaderValue::from_static("/")));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
