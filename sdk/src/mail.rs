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
//! Hosts of this version have no outbox yet: they refuse to install a component that imports it (`WH1204`). Only the host of
//! the tests keeps what is sent.

use crate::{Result, sys};

/// A mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// The address.
    pub to: String,
    /// What it is for, such as `password-reset`.
    pub kind: String,
    /// The subject.
    pub subject: String,
    /// The plain text, at most 64 KiB.
    pub text: String,
    /// What the receiver is to follow.
    pub link: Option<String>,
}

/// Puts a letter from the calling app into the outbox, and returns when it is on disk.
///
/// # Errors
/// `mail.denied` (not granted), `mail.invalid` (no address, an empty subject, too long), `mail.no-app` (the caller is no app),
/// `mail.full` (the service's outbox is full).
pub fn send(letter: &Letter) -> Result<()> {
    Ok(sys::mail::send(letter)?)
}
