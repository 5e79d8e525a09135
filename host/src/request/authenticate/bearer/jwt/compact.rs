//! The compact form (RFC 7515 §7.1): header, payload and signature in base64url, with dots between.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::Reason;

/// The longest token that is looked at. Issuers that put group lists into their tokens reach 8 KiB.
pub(super) const MAX_TOKEN: usize = 16 << 10;

/// The three parts, decoded.
pub(super) struct Compact<'a> {
    /// What the signature is over: header and payload as they came.
    pub(super) signed: &'a [u8],
    pub(super) header: String,
    pub(super) payload: String,
    pub(super) signature: Vec<u8>,
}

impl<'a> Compact<'a> {
    /// Strict base64url: no padding, no white space, no bits left over, so that a token has one spelling.
    pub(super) fn read(token: &'a str) -> Result<Self, Reason> {
        if token.len() > MAX_TOKEN {
            return Err(Reason::TooLarge);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(Reason::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(Reason::Malformed)?;
        Ok(Self { signed: signed.as_bytes(), header: text(header)?, payload: text(payload)?, signature: bytes(signature)? })
    }
}

fn text(part: &str) -> Result<String, Reason> {
    String::from_utf8(bytes(part)?).map_err(|_| Reason::Malformed)
}

fn bytes(part: &str) -> Result<Vec<u8>, Reason> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| Reason::Malformed)
}
