//! How often something was tried within a while: rows with a count, in the store of the accounts.
//!
//! Each account that exists has a row of its own. All that do not exist share 4,096, so that they behave no differently, and
//! nobody fills the store by naming a million of them. Which names share a row hangs on a secret of the app's store: else
//! somebody could fill the row of a name by other names, and see by that name whether it has one of its own.

use std::time::Duration;

use wharf_sdk::kv::Condition;
use wharf_sdk::prelude::*;

use crate::account::Account;
use crate::accounts::{Accounts, digest};
use crate::answer::Refusal;

/// Tries to write the count against others who do the same.
const TRIES: u32 = 8;

#[derive(Clone, Copy, Deserialize, Serialize)]
struct Count {
    tries: u32,
    since_ms: u64,
}

/// What is counted.
#[derive(Clone, Copy)]
pub(crate) enum Of {
    Login,
    Mail,
}

/// What is tried, for whom, and how often it may be within which time.
pub(crate) struct Attempts<'a> {
    store: &'a kv::Store,
    key: String,
    max: u32,
    window: Duration,
}

/// Enough was tried; the rest of the window.
pub(crate) struct Enough(pub(crate) Duration);

impl<'a> Attempts<'a> {
    /// `account` is the one that `name` (of an account, or of several: an address) led to.
    pub(crate) fn new(
        of: Of,
        accounts: &'a Accounts,
        account: Option<&Account>,
        name: &str,
        max: u32,
        window: Duration,
    ) -> Result<Self> {
        let of = match of {
            Of::Login => "login",
            Of::Mail => "mail",
        };
        let key = match account {
            Some(account) => format!("{of}/={}", account.name),
            None => format!("{of}/?{}", &digest(&format!("{} {name}", accounts.secret()?))[..3]),
        };
        Ok(Self { store: accounts.store(), key, max, window })
    }

    #[cfg(test)]
    pub(crate) fn key(&self) -> String {
        self.key.clone()
    }

    /// Counts one more, before it is known how it ends: so those that run side by side are counted too.
    pub(crate) fn spend(&self) -> Result<Result<(), Enough>> {
        let window_ms = u64::try_from(self.window.as_millis())?;
        for _ in 0..TRIES {
            let now_ms = clock::now_ms();
            let entry = self.store.get(&self.key)?;
            let known: Option<Count> = entry.as_ref().map(kv::Entry::json).transpose()?;
            let current = known.filter(|count| now_ms < count.since_ms.saturating_add(window_ms));
            let count = match current {
                None => Count { tries: 1, since_ms: now_ms },
                Some(count) if count.tries >= self.max => {
                    return Ok(Err(Enough(Duration::from_millis(count.since_ms + window_ms - now_ms))));
                }
                Some(count) => Count { tries: count.tries + 1, ..count },
            };
            let condition = entry.map_or(Condition::Absent, |entry| Condition::Version(entry.version));
            match self.store.set_json_if(&self.key, &count, condition) {
                Err(error) if error.code() == "kv.conflict" => {}
                written => return written.map(|_| Ok(())),
            }
        }
        // So many at the same moment are too many.
        Ok(Err(Enough(Duration::from_secs(1))))
    }

    /// It ended well: what was counted no longer counts.
    pub(crate) fn forget(&self) -> Result<()> {
        self.store.delete(&self.key).map(drop)
    }
}

impl From<Enough> for Refusal {
    fn from(enough: Enough) -> Self {
        Self::TooManyLogins(enough.0)
    }
}
