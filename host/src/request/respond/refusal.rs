//! Why a request went no further, and what the log says of it.

use crate::{
    codes::{self, Code},
    reader::TooSlow,
    request::{
        authenticate::{bearer::Reason, console::Refused},
        record::Record,
    },
};

/// Why a request went no further. Each has one row in [`refuse`](super::refuse).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    NoService,
    BadRequest(&'static str),
    /// An Ocean-Auth header was sent and is not valid.
    BadOceanAuth(&'static str),
    /// More than one credential was sent, or something that is none.
    BadCredentials(&'static str),
    /// Credentials of a scheme were sent that this host does not speak.
    OtherScheme,
    /// A bearer token was sent and opens nothing here, or could not be looked up.
    BadToken(Reason),
    /// No credential of a kind that the route takes was sent.
    Unproven {
        bearer_only: bool,
    },
    /// The caller is of another kind than the route needs.
    Forbidden {
        bearer: bool,
    },
    /// The caller lacks one of the scopes, which stand here with spaces between.
    InsufficientScope {
        needed: String,
    },
    /// A notice that names no message.
    BadNotice(&'static str),
    /// More notices than the service takes.
    NoticeRate {
        retry_after: std::time::Duration,
    },
    /// The store does not take what has to be kept.
    StoreFailed,
    /// The app has cancelled its subscription, or is not known to have one.
    NotSubscribed,
    NotReady,
    NoRoute,
    NoMethod {
        allow: String,
    },
    BodyTooLarge {
        asked: u64,
        allowed: u64,
    },
    HeadersTooLarge {
        /// Whether they are too long or too many.
        limit: &'static str,
        asked: u64,
        allowed: u64,
    },
    SlowBody {
        /// Which of the limits on its time.
        limit: &'static str,
    },
    NoPermit {
        /// Whose permits were all taken.
        of: &'static str,
        asked: u64,
        allowed: u64,
    },
    CallerBudget {
        /// Of what it had too many.
        limit: &'static str,
        retry_after: std::time::Duration,
        asked: u64,
        allowed: u64,
    },
    /// The console is not entered.
    Console(Refused),
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        Self::Console(refused)
    }
}

impl Refusal {
    /// For a request whose body ended with an error.
    pub fn broken_off(error: &(dyn std::error::Error + 'static)) -> Self {
        match TooSlow::limit_in(error) {
            Some(limit) => Self::SlowBody { limit },
            None => Self::BadRequest("the body broke off"),
        }
    }

    /// One word for each cause, for metrics and logs.
    pub fn cause(&self) -> &'static str {
        match self {
            Self::NoService => "no-service",
            Self::BadRequest(_) => "bad-request",
            Self::BadOceanAuth(_) => "bad-ocean-auth",
            Self::BadCredentials(_) => "bad-credentials",
            Self::OtherScheme => "other-scheme",
            Self::BadToken(_) => "bad-token",
            Self::Unproven { .. } => "unproven",
            Self::Forbidden { .. } => "forbidden",
            Self::InsufficientScope { .. } => "insufficient-scope",
            Self::BadNotice(_) => "bad-notice",
            Self::NoticeRate { .. } => "notice-rate",
            Self::StoreFailed => "store-failed",
            Self::NotSubscribed => "not-subscribed",
            Self::NotReady => "not-ready",
            Self::NoRoute => "no-route",
            Self::NoMethod { .. } => "no-method",
            Self::BodyTooLarge { .. } => "body-too-large",
            Self::HeadersTooLarge { .. } => "headers-too-large",
            Self::SlowBody { .. } => "slow-body",
            Self::NoPermit { .. } => "no-permit",
            Self::CallerBudget { .. } => "caller-budget",
            Self::Console(refused) => refused.cause(),
        }
    }

    /// What its caller reads, except where that is the platform's own words.
    pub fn code(&self) -> &'static Code {
        match self {
            Self::BadOceanAuth(_) | Self::Unproven { .. } | Self::OtherScheme => &codes::REFUSED,
            Self::BadToken(Reason::Unreadable) | Self::StoreFailed => &codes::STORE_FAILED,
            Self::BadToken(Reason::NoKeys) => &codes::ISSUER_KEYS,
            Self::BadToken(_) => &codes::REFUSED,
            Self::BadCredentials(_) => &codes::BAD_CREDENTIALS,
            Self::Forbidden { .. } | Self::InsufficientScope { .. } => &codes::FORBIDDEN,
            Self::BadNotice(_) => &codes::BAD_NOTICE,
            Self::NoticeRate { .. } => &codes::NOTICE_RATE,
            Self::NotSubscribed => &codes::NOT_SUBSCRIBED,
            Self::NoService => &codes::NO_SERVICE,
            Self::NoRoute => &codes::NO_ROUTE,
            Self::NoMethod { .. } => &codes::NO_METHOD,
            Self::BadRequest(_) => &codes::BAD_REQUEST,
            Self::NotReady => &codes::NOT_READY,
            Self::BodyTooLarge { .. } => &codes::BODY_TOO_LARGE,
            Self::HeadersTooLarge { .. } => &codes::HEADERS_TOO_LARGE,
            Self::SlowBody { .. } => &codes::SLOW_BODY,
            Self::CallerBudget { .. } => &codes::CALLER_BUDGET,
            Self::NoPermit { .. } => &codes::NO_PERMIT,
            Self::Console(refused) => match refused {
                Refused::NoSession(_) => &codes::CONSOLE_CLOSED,
                Refused::Code(_) => &codes::AUTH_CODE_REFUSED,
                Refused::CrossSite(_) => &codes::CROSS_SITE,
                Refused::OtherCredential => &codes::BAD_CREDENTIALS,
                Refused::Platform(_) => &codes::AUTH_CODE_UNASKED,
                Refused::Store => &codes::STORE_FAILED,
            },
        }
    }

    /// The limit it is for, if it is for one, by its name in the configuration.
    pub fn limit(&self) -> Option<&'static str> {
        match self {
            Self::BodyTooLarge { .. } => Some("body-in"),
            Self::HeadersTooLarge { limit, .. } | Self::SlowBody { limit } => Some(limit),
            Self::NoPermit { of: "host", .. } => Some("max-calls"),
            Self::NoPermit { .. } => Some("concurrency"),
            Self::CallerBudget { limit, .. } => Some(limit),
            Self::NoticeRate { .. } => Some("notice-rate"),
            _ => None,
        }
    }
}

/// One line for each refusal, with the cause that the answer does not tell.
pub(super) fn log(record: &Record, refusal: &Refusal) {
    let (request_id, service, plugin, app) = (record.id.as_str(), record.service(), record.plugin(), record.app());
    let (address, limit, cause, code) = (record.address, refusal.limit(), refusal.cause(), refusal.code().id);
    let (method, route) = record.route();
    match refusal {
        // What any stranger can cause by asking for nothing in particular is not worth a line each.
        Refusal::NoService | Refusal::NoRoute | Refusal::NoMethod { .. } => {
            tracing::debug!(request_id, service, app, %address, code, cause, "the request is refused");
        }
        Refusal::BadOceanAuth(cause) => tracing::info!(request_id, service, %address, cause, "Ocean-Auth refused"),
        // Why has been said where it was asked for.
        Refusal::BadToken(reason) if reason.is_hosts() => {
            tracing::warn!(request_id, service, %address, code, cause = reason.as_str(), "nothing is known of a bearer token now");
        }
        Refusal::BadToken(reason) => {
            tracing::info!(request_id, service, %address, code, cause = reason.as_str(), "bearer token refused");
        }
        Refusal::BadCredentials(cause) => tracing::info!(request_id, service, %address, code, cause, "credentials refused"),
        Refusal::BadRequest(why) => {
            tracing::info!(request_id, service, app, %address, method, route, code, why, "the request is malformed");
        }
        Refusal::BadNotice(why) => tracing::info!(request_id, service, %address, code, why, "a notice names no message"),
        Refusal::BodyTooLarge { asked, allowed } => {
            let what = "the request's body is larger than the route accepts";
            tracing::info!(request_id, service, plugin, app, %address, method, route, code, limit, asked, allowed, "{what}");
        }
        Refusal::HeadersTooLarge { asked, allowed, .. } => {
            tracing::info!(request_id, service, %address, code, limit, asked, allowed, "the request's headers are too large");
        }
        Refusal::NoPermit { of, asked, allowed } => {
            let what = "there was no permit for the call";
            tracing::warn!(request_id, service, plugin, app, method, route, code, limit, of, asked, allowed, "{what}");
        }
        Refusal::CallerBudget { asked, allowed, .. } => {
            let what = "the caller has used up its budget";
            tracing::info!(request_id, service, app, %address, method, route, code, limit, asked, allowed, "{what}");
        }
        Refusal::Console(Refused::NoSession("no_cookie")) => {
            tracing::debug!(request_id, service, %address, code, cause, "the request is refused");
        }
        Refusal::Console(refused) => {
            tracing::info!(request_id, service, %address, code, cause, detail = refused.detail(), "the console is not entered");
        }
        Refusal::OtherScheme
        | Refusal::Unproven { .. }
        | Refusal::Forbidden { .. }
        | Refusal::InsufficientScope { .. }
        | Refusal::NoticeRate { .. }
        | Refusal::StoreFailed
        | Refusal::NotSubscribed
        | Refusal::NotReady
        | Refusal::SlowBody { .. } => {
            tracing::info!(request_id, service, plugin, app, %address, method, route, code, cause, limit, "the request is refused");
        }
    }
}
