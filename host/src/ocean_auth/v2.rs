//! The v2 form: `v2.` and base64url without padding of nonce (12 bytes), ciphertext and tag (16 bytes) of AES-256-GCM.
//!
//! The key is HKDF-SHA256 of the security key's bytes, without salt, with the info `ocean-auth v2`; the service's key is the
//! associated data, so a header opens at the one service it was made for. `v2.` is not hex, so no header is of both forms.

use aes_gcm::{AeadInOut, Aes256Gcm, KeyInit};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::Reason;

pub(super) const PREFIX: &str = "v2.";
const NONCE: usize = 12;
const TAG: usize = 16;

/// Opened in place of what cannot be opened, as in the legacy form.
const DUMMY: [u8; NONCE + 192 + TAG] = [0; NONCE + 192 + TAG];

/// The v2 cipher under one key, its key schedule computed, and the service it is bound to.
pub(super) struct Cipher {
    gcm: Aes256Gcm,
    service_key: String,
}

impl Cipher {
    pub(super) fn new(key: &[u8], service_key: &str) -> Self {
        let mut derived = Zeroizing::new([0; 32]);
        Hkdf::<Sha256>::new(None, key).expand(b"ocean-auth v2", &mut *derived).expect("32 bytes are one block of HKDF-SHA256");
        Self { gcm: Aes256Gcm::new((&*derived).into()), service_key: service_key.to_owned() }
    }

    /// The text in what follows [`PREFIX`], which stays in `buffer`.
    pub(super) fn open<'b>(&self, token: &[u8], buffer: &'b mut Vec<u8>) -> Result<&'b str, Reason> {
        let encoding = if URL_SAFE_NO_PAD.decode_vec(token, buffer).is_err() {
            Err(Reason::BadBase64)
        } else if buffer.len() < NONCE + TAG {
            Err(Reason::BadLength)
        } else {
            Ok(())
        };
        if encoding.is_err() {
            buffer.clear();
            buffer.extend_from_slice(&DUMMY);
        }
        let plain = self.decrypt(buffer);
        encoding?;
        str::from_utf8(plain?).map_err(|_| Reason::BadUtf8)
    }

    /// The library compares the tags, in constant time, and leaves a ciphertext of another tag undecrypted.
    fn decrypt<'b>(&self, message: &'b mut [u8]) -> Result<&'b [u8], Reason> {
        let (nonce, rest) = message.split_first_chunk_mut::<NONCE>().ok_or(Reason::BadLength)?;
        let (text, tag) = rest.split_last_chunk_mut::<TAG>().ok_or(Reason::BadLength)?;
        self.gcm
            .decrypt_inout_detached((&*nonce).into(), self.service_key.as_bytes(), (&mut *text).into(), (&*tag).into())
            .map_err(|_| Reason::BadTag)?;
        Ok(text)
    }

    /// The header value that carries `text`. No two texts may ever share a `nonce` under one key.
    pub(super) fn seal(&self, text: &[u8], nonce: [u8; NONCE]) -> String {
        let mut message = [&nonce[..], text].concat();
        let tag = self
            .gcm
            .encrypt_inout_detached(&nonce.into(), self.service_key.as_bytes(), (&mut message[NONCE..]).into())
            .expect("claims are shorter than the 64 GiB that GCM takes");
        message.extend_from_slice(&tag);
        let mut header = PREFIX.to_owned();
        URL_SAFE_NO_PAD.encode_string(&message, &mut header);
        header
    }
}
