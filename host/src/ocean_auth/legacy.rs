//! The legacy form: lower-case hex of AES-128-ECB with PKCS#7 padding, keyed by MD5 of the security key.
//!
//! That is `crypto.createCipher('aes-128-ecb', key)` of Node: `EVP_BytesToKey` with MD5, no salt and one round gives 16 bytes,
//! which are the whole key, and ECB takes no IV. Two of Node's habits are not copied: it ignores junk behind valid hex, and it
//! replaces broken UTF-8 by U+FFFD.

use aes::{
    Aes128,
    cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyInit, block_padding::Pkcs7, common::InnerInit},
};
use md5::{Digest, Md5};
use zeroize::Zeroizing;

use super::{Reason, hex};

const BLOCK: usize = 16;

/// Decrypted in place of what is no ciphertext, so that every refusal does the work of decrypting; as long as the header of
/// an app user usually is.
const DUMMY: [u8; 12 * BLOCK] = [0; 12 * BLOCK];

/// The legacy cipher under one key, its key schedule computed.
pub(super) struct Cipher(Aes128);

impl Cipher {
    pub(super) fn new(password: &[u8]) -> Self {
        let key: Zeroizing<[u8; BLOCK]> = Zeroizing::new(Md5::digest(password).into());
        Self(Aes128::new((&*key).into()))
    }

    /// The text in a header value, which stays in `buffer`. The case of the hex does not matter.
    pub(super) fn open<'b>(&self, header: &[u8], buffer: &'b mut Vec<u8>) -> Result<&'b str, Reason> {
        buffer.resize(header.len() / 2, 0);
        let encoding = if !hex::decode(header, buffer) {
            Err(Reason::BadHex)
        } else if buffer.is_empty() || !buffer.len().is_multiple_of(BLOCK) {
            Err(Reason::BadLength)
        } else {
            Ok(())
        };
        if encoding.is_err() {
            buffer.clear();
            buffer.extend_from_slice(&DUMMY);
        }
        let plain = ecb::Decryptor::<&Aes128>::inner_init(&self.0).decrypt_padded::<Pkcs7>(buffer);
        encoding?;
        str::from_utf8(plain.map_err(|_| Reason::BadPadding)?).map_err(|_| Reason::BadUtf8)
    }

    /// The header value that carries `text`.
    pub(super) fn seal(&self, text: &[u8]) -> String {
        ::hex::encode(ecb::Encryptor::<&Aes128>::inner_init(&self.0).encrypt_padded_vec::<Pkcs7>(text))
    }
}
