//! Mail to an app's users. The host keeps it in an outbox that the operator sees and sends from.
//!
//! ```
//! use wharf_sdk::prelude::*;
//! use wharf_sdk::mail::Letter;
//!
//! fn welcome(address: &str) -> Result<()> {
//!     mail::send(&Letter {
//!         to: address.to_owned(),
//!         kind: "welcome".to_owned(),
//!         subject: "Welcome".to_owned(),
//!         text: "Good to have you here.".to_owned(),
//!         link: None,
//!     })
//! }
//! ```
//!
//! It needs `[permissions.required.mail]` in the manifest, and the operator's grant.

use crate::{Result, sys};

/// A mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// The address.
    pub to: String,
    /// What it is for, in lower-case letters, digits and `-`, such as `password-reset`.
    pub kind: String,
    /// The subject: one line, at most 256 bytes.
    pub subject: String,
    /// The plain text, at most 64 KiB.
    pub text: String,
    /// What the receiver is to follow, by http or https.
    pub link: Option<String>,
}

/// Puts a letter from the calling app into the outbox, and returns when it is on disk; while a message is handled when it will
/// be, together with the message's completion.
///
/// # Errors
/// `mail.denied` (not granted), `mail.invalid` (no address, an empty subject, too long), `mail.no-app` (the caller is no app),
/// `mail.full` (1,000 letters of the service wait to be sent, or one message made it write 64), `mail.unavailable`.
pub fn send(letter: &Letter) -> Result<()> {
    Ok(sys::mail::send(letter)?)
}
