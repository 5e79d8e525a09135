//! Receive: a notice names a message. It is a hint and proves nothing, so all that is kept of it is the id, until the platform
//! itself tells what the message says.

use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};

use super::{line::Handle, read};
use crate::{
    failpoint,
    store::{StoreError, messages::Hint},
};

/// What came of a notice: all of these are answered as taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// It is on disk.
    Stored,
    /// The message was known before.
    There,
    /// The platform said a moment ago that it knows no such message of this service.
    Unknown,
}

/// Why a notice was not taken.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Refusal {
    /// The service has no messages.
    #[error("the service has no platform")]
    NoService,
    #[error("a message's id is 24 hex digits")]
    BadId,
    /// More notices than the service takes. The messages that they named are looked for at the platform soon.
    #[error("too many notices")]
    TooMany {
        /// When there is room again.
        after: Duration,
    },
    /// So many hints wait already that no more are kept; they too are looked for soon.
    #[error("too many hints wait")]
    Full,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Handle {
    /// Takes a notice; what is answered as taken is on disk, or need not be.
    ///
    /// Cancellation: the hint may be stored or not; repeating is harmless.
    pub async fn receive(&self, service: &str, id: &str) -> Result<Received, Refusal> {
        let service = self.service(service).ok_or(Refusal::NoService)?;
        if !read::is_id(id) {
            return Err(Refusal::BadId);
        }
        let id = id.to_ascii_lowercase();
        if let Err(not_until) = service.notices.check() {
            service.wakes.missed.notify_one();
            return Err(Refusal::TooMany { after: not_until.wait_time_from(DefaultClock::default().now()) });
        }
        let now_ms = service.now_ms();
        if service.unknown.contains(&id, now_ms) {
            return Ok(Received::Unknown);
        }
        match service.store().message_hint(&service.key, &id, now_ms).await? {
            Hint::Stored => {
                failpoint::hit("hint.after-sync");
                service.wakes.fetch.notify_one();
                Ok(Received::Stored)
            }
            Hint::There => Ok(Received::There),
            Hint::Full => {
                service.wakes.missed.notify_one();
                Err(Refusal::Full)
            }
        }
    }
}
