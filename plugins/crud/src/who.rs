//! Who calls, as far as documents are concerned.

use wharf_sdk::prelude::*;

use crate::answer::Refusal;

pub(crate) struct Who {
    /// The account id of a login; none is anonymous. Documents belong to ids.
    pub(crate) id: Option<String>,
    /// `account@service`, for people to read.
    pub(crate) label: String,
}

impl Who {
    /// The caller, if it is the app that the path names.
    pub(crate) fn of(caller: &Caller, app_key: &str) -> Result<Self, Refusal> {
        if caller.app()?.key != app_key {
            return Err(Refusal::DoNotHaveRight);
        }
        Ok(match &caller.user {
            Some(user) => Self { id: Some(user.id.clone()), label: format!("{}@{}", user.account, user.authenticated_by) },
            None => Self { id: None, label: String::new() },
        })
    }
}
