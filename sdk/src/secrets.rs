//! Secrets the operator gave this service. Where a secret only has to reach another server, let the operator have it injected
//! by `http-out` instead: then it never enters the plugin.

use std::fmt;

use crate::{Error, Result, sys};

/// The secret of that name.
///
/// # Errors
/// `secrets.denied` (the manifest does not ask for it, or the operator does not grant it).
pub fn get(name: &str) -> Result<Secret> {
    Ok(Secret(sys::secrets::get(name)?))
}

/// A secret. It shows itself in no `Debug` output; what [`Secret::bytes`] or [`Secret::text`] gave is the plugin's to guard.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The text.
    ///
    /// # Errors
    /// `plugin.failed` when it is not UTF-8.
    pub fn text(&self) -> Result<&str> {
        std::str::from_utf8(&self.0).map_err(|_| Error::failure("plugin.failed", "the secret is not UTF-8 text"))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}
