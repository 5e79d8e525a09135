//! Ocean-Auth: an app proves itself by a header that it encrypted with the service's security key.
//!
//! Two forms share the header. **Legacy** is what the platform's clients send since 2015: hex of AES-128-ECB over JSON,
//! without any authentication of the ciphertext. **v2** carries the same claims in AES-256-GCM, bound to one service.
//! Files stand in the order of travel: the [`key`] is prepared once per service; a header goes through [`legacy`] or [`v2`]
//! to text, through [`crate::json`] (and [`comma`], where switched on) to fields, and through [`claims`] to an [`Identity`].
//! [`mint`] is the way back, for the command line and the platform emulation.
//!
//! What it guarantees:
//! * The parser is lenient in the places that [`claims`] lists and nowhere else; two readings of one header are a refusal.
//! * Whatever is wrong, decoding, decrypting and parsing all happen, so that time tells little; the [`Reason`] is for the log
//!   only, and whoever calls [`Policy::open`] answers every reason alike.
//! * The clock is an argument; nothing here reads one.
//!
//! What it cannot: blocks of honest legacy headers can be cut and joined into a header nobody made. [`Policy::warnings`] says so.

mod claims;
mod comma;
mod hex;
mod key;
mod legacy;
mod mint;
mod reason;
mod settings;
mod v2;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

use std::{collections::BTreeSet, fmt, hint::black_box};

use self::{claims::Claims, key::SecurityKey};
pub use self::{
    key::KeyError,
    reason::Reason,
    settings::{Forms, KeyEncoding, Settings},
};
use crate::{caller::AppUser, secret::Secret, units::show_duration};

/// The longest header value that is looked at; the platform's own are below 1 KiB.
pub const MAX_HEADER: usize = 16 << 10;

/// Parsed and thrown away in place of text that could not be had, so that every refusal does the work of parsing.
const DUMMY_CLAIMS: &str = concat!(
    r#"{"appKey":"sample_app","isClientLogin":true,"appUserAccountId":"55b750bf4de03bab3307c0e5","appUserAccount":"test","#,
    r#""appUserName":"test","authBackServiceKey":"user","expireTime":1440753398107}"#
);

/// Who an Ocean-Auth header proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The app's key; never empty.
    pub app_key: String,
    /// The app's end user, unless the app calls on its own behalf. Its `id` and `authenticated_by` are never empty.
    pub user: Option<AppUser>,
    /// When the header stops being valid, in milliseconds since 1970; absent only for anonymous legacy headers.
    pub expires_ms: Option<u64>,
}

/// How one service judges Ocean-Auth headers: its keys, scheduled once, and its settings.
pub struct Policy {
    service_key: String,
    legacy: legacy::Cipher,
    v2: v2::Cipher,
    weak_key: bool,
    forms: Forms,
    max_lifetime_ms: u64,
    anonymous_without_expiry: bool,
    missing_comma: bool,
    revoked_accounts: BTreeSet<String>,
}

impl Policy {
    /// Prepares the keys of the service `service_key`, whose security key is `key`.
    ///
    /// Fails on an empty key (its cipher would be known to everybody), and under [`KeyEncoding::Binary`] on a key that is not
    /// text.
    pub fn new(service_key: &str, key: &Secret, settings: &Settings) -> Result<Self, KeyError> {
        let key = SecurityKey::new(key)?;
        Ok(Self {
            service_key: service_key.to_owned(),
            legacy: legacy::Cipher::new(&key.password(settings.key_encoding)?),
            v2: v2::Cipher::new(key.bytes(), service_key),
            weak_key: key.is_weak(),
            forms: settings.forms,
            max_lifetime_ms: settings.max_lifetime_ms(),
            anonymous_without_expiry: settings.anonymous_without_expiry,
            missing_comma: settings.missing_comma,
            revoked_accounts: settings.revoked_accounts.clone(),
        })
    }

    /// What the operator should hear, of a configuration and when the host starts; never holds the key.
    pub fn warnings(&self) -> Vec<String> {
        let service = &self.service_key;
        let mut warnings = Vec::new();
        if self.weak_key {
            warnings.push(format!(
                "the security key of service `{service}` is shorter than {} characters and can be guessed offline from one \
                 header; replace it by a random one of 32 or more",
                key::WEAK
            ));
        }
        if self.forms != Forms::V2 {
            warnings.push(format!(
                "service `{service}` accepts legacy Ocean-Auth headers, whose blocks can be cut and joined into a header for an \
                 account name that nobody proved; rely on account ids, move its apps to v2, and set `ocean-auth = \"v2\"` when \
                 they are"
            ));
        }
        if self.max_lifetime_ms > Settings::default().max_lifetime_ms() {
            warnings.push(format!(
                "service `{service}` accepts Ocean-Auth headers that live for longer than {}: whoever comes by one can use it as long; \
                 lower `max-lifetime`",
                show_duration(Settings::default().max_lifetime)
            ));
        }
        warnings
    }

    /// Who the header value proves at `now_ms`, milliseconds since 1970. A header that is not there is an empty one.
    ///
    /// The reason of a refusal belongs into the log and must not show in the answer. Only [`Reason::TooLarge`] is told without
    /// decrypting: it depends on nothing but what the client counted itself.
    pub fn open(&self, header: &[u8], now_ms: u64) -> Result<Identity, Reason> {
        if header.len() > MAX_HEADER {
            return Err(Reason::TooLarge);
        }
        let mut buffer = Vec::new();
        let token = header.strip_prefix(v2::PREFIX.as_bytes());
        let text = match token {
            Some(token) => self.v2.open(token, &mut buffer),
            None => self.legacy.open(header, &mut buffer),
        };

        let source = text.unwrap_or(DUMMY_CLAIMS);
        let mended;
        let mut claims = Claims::parse(source);
        if claims.is_err() && self.missing_comma && token.is_none() {
            mended = comma::mend(source);
            claims = mended.as_deref().map_or(claims, Claims::parse);
        }
        // Where the text could not be had, the compiler must not see that nobody asks for these claims.
        let identity = black_box(claims).and_then(|claims| {
            let audience = token.map(|_| self.service_key.as_str());
            if audience.is_some() || !self.anonymous_without_expiry {
                claims.demand_expiry()?;
            }
            claims.demand_audience(audience)?;
            claims.prove(now_ms, self.max_lifetime_ms)
        });

        if header.is_empty() {
            return Err(Reason::MissingHeader);
        }
        match (self.forms, token.is_some()) {
            (Forms::Legacy, true) | (Forms::V2, false) => Err(Reason::FormNotAllowed),
            _ => match text.and(identity)? {
                Identity { user: Some(user), .. } if self.revoked_accounts.contains(&user.id) => Err(Reason::RevokedAccount),
                identity => Ok(identity),
            },
        }
    }
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Policy").field("service_key", &self.service_key).field("forms", &self.forms).finish_non_exhaustive()
    }
}
