//! The apps of the platform that have subscribed to this service: what they are called.
//!
//! ```
//! use wharf_sdk::prelude::*;
//!
//! fn title(app_id: &str) -> Result<String> {
//!     Ok(apps::get(app_id)?.map_or_else(|| "somebody's app".to_owned(), |app| app.name))
//! }
//! ```
//!
//! It needs `[permissions.required.apps]` in the manifest, and the operator's grant.

use crate::{Result, sys};

/// What the platform says of an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Info {
    /// Its id.
    pub id: String,
    /// Its key: what it calls itself by.
    pub key: String,
    /// Its name for people.
    pub name: String,
}

/// The app with this id; `None` where it is unknown or has not subscribed.
///
/// # Errors
/// `apps.denied` (not granted), `apps.refused` (the platform said no; the message begins with its error code),
/// `apps.unavailable` (the platform cannot be reached now).
pub fn get(id: &str) -> Result<Option<Info>> {
    Ok(sys::apps::get(id)?)
}
