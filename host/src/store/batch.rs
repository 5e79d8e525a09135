//! Writes as data: what belongs together is committed together.

use rusqlite::Connection;

use super::{
    StoreError,
    kv::{self, Applied, Apply, Erased, Redo},
    messages::{self, Done, End},
    outbox::{self, Put},
    platform::{Write, Written},
    subscriptions::{self, Change},
};

/// Effects that are all stored or none of them, in their order; a later one sees what the earlier ones did.
///
/// Plain data and no closures, so that what a plugin did during a delivery can be kept, looked at (as an overlay of its
/// reads) and committed together with the delivery's completion, by this store or by that of a cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    pub effects: Vec<Effect>,
}

/// One write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    KvApply(Apply),
    /// Fails with [`kv::KvError::Overtaken`] when somebody else wrote in between.
    KvRedo(Redo),
    KvErase {
        service: String,
        app: String,
    },
    /// Fails once the claim is lost, and with it the whole batch.
    MessageDone(Done),
    MessagesEnd(End),
    Subscription(Change),
    Platform(Write),
    OutboxPut(Put),
}

/// What came of one [`Effect`], in the variant of the same name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    KvApply(Vec<Applied>),
    /// What the plugin was told already.
    KvRedo,
    KvErase(Erased),
    MessageDone,
    MessagesEnd,
    Subscription,
    Platform(Written),
    OutboxPut,
}

/// A batch that is on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// One for each effect, in their order.
    pub outcomes: Vec<Outcome>,
}

impl Batch {
    /// About how many bytes the batch holds, for the bound of the writer's queue.
    pub(super) fn weight(&self) -> usize {
        self.effects.iter().map(Effect::weight).sum()
    }

    /// Does all of it, inside whatever transaction is open. The caller takes it back when it fails.
    pub(super) fn run(&self, connection: &Connection) -> Result<Committed, StoreError> {
        let outcomes = self.effects.iter().map(|effect| effect.run(connection)).collect::<Result<_, _>>()?;
        Ok(Committed { outcomes })
    }
}

impl From<Effect> for Batch {
    fn from(effect: Effect) -> Self {
        Self { effects: vec![effect] }
    }
}

impl Effect {
    fn weight(&self) -> usize {
        match self {
            Self::KvApply(apply) | Self::KvRedo(Redo { apply, .. }) => apply.weight(),
            Self::Platform(write) => write.weight(),
            Self::OutboxPut(put) => put.weight(),
            // Names and numbers; the queue counts some KiB for every write anyway.
            Self::KvErase { .. } | Self::MessageDone(_) | Self::MessagesEnd(_) | Self::Subscription(_) => 0,
        }
    }

    fn run(&self, connection: &Connection) -> Result<Outcome, StoreError> {
        Ok(match self {
            Self::KvApply(apply) => Outcome::KvApply(kv::apply(connection, apply)?),
            Self::KvRedo(redo) => {
                kv::redo(connection, redo)?;
                Outcome::KvRedo
            }
            Self::KvErase { service, app } => Outcome::KvErase(kv::erase(connection, service, app)?),
            Self::MessageDone(done) => {
                messages::done(connection, done)?;
                Outcome::MessageDone
            }
            Self::MessagesEnd(end) => {
                messages::end(connection, end)?;
                Outcome::MessagesEnd
            }
            Self::Subscription(change) => {
                subscriptions::change(connection, change)?;
                Outcome::Subscription
            }
            Self::Platform(write) => Outcome::Platform(write.run(connection)?),
            Self::OutboxPut(put) => {
                outbox::put(connection, put)?;
                Outcome::OutboxPut
            }
        })
    }
}
