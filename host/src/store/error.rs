//! What can go wrong between a caller and the database.

use std::sync::Arc;

use super::{
    kv::KvError, messages::MessageError, outbox::OutboxError, platform::PlatformError, plugins::PluginError,
    sessions::SessionError, tokens::TokenError,
};
use crate::{codes, problem::Problem};

/// Why the store did not do what it was asked.
///
/// After every variant but [`StoreError::Commit`] and [`StoreError::Stopped`] nothing of a write is stored. After those two
/// it is not known, and repeating must be safe.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    #[error(transparent)]
    Kv(#[from] KvError),
    #[error(transparent)]
    Message(#[from] MessageError),
    #[error(transparent)]
    Plugin(#[from] PluginError),
    #[error(transparent)]
    Token(#[from] TokenError),
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error(transparent)]
    Platform(#[from] PlatformError),
    #[error(transparent)]
    Outbox(#[from] OutboxError),
    /// No transaction could be opened.
    #[error("the store cannot begin to write")]
    Begin(#[source] Arc<rusqlite::Error>),
    /// Another write of the same commit made the database take all of them back.
    #[error("the write was taken back together with another one that failed; it may be tried again")]
    TakenBack,
    /// There was no room to write the commit. Writing goes on once there is.
    #[error("the disk of the store is full")]
    Full(#[source] Arc<rusqlite::Error>),
    /// The commit failed. What it wrote may still be found stored after a restart.
    #[error("the store cannot commit; whether the write is stored is not known")]
    Commit(#[source] Arc<rusqlite::Error>),
    /// A commit failed earlier, and nothing is written since.
    #[error("the store failed earlier and writes nothing until the host is started again")]
    Failed,
    /// The store was closed, or its thread died, before it answered.
    #[error("the store is stopped")]
    Stopped,
}

impl StoreError {
    /// The same for a person.
    pub fn problem(&self) -> Problem {
        if let Self::Plugin(error) = self {
            return error.problem();
        }
        if let Self::Message(error) = self
            && let Some(problem) = error.problem()
        {
            return problem;
        }
        let fix = match self {
            Self::Token(TokenError::Scope { .. }) => {
                return Problem::new(&codes::USAGE, self.to_string()).fix("write printable ASCII without spaces and quotes");
            }
            Self::Token(TokenError::TooMany) => "revoke those that nobody uses; they are forgotten 90 days later",
            Self::Full(_) => "make room on the disk of the data directory, then try again",
            Self::Commit(_) | Self::Failed => "look at the disk of the data directory, then start the host again",
            _ => "look at the disk of the data directory, then try again",
        };
        let problem = Problem::new(&codes::STORE_FAILED, self.to_string()).fix(fix);
        match std::error::Error::source(self) {
            Some(source) => problem.why(source),
            None => problem,
        }
    }
}
