//! The users of an app, as the platform keeps them for this service. The service's own access token stays with the host.
//!
//! ```
//! use wharf_sdk::prelude::*;
//! use wharf_sdk::app_users::NewUser;
//!
//! fn sign_up(app_id: &str, account: &str) -> Result<String> {
//!     let user = NewUser { account: account.to_owned(), name: account.to_owned(), email: None, cellphone: None };
//!     Ok(app_users::create(app_id, &user)?.id)
//! }
//! ```
//!
//! It needs `[permissions.required.app-users]` in the manifest, and the operator's grant. Every function fails with
//! `app-users.denied` (not granted), `app-users.invalid` (an id that has not 24 hex digits, an empty account, a text over
//! 1 KiB), `app-users.refused` (the platform said no; the message begins with its error code), or `app-users.unavailable` (the
//! platform cannot be reached now; then nobody knows whether the user was made or changed).

use std::fmt;

use crate::{Result, sys};

/// A user to be made. What may be unknown is `None`; the empty text is an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewUser {
    /// The account name, unique for this app and service.
    pub account: String,
    /// The name to show.
    pub name: String,
    /// The mail address.
    pub email: Option<String>,
    /// The telephone number.
    pub cellphone: Option<String>,
}

/// What becomes of a user. The account name never changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// The name to show.
    pub name: String,
    /// The mail address.
    pub email: Option<String>,
    /// The telephone number.
    pub cellphone: Option<String>,
}

/// A user as the platform keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppUser {
    /// The account id: the `id` of callers that are this user.
    pub id: String,
    /// The account name.
    pub account: String,
    /// The name to show.
    pub name: String,
    /// The mail address.
    pub email: Option<String>,
    /// The telephone number.
    pub cellphone: Option<String>,
}

/// What the app user's client shows the platform. Its code is in no `Debug` output.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    /// The access token itself.
    pub code: String,
    /// Until when it is good, in milliseconds since 1970, where the platform says so.
    pub expires_ms: Option<u64>,
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("expires_ms", &self.expires_ms).finish_non_exhaustive()
    }
}

/// Makes a user of the app. For an account that the service has made before, the platform may answer the user it has.
///
/// # Errors
/// See the [module](self).
pub fn create(app_id: &str, user: &NewUser) -> Result<AppUser> {
    Ok(sys::app_users::create(app_id, user)?)
}

/// Changes a user of the app.
///
/// # Errors
/// See the [module](self).
pub fn update(app_id: &str, user_id: &str, changes: &Changes) -> Result<AppUser> {
    Ok(sys::app_users::update(app_id, user_id, changes)?)
}

/// A new access token for a user of the app. `remember` asks for one that lives for weeks instead of a day, where the platform
/// knows the difference.
///
/// # Errors
/// See the [module](self).
pub fn access_token(app_id: &str, user_id: &str, remember: bool) -> Result<Token> {
    Ok(sys::app_users::access_token(app_id, user_id, remember)?)
}
