//! What callers are told, in the envelope of OceanClouds.

use std::time::Duration;

use wharf_sdk::ocean;
use wharf_sdk::prelude::*;

use crate::settings::Settings;

/// Whose errors these are, in the words of the platform.
const NAME: &str = "USER Error";

/// Why a request is not done.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The body cannot be read, or lacks something.
    BadRequest(&'static str),
    AlreadyExist,
    NotExist,
    AccountOrPasswordNotRight,
    PasswordNotRight,
    /// So many wrong passwords that even the right one is not looked at.
    TooManyLogins(Duration),
    DoNotHaveRight,
    /// Another service knows this user.
    WrongService,
    /// The host has heard of no subscription, and so knows no app id.
    NotSubscribed,
    AccountOrEmailCannotBeNull,
    MailFailed,
    TooManyMails,
    TokenNotExist,
    TokenExpired,
    TokenUsed,
    SaveUserInfoFailed,
    GetAccessTokenFailed,
    /// Something broke that is nobody's mistake here.
    Failed(Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl Refusal {
    /// The code and the sentence. Clients put the sentence into their pages as HTML, so nothing of a request is ever in it.
    fn words(&self) -> (&'static str, &'static str) {
        match self {
            Self::BadRequest(text) => ("wharf.badRequest", text),
            Self::AlreadyExist => ("user.alreadyExist", "There is an account of this name already."),
            Self::NotExist => ("user.notExist", "There is no such account."),
            Self::AccountOrPasswordNotRight => ("user.accountOrPasswordNotRight", "The account or the password is not right."),
            Self::PasswordNotRight => ("user.passwordNotRight", "The old password is not right."),
            Self::TooManyLogins(_) => ("wharf.tooManyLogins", "The password was wrong too often. Please try again later."),
            Self::DoNotHaveRight => ("user.doNotHaveRight", "Please log in first."),
            Self::WrongService => ("ocean.wrongOceanAuthBackServiceKey", "This user belongs to another service."),
            Self::NotSubscribed => ("app.notSubscribedApp", "This app is not known to have subscribed to the service."),
            Self::AccountOrEmailCannotBeNull => ("user.accountOrEmailCannotBeNull", "Please name an account or a mail address."),
            Self::MailFailed => ("mail.failed", "No mail can be sent for this app."),
            Self::TooManyMails => ("mail.reset.maxNumPerDay", "There was enough mail about this account for today."),
            Self::TokenNotExist => ("token.notExist", "This link is not valid. A newer one may have been sent."),
            Self::TokenExpired => ("token.expired", "This link is too old. Please ask for a new one."),
            Self::TokenUsed => ("token.used", "This link was used already. Please ask for a new one."),
            Self::SaveUserInfoFailed => ("ocean.saveUserInfoFailed", "The user could not be saved at the platform."),
            Self::GetAccessTokenFailed => ("ocean.getEndUserAccessTokenFailed", "The platform gave no access token."),
            Self::Failed(error) if error.code().starts_with("kv.") => ("common.database", "The accounts cannot be reached now."),
            Self::Failed(_) => ("common.systemError", "Something went wrong. Please try again later."),
        }
    }

    fn into_response(self, error_status: u16) -> Response {
        if let Self::Failed(error) = &self {
            error!(code = error.code(); "{}", error.message());
        }
        let (code, message) = self.words();
        let response = ocean::refusal(NAME, code, message).into_response(error_status);
        match self {
            Self::TooManyLogins(wait) => response.header("retry-after", wait.as_secs().max(1).to_string()),
            _ => response,
        }
    }
}

/// Answers what a handler came to.
pub(crate) fn answer(work: impl FnOnce(&Settings) -> Result<Response, Refusal>) -> Result<Response> {
    let settings = Settings::read()?;
    Ok(work(&settings).unwrap_or_else(|refusal| refusal.into_response(settings.error_status)))
}
