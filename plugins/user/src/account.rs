//! An account, and the shapes in which it comes and goes.

use wharf_sdk::app_users::{Changes, NewUser};
use wharf_sdk::prelude::*;

use crate::password::Password;

/// The most bytes of a name: it is a part of keys.
pub(crate) const MAX_NAME: usize = 256;
/// The most bytes of everything else that is said of an account.
pub(crate) const MAX_TEXT: usize = 256;

/// What is kept of an account.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Account {
    /// This service's own id of it.
    pub(crate) id: String,
    /// The platform's, which callers carry.
    pub(crate) user_id: String,
    pub(crate) name: String,
    pub(crate) display_name: String,
    pub(crate) email: String,
    pub(crate) cellphone: String,
    pub(crate) password: Password,
    /// The last link that was sent.
    pub(crate) reset: Option<Reset>,
}

/// A link by which the password can be set without the old one.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Reset {
    /// The SHA-256 of the token.
    pub(crate) digest: String,
    pub(crate) expires_ms: u64,
    pub(crate) used: bool,
}

/// What a caller sees of an account.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Entity<'a> {
    #[serde(rename = "_id")]
    id: &'a str,
    account_name: &'a str,
    display_name: &'a str,
    email: &'a str,
    cellphone: &'a str,
    app_key: &'a str,
}

impl Account {
    pub(crate) fn entity<'a>(&'a self, app_key: &'a str) -> Entity<'a> {
        Entity {
            id: &self.id,
            account_name: &self.name,
            display_name: &self.display_name,
            email: &self.email,
            cellphone: &self.cellphone,
            app_key,
        }
    }

    /// As the platform is to make it.
    pub(crate) fn new_user(&self) -> NewUser {
        NewUser {
            account: self.name.clone(),
            name: self.display_name.clone(),
            email: Some(self.email.clone()),
            cellphone: Some(self.cellphone.clone()),
        }
    }

    /// As the platform is to change it.
    pub(crate) fn changes(&self) -> Changes {
        Changes { name: self.display_name.clone(), email: Some(self.email.clone()), cellphone: Some(self.cellphone.clone()) }
    }
}

/// 12 random bytes: an id in the platform's form.
pub(crate) fn new_id() -> Result<String> {
    let mut bytes = [0; 12];
    getrandom::fill(&mut bytes)?;
    Ok(hex::encode(bytes))
}
