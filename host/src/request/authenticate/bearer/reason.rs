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
    /// A JWT, at a service that has no audience or no issuers.
    NoJwt,
    TooLarge,
    /// Not the compact form, or not JSON with one reading.
    Malformed,
    /// A JWT, but not an access token.
    WrongType,
    /// It asks for an extension.
    Critical,
    /// Not an algorithm that the issuer may use.
    Algorithm,
    /// Not an issuer that the service trusts.
    OtherIssuer,
    /// The issuer has no such key.
    UnknownKey,
    /// None of the issuer's keys could be had since the host started, so nothing is known of the token.
    NoKeys,
    /// No key is named, and the issuer has several that fit.
    AmbiguousKey,
    /// The key that is named is not for this algorithm.
    OtherKey,
    BadSignature,
    MissingClaim,
    /// A claim of the wrong type, or too long.
    BadClaim,
    NotYetValid,
    /// Issued in the future, or after its own end.
    BadTimes,
}

impl Reason {
    /// Whether it is for the host's sake and not for the token's: a good one may be good later.
    pub fn is_hosts(self) -> bool {
        matches!(self, Self::Unreadable | Self::NoKeys)
    }

    /// The stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::OtherService => "other_service",
            Self::Unreadable => "unreadable",
            Self::NoJwt => "no_jwt_here",
            Self::TooLarge => "too_large",
            Self::Malformed => "malformed",
            Self::WrongType => "wrong_type",
            Self::Critical => "critical_extension",
            Self::Algorithm => "algorithm",
            Self::OtherIssuer => "other_issuer",
            Self::UnknownKey => "unknown_key",
            Self::NoKeys => "no_keys",
            Self::AmbiguousKey => "ambiguous_key",
            Self::OtherKey => "other_key",
            Self::BadSignature => "bad_signature",
            Self::MissingClaim => "missing_claim",
            Self::BadClaim => "bad_claim",
            Self::NotYetValid => "not_yet_valid",
            Self::BadTimes => "bad_times",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
