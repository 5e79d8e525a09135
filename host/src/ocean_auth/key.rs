//! The security key that service and platform share: what is refused, what is weak, and which bytes each form makes of it.

use zeroize::Zeroizing;

use super::KeyEncoding;
use crate::secret::Secret;

/// A key of fewer characters is worth a warning. The legacy key is one round of MD5 over it and the first block of every
/// header is known, so only the key's length stands against offline guessing.
pub(super) const WEAK: usize = 16;

/// Why a security key cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("the security key is empty")]
    Empty,
    #[error(
        "the security key is not UTF-8 text, which key-encoding \"binary\" needs; use \"utf8\" to take its bytes as they are"
    )]
    NotText,
}

/// A key that is not empty. Taken verbatim: no trimming, no decoding of hex.
pub(super) struct SecurityKey<'a>(&'a [u8]);

impl<'a> SecurityKey<'a> {
    pub(super) fn new(secret: &'a Secret) -> Result<Self, KeyError> {
        match secret.expose() {
            [] => Err(KeyError::Empty),
            bytes => Ok(Self(bytes)),
        }
    }

    /// The key as it is, which is what v2 derives from.
    pub(super) fn bytes(&self) -> &'a [u8] {
        self.0
    }

    /// The bytes that the legacy form hashes.
    pub(super) fn password(&self, encoding: KeyEncoding) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let bytes = match encoding {
            KeyEncoding::Utf8 => self.0.to_vec(),
            KeyEncoding::Binary => {
                let text = str::from_utf8(self.0).map_err(|_| KeyError::NotText)?;
                text.encode_utf16().map(|unit| unit.to_le_bytes()[0]).collect()
            }
        };
        Ok(Zeroizing::new(bytes))
    }

    pub(super) fn is_weak(&self) -> bool {
        String::from_utf8_lossy(self.0).chars().count() < WEAK
    }
}
