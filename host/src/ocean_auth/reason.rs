//! Why a header is refused: a closed list, for the log.

use std::fmt;

/// The cause of a refusal. It names no part of the header and no secret, yet it would still help a forger (a wrong key looks
/// other than an expired header), so it is logged and never answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    MissingHeader,
    TooLarge,
    /// The service does not accept this form of the header.
    FormNotAllowed,
    BadHex,
    /// v2: not base64url without padding.
    BadBase64,
    /// Not whole blocks; in v2 shorter than nonce and tag.
    BadLength,
    BadPadding,
    /// v2: made with another key, for another service, or changed on the way.
    BadTag,
    BadUtf8,
    MalformedJson,
    MissingField,
    BadType,
    /// v2: `aud` is not this service.
    WrongAudience,
    Expired,
    /// The expiry lies further ahead than `max-lifetime`.
    TooFar,
    /// The user's account is one of `revoked-accounts`.
    RevokedAccount,
}

impl Reason {
    /// The word for the log, stable.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MissingHeader => "missing_header",
            Self::TooLarge => "too_large",
            Self::FormNotAllowed => "form_not_allowed",
            Self::BadHex => "bad_hex",
            Self::BadBase64 => "bad_base64",
            Self::BadLength => "bad_length",
            Self::BadPadding => "bad_padding",
            Self::BadTag => "bad_tag",
            Self::BadUtf8 => "bad_utf8",
            Self::MalformedJson => "malformed_json",
            Self::MissingField => "missing_field",
            Self::BadType => "bad_type",
            Self::WrongAudience => "wrong_audience",
            Self::Expired => "expired",
            Self::TooFar => "too_far",
            Self::RevokedAccount => "revoked_account",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
