//! What an operator can say about Ocean-Auth, per service.

use std::{collections::BTreeSet, time::Duration};

use crate::units::millis;

/// Which forms of the header a service accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Forms {
    /// AES-128-ECB in hex, as the platform's clients send it.
    #[default]
    Legacy,
    /// Both, for the time of moving apps from one to the other.
    Both,
    /// Authenticated encryption only.
    V2,
}

/// How the text of the security key becomes the password bytes of the legacy form. The same for ASCII keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KeyEncoding {
    /// Its UTF-8 bytes: clients on Node 6 and later.
    #[default]
    Utf8,
    /// The low byte of each UTF-16 unit: clients on Node 5 and earlier (nodejs/node pull request 5522).
    Binary,
}

/// The settings of one service; the defaults accept what the platform's clients of today send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    pub forms: Forms,
    pub key_encoding: KeyEncoding,
    /// How far ahead an expiry may lie; [`Duration::MAX`] switches the check off.
    pub max_lifetime: Duration,
    /// Whether an anonymous legacy header may come without an expiry, and so be replayed for ever.
    pub anonymous_without_expiry: bool,
    /// Whether the comma that the platform's guide forgets in its sample may be missing in a legacy header; no known
    /// client sends that.
    pub missing_comma: bool,
    /// The ids of users' accounts whose headers prove nobody any more.
    pub revoked_accounts: BTreeSet<String>,
}

impl Settings {
    pub(super) fn max_lifetime_ms(&self) -> u64 {
        millis(self.max_lifetime)
    }
}

/// The platform's longest token lives 30 days; a day more forgives clocks that disagree.
const MAX_LIFETIME: Duration = Duration::from_hours(31 * 24);

impl Default for Settings {
    fn default() -> Self {
        Self {
            forms: Forms::default(),
            key_encoding: KeyEncoding::default(),
            max_lifetime: MAX_LIFETIME,
            anonymous_without_expiry: true,
            missing_comma: false,
            revoked_accounts: BTreeSet::new(),
        }
    }
}
