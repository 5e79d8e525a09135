//! The records of the embedded platform: developers, apps, back services, subscriptions, messages, access tokens, app users.
//!
//! What may be done and who may do it is decided in `platform/embedded`; here are only the rules that a commit must keep
//! whatever else happens at once: keys are unique, an app subscribes to a service once, a subscription and the message about it
//! are one write, an account name leads to one app user. A write is a [`Write`], plain data, so that several go in one batch.

mod apps;
mod developers;
mod messages;
mod services;
mod subscriptions;
mod tokens;
mod users;

use std::{io, sync::Arc};

use rusqlite::Connection;

pub use self::{
    apps::{App, MAX_APPS},
    developers::{Developer, DeveloperChange, Register},
    messages::{Message, MessageKind, MessageState, Notice, To},
    services::{Seed, Service, ServiceChange},
    subscriptions::{Cancel, Force, Listed, State, Subscribe},
    tokens::{AccessToken, AuthCode, NewAccessToken, TokenKind, hash, mint, mint_code},
    users::{User, UserChange},
};
use super::{Digest, Store, StoreError, files};

/// The most records in one answer, and on one page of a list.
pub const PAGE: u32 = 1_000;
/// The most apps, and the most services, of one developer.
pub const MAX_OF_DEVELOPER: u32 = 100;

/// One write to the embedded platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    Register(Register),
    DeveloperUpdate(DeveloperChange),
    /// An invitation code that may be used once.
    Invite {
        hash: Digest,
        now_ms: u64,
        expires_ms: u64,
    },
    AppInsert(App),
    AppRename {
        id: String,
        name: String,
        now_ms: u64,
    },
    AppRemove {
        id: String,
    },
    /// A service of the configuration, as it is now.
    ServiceSeed(Service),
    ServiceInsert(Service),
    ServiceUpdate(ServiceChange),
    ServiceRemove {
        id: String,
    },
    /// A token beside those there are.
    TokenInsert(AccessToken),
    /// A token in place of all that stand for the same.
    TokenReplace(AccessToken),
    /// Ends all tokens of a developer, app or service but the one of this id.
    TokensEnd {
        kind: TokenKind,
        resource: String,
        but: String,
    },
    /// Ends all tokens of an app user, by its id and that of its app.
    UserTokensEnd {
        app: String,
        user: String,
    },
    CodeInsert(AuthCode),
    UserCreate(User),
    UserUpdate(UserChange),
    Subscribe(Subscribe),
    Cancel(Cancel),
    /// What an operator does to a subscription whose service does not answer.
    Force(Force),
    /// The service has heard of the message.
    Noticed {
        message: String,
    },
    /// A notice failed; the next one is due then, or never.
    NoticeFailed {
        message: String,
        next_ms: Option<u64>,
    },
    /// The service has handled the message. Harmless when repeated.
    Resolve {
        message: String,
        now_ms: u64,
    },
}

/// What came of a [`Write`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    Done,
    /// Of [`Write::ServiceSeed`].
    Seeded(Seed),
    /// Of [`Write::UserCreate`]: the app user of that account name, which may have been there before.
    User(User),
}

/// Why a record was not read or written.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PlatformError {
    #[error("there is one of this key already")]
    KeyTaken,
    #[error("there is a developer with this e-mail address already")]
    EmailTaken,
    #[error("there is a developer with this cellphone number already")]
    CellphoneTaken,
    #[error("the invitation is unknown, used or expired")]
    Invitation,
    #[error("there are as many as there may be")]
    TooMany,
    #[error("there is no such record")]
    Unknown,
    #[error("the app has a subscription to the service")]
    Subscribed,
    #[error("the app has no subscription to the service")]
    NotSubscribed,
    #[error("the subscription is waiting for the service")]
    Pending,
    #[error("the service is another developer's own")]
    Private,
    #[error("the platform's records cannot be read or written")]
    Failed { source: Arc<rusqlite::Error> },
    #[error("the system has no random bytes")]
    Random { source: Arc<io::Error> },
}

impl From<rusqlite::Error> for PlatformError {
    fn from(source: rusqlite::Error) -> Self {
        Self::Failed { source: Arc::new(source) }
    }
}

impl Store {
    /// Does all of it or nothing; what came of each, on disk when this returns.
    ///
    /// Cancellation: as for [`Store::commit`].
    pub async fn platform_write(&self, writes: Vec<Write>) -> Result<Vec<Written>, StoreError> {
        let weight = writes.iter().map(Write::weight).sum();
        self.write(weight, move |connection| {
            Ok(writes.iter().map(|write| write.run(connection)).collect::<Result<_, PlatformError>>()?)
        })
        .await
    }

    /// Cancellation: harmless, as for all reads here.
    async fn platform_read<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        self.read(move |connection| Ok(work(connection).map_err(PlatformError::from)?)).await
    }

    /// The same about what a text names.
    async fn platform_find<T, F>(&self, name: &str, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection, &str) -> rusqlite::Result<T> + Send + 'static,
    {
        let name = name.to_owned();
        self.platform_read(move |connection| work(connection, &name)).await
    }
}

impl Write {
    /// About how many bytes it holds beyond names and numbers.
    pub(super) fn weight(&self) -> usize {
        match self {
            Self::ServiceInsert(service) | Self::ServiceSeed(service) => service.description.len() + service.service_api.len(),
            _ => 0,
        }
    }

    /// Does it, inside whatever transaction is open.
    pub(super) fn run(&self, connection: &Connection) -> Result<Written, PlatformError> {
        match self {
            Self::Register(register) => developers::register(connection, register),
            Self::DeveloperUpdate(change) => developers::update(connection, change),
            Self::Invite { hash, now_ms, expires_ms } => developers::invite(connection, hash, *now_ms, *expires_ms),
            Self::AppInsert(app) => apps::insert(connection, app),
            Self::AppRename { id, name, now_ms } => apps::rename(connection, id, name, *now_ms),
            Self::AppRemove { id } => apps::remove(connection, id),
            Self::ServiceSeed(service) => return services::seed(connection, service).map(Written::Seeded),
            Self::ServiceInsert(service) => services::insert(connection, service),
            Self::ServiceUpdate(change) => services::update(connection, change),
            Self::ServiceRemove { id } => services::remove(connection, id),
            Self::TokenInsert(token) => tokens::insert(connection, token),
            Self::TokenReplace(token) => tokens::replace(connection, token),
            Self::TokensEnd { kind, resource, but } => tokens::end(connection, *kind, resource, but),
            Self::UserTokensEnd { app, user } => tokens::end_of_user(connection, app, user),
            Self::CodeInsert(code) => tokens::insert_code(connection, code),
            Self::UserCreate(user) => return users::create(connection, user).map(Written::User),
            Self::UserUpdate(change) => users::update(connection, change),
            Self::Subscribe(subscribe) => subscriptions::subscribe(connection, subscribe),
            Self::Cancel(cancel) => subscriptions::cancel(connection, cancel),
            Self::Force(force) => subscriptions::force(connection, force),
            Self::Noticed { message } => messages::noticed(connection, message),
            Self::NoticeFailed { message, next_ms } => messages::notice_failed(connection, message, *next_ms),
            Self::Resolve { message, now_ms } => messages::resolve(connection, message, *now_ms),
        }
        .map(|()| Written::Done)
    }
}

/// A new id: as those of the platform, four bytes of time first, so that ids of one second lie together; the rest is random.
pub fn new_id(now_ms: u64) -> Result<String, StoreError> {
    let random = random::<8>()?;
    let seconds = u32::try_from(now_ms / 1_000 % (1 << 32)).unwrap_or_default();
    Ok(format!("{seconds:08x}{}", hex::encode(random)))
}

/// Random bytes of the system's.
fn random<const N: usize>() -> Result<[u8; N], StoreError> {
    files::random::<N>().map_err(|source| PlatformError::Random { source: Arc::new(source) }.into())
}

/// Whether exactly one row was changed; else there is no such record.
fn one(changed: usize) -> Result<(), PlatformError> {
    if changed == 1 { Ok(()) } else { Err(PlatformError::Unknown) }
}
