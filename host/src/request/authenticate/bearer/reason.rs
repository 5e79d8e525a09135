//! Why a bearer token was refused.

use std::fmt;

/// Why a bearer token was refused: for the log, where it stands by its name, and never for the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Not a token of this host.
    Unknown,
    Expired,
    Revoked,
    /// A good token, but for another service.
    OtherService,
    /// The store could not be read, so nothing is known of the token.
    Unreadable,
}

impl Reason {
    /// The stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::OtherService => "other_service",
            Self::Unreadable => "unreadable",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
