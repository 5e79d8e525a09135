//! The platform call that turns an auth code into an app: once for each code, and never in a loop.
//!
//! A code that was shown to the platform is either used, which the store remembers with the session it opened, or refused,
//! which is remembered here for a few seconds. Equal codes that come at once go one after the other, and so do all codes beyond
//! a few at a time: a flood of them reaches the platform as a trickle.

use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use futures_util::future::BoxFuture;
use tokio::time::timeout;

use super::{Console, Consoles, Refused, Visit};
use crate::{
    secret::Secret,
    store::{
        Digest,
        sessions::{NewSession, Session, code_hash},
    },
    units::millis,
};

/// Codes of one service that the platform is shown at once.
const AT_ONCE: usize = 8;

/// How long a code waits for its turn.
const WAIT: Duration = Duration::from_secs(5);

/// How long a refusal is remembered: a code that was refused never becomes good, so this only has to outlast impatience.
const REFUSED_MS: u64 = 5_000;

/// Refusals remembered at once, of some 100 bytes each; when they are too many all are dropped.
const MAX_REFUSED: usize = 1_024;

/// Whom auth codes are shown to. Implemented by the client of the platform, and joined in `app/`.
pub trait AuthCodes: fmt::Debug + Send + Sync {
    /// The app that the developer with this code speaks for. `code` has 40 lower-case hex digits; it is a credential and must
    /// not be logged.
    fn app_by_auth_code<'a>(&'a self, service: &'a str, code: &'a str) -> BoxFuture<'a, Result<CodeApp, NoApp>>;
}

/// The app behind a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeApp {
    pub key: String,
    pub id: String,
}

/// Why the platform named no app.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoApp {
    /// It answered with an error of its own, such as `authCode.Expired`.
    #[error("the platform answered {code}")]
    Refused { code: String },
    /// It cannot be reached, or cannot be understood.
    #[error("the platform cannot be asked: {0}")]
    Unavailable(String),
}

/// What becomes of a good code.
#[derive(Debug)]
pub enum Exchanged {
    /// A session, whose token this is.
    Opened(Secret),
    /// It was used before, and whoever shows it has a session for the same app.
    Already,
}

/// The codes of one service.
#[derive(Debug, Default)]
pub struct Exchange {
    /// Each code has one turnstile, by its hash.
    turnstiles: [tokio::sync::Mutex<()>; AT_ONCE],
    /// Why, and until when.
    refused: Mutex<HashMap<Digest, (Refused, u64)>>,
}

impl Exchange {
    /// Forgets refusals that are old.
    pub fn forget(&self, now_ms: u64) {
        self.refused().retain(|_, (_, until)| *until > now_ms);
    }

    fn turnstile(&self, code: &Digest) -> &tokio::sync::Mutex<()> {
        &self.turnstiles[usize::from(code.as_bytes()[0]) % AT_ONCE]
    }

    fn refusal(&self, code: &Digest, now_ms: u64) -> Option<Refused> {
        self.refused().get(code).filter(|(_, until)| *until > now_ms).map(|(why, _)| *why)
    }

    fn refuse(&self, code: Digest, why: Refused, now_ms: u64) -> Refused {
        let mut refused = self.refused();
        if refused.len() >= MAX_REFUSED {
            refused.clear();
        }
        refused.insert(code, (why, now_ms.saturating_add(REFUSED_MS)));
        why
    }

    fn refused(&self) -> std::sync::MutexGuard<'_, HashMap<Digest, (Refused, u64)>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Consoles {
    /// Turns a code into a session, in the place of the session `current` that came with it.
    ///
    /// Cancellation: harmless before the platform is asked; after that the code may be used up.
    pub(super) async fn exchange(
        &self,
        console: &Console,
        visit: Visit<'_>,
        code: &str,
        current: Option<&Session>,
    ) -> Result<Exchanged, Refused> {
        let (service, exchange, now_ms) = (&visit.addressed.service.key, &console.exchange, visit.now_ms);
        let hash = code_hash(service, code);
        let turn = timeout(WAIT, exchange.turnstile(&hash).lock()).await;
        let _turn = turn.map_err(|_| Refused::Platform("too many codes at once"))?;
        if let Some(why) = exchange.refusal(&hash, now_ms) {
            return Err(why);
        }
        if let Some(used) = self.sessions.of_code(hash).await? {
            let same = current.is_some_and(|current| current.app == used.app);
            return if same { Ok(Exchanged::Already) } else { Err(Refused::Code("used")) };
        }
        let app = match self.ask(service, code).await {
            Ok(app) => app,
            Err(why @ Refused::Code(_)) => return Err(exchange.refuse(hash, why, now_ms)),
            Err(why) => return Err(why),
        };
        let new = NewSession {
            service: service.clone(),
            app: app.key,
            app_id: app.id,
            code: hash,
            now_ms,
            expires_ms: now_ms.saturating_add(millis(console.idle)),
            ends_ms: now_ms.saturating_add(millis(console.lifetime)),
        };
        let (request_id, app, app_id, address) = (visit.request_id, new.app.clone(), new.app_id.clone(), visit.address);
        let token = self.sessions.open(new, current).await?.ok_or(Refused::Code("used"))?;
        if let Some(apps) = &visit.addressed.service.apps {
            apps.learn(&app, app_id);
        }
        tracing::info!(request_id, service, app, %address, "a console was opened");
        Ok(Exchanged::Opened(token))
    }

    async fn ask(&self, service: &str, code: &str) -> Result<CodeApp, Refused> {
        let Some(platform) = &self.platform else { return Err(Refused::Platform("there is no platform")) };
        let error = match platform.app_by_auth_code(service, code).await {
            Ok(app) if app.key.is_empty() => NoApp::Unavailable("it named an app without a key".to_owned()),
            Ok(app) => return Ok(app),
            Err(NoApp::Refused { code }) => match code.as_str() {
                "authCode.NotExist" => return Err(Refused::Code("not_exist")),
                "authCode.Expired" => return Err(Refused::Code("expired")),
                "authCode.TypeNotRight" => return Err(Refused::Code("type_not_right")),
                // A good code, of an app that has nothing to do with the service.
                "backService.noSubscribeRecordFound" => return Err(Refused::Code("not_subscribed")),
                _ => NoApp::Refused { code },
            },
            Err(error) => error,
        };
        // A client of the network likes to repeat the URL that it failed at.
        let why = error.to_string().replace(code, "…");
        tracing::error!(service, why, "the platform did not say which app an auth code is of");
        Err(Refused::Platform(match error {
            NoApp::Refused { .. } => "the platform said no",
            NoApp::Unavailable(_) => "the platform cannot be asked",
        }))
    }
}
