//! Passwords, of which only hashes are kept: argon2id over the bytes as they came.

use argon2::{Algorithm, Argon2, Params, Version};
use subtle::ConstantTimeEq;
use wharf_sdk::prelude::*;

/// 19 MiB and 2 passes, the usual choice where memory is the scarcer of the two: 0.07 s of a core in a plugin, and half of its
/// 40 MiB.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
/// A plugin has one thread.
const LANES: u32 = 1;

const SALT: usize = 16;
const HASH: usize = 32;

/// The most bytes of a password.
pub(crate) const MAX: usize = 1 << 10;

/// A hash, with all that it takes to make it again.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Password {
    memory_kib: u32,
    passes: u32,
    salt: String,
    hash: String,
}

impl Password {
    /// With a salt of its own.
    pub(crate) fn new(text: &str) -> Result<Self> {
        let mut salt = [0; SALT];
        getrandom::fill(&mut salt)?;
        let hash = hex::encode(hash(text, &salt, MEMORY_KIB, PASSES)?);
        Ok(Self { memory_kib: MEMORY_KIB, passes: PASSES, salt: hex::encode(salt), hash })
    }

    /// Nobody's: it fits no text, and to find that out takes as long as for any other. For accounts that do not exist.
    pub(crate) fn nobodys() -> Self {
        Self { memory_kib: MEMORY_KIB, passes: PASSES, salt: "00".repeat(SALT), hash: "00".repeat(HASH) }
    }

    /// Whether it is the password. Takes the same time for every wrong one.
    pub(crate) fn fits(&self, text: &str) -> Result<bool> {
        let made = hash(text, &hex::decode(&self.salt)?, self.memory_kib, self.passes)?;
        Ok(bool::from(made.as_slice().ct_eq(&hex::decode(&self.hash)?)))
    }

    /// Whether it was made as it would be made now.
    pub(crate) fn is_current(&self) -> bool {
        (self.memory_kib, self.passes) == (MEMORY_KIB, PASSES)
    }
}

fn hash(text: &str, salt: &[u8], memory_kib: u32, passes: u32) -> Result<[u8; HASH]> {
    let wrong = |error: argon2::Error| Error::failure("user.argon2", error.to_string());
    let params = Params::new(memory_kib, passes, LANES, Some(HASH)).map_err(wrong)?;
    let mut hash = [0; HASH];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(text.as_bytes(), salt, &mut hash)
        .map_err(wrong)?;
    Ok(hash)
}
