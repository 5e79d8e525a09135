//! Sealing what must come back in clear: it is unreadable in the database, and in every backup that lacks the host's key.
//!
//! AES-256-GCM under a key derived from the host's own (HKDF-SHA256, a use of its own), with a random nonce and with the name
//! of the place it belongs to, so that a sealed value moved to another row does not open. Random nonces of 96 bits are safe
//! for some four billion values under one key, which is more than a database ever holds.

use std::{fmt, io};

use aes_gcm::{AeadInOut, Aes256Gcm, KeyInit};
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::files;
use crate::secret::Secret;

const NONCE: usize = 12;
const TAG: usize = 16;

/// Seals and opens. Cheap to share, by reference.
pub struct Seal(Aes256Gcm);

impl Seal {
    pub(super) fn new(host_key: &Secret) -> Self {
        let mut key = Zeroizing::new([0; 32]);
        Hkdf::<Sha256>::new(None, host_key.expose())
            .expand(b"wharf sealed values 1", &mut *key)
            .expect("32 bytes are one block of HKDF-SHA256");
        Self(Aes256Gcm::new((&*key).into()))
    }

    /// What to store of `plain` at `place`, the name of one value for ever. Fails when the system has no random bytes.
    pub fn seal(&self, place: &str, plain: &[u8]) -> io::Result<Vec<u8>> {
        let nonce = files::random::<NONCE>()?;
        let mut sealed = [&nonce[..], plain].concat();
        let tag = self
            .0
            .encrypt_inout_detached(&nonce.into(), place.as_bytes(), (&mut sealed[NONCE..]).into())
            .map_err(|_| io::Error::other("the value is too long to be sealed"))?;
        sealed.extend_from_slice(&tag);
        Ok(sealed)
    }

    /// What was sealed at `place`; `None` if it was not, or by another host, or was changed since.
    pub fn open(&self, place: &str, sealed: &[u8]) -> Option<Secret> {
        let (nonce, rest) = sealed.split_first_chunk::<NONCE>()?;
        let (text, tag) = rest.split_last_chunk::<TAG>()?;
        let mut plain = Zeroizing::new(text.to_vec());
        self.0.decrypt_inout_detached(nonce.into(), place.as_bytes(), plain.as_mut_slice().into(), tag.into()).ok()?;
        Some(Secret::new(std::mem::take(&mut *plain)))
    }
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seal(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_at_its_place_and_nowhere_else() {
        let (seal, other) = (Seal::new(&Secret::new([1; 32])), Seal::new(&Secret::new([2; 32])));
        let sealed = seal.seal("tokens/1", b"hunter2").unwrap();
        assert_eq!(sealed.len(), NONCE + 7 + TAG);
        assert!(!sealed.windows(7).any(|window| window == b"hunter2"));
        assert_eq!(seal.open("tokens/1", &sealed), Some(Secret::new("hunter2")));
        assert_eq!(seal.open("tokens/2", &sealed), None);
        assert_eq!(other.open("tokens/1", &sealed), None);
        assert_ne!(seal.seal("tokens/1", b"hunter2").unwrap(), sealed, "equal values look different");
    }

    #[test]
    fn a_changed_or_cut_value_does_not_open() {
        let seal = Seal::new(&Secret::new([1; 32]));
        let sealed = seal.seal("a", b"").unwrap();
        assert_eq!(seal.open("a", &sealed), Some(Secret::new("")));
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(seal.open("a", &changed), None, "{at}");
            assert_eq!(seal.open("a", &sealed[..at]), None, "{at}");
        }
    }
}
