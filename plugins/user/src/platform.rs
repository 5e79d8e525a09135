//! What the platform does for an account: it keeps the app user, and gives out the tokens that its client shows.

use wharf_sdk::prelude::*;
use wharf_sdk::subscriptions::State;

use crate::account::Account;
use crate::accounts::Accounts;
use crate::answer::Refusal;

/// The platform's id of the calling app. Headers do not carry it: the message of its subscription did.
pub(crate) fn app_id(caller: &Caller) -> Result<String, Refusal> {
    let app = caller.app()?;
    if let Some(id) = &app.id {
        return Ok(id.clone());
    }
    let known = subscriptions::get(&app.key)?.filter(|subscription| subscription.state == State::Subscribed);
    known.and_then(|subscription| subscription.app.id).ok_or_else(|| {
        warn!(app = app.key; "the app's id is not known: no message of its subscription was handled");
        Refusal::NotSubscribed
    })
}

/// Makes the app user, or finds the one there is from a time when it went no further.
pub(crate) fn save(app_id: &str, account: &Account) -> Result<app_users::AppUser, Refusal> {
    let made = app_users::create(app_id, &account.new_user());
    made.map_err(|error| failed("save", &error, Refusal::SaveUserInfoFailed))
}

/// Has the platform say of a new account what the account says: a user from an earlier time may be called otherwise. The account
/// is there already, and its user can mend it by any update; so a failure is only told to the log.
pub(crate) fn align(app_id: &str, account: &Account, user: &app_users::AppUser) {
    let same = |there: &Option<String>, here: &str| there.as_deref().unwrap_or_default() == here;
    let aligned =
        user.name == account.display_name && same(&user.email, &account.email) && same(&user.cellphone, &account.cellphone);
    if !aligned && let Err(error) = app_users::update(app_id, &account.user_id, &account.changes()) {
        warn!(code = error.code(), account = account.id; "the platform calls a new user otherwise: {}", error.message());
    }
}

/// Changes the app user.
pub(crate) fn update(app_id: &str, account: &Account) -> Result<(), Refusal> {
    let updated = app_users::update(app_id, &account.user_id, &account.changes());
    updated.map(drop).map_err(|error| failed("update", &error, Refusal::SaveUserInfoFailed))
}

/// A new access token for the account's user, who is made again where the platform has lost it.
pub(crate) fn token(app_id: &str, accounts: &Accounts, account: &Account, remember: bool) -> Result<String, Refusal> {
    let refused = match app_users::access_token(app_id, &account.user_id, remember) {
        Ok(token) => return Ok(token.code),
        Err(error) => error,
    };
    let no_token = |error: &Error| failed("token", error, Refusal::GetAccessTokenFailed);
    if refused.code() != "app-users.refused" {
        return Err(no_token(&refused));
    }
    // Whatever the platform calls it: making a user that is there changes nothing.
    let user_id = app_users::create(app_id, &account.new_user()).map_err(|error| no_token(&error))?.id;
    if user_id != account.user_id {
        warn!(old = account.user_id, new = user_id; "the platform had lost an app user, and gave the account another id");
        accounts.change(&account.name, |account| {
            account.user_id.clone_from(&user_id);
            Ok(())
        })?;
    }
    let token = app_users::access_token(app_id, &user_id, remember);
    token.map(|token| token.code).map_err(|error| no_token(&error))
}

fn failed(what: &str, error: &Error, refusal: Refusal) -> Refusal {
    error!(what = what, code = error.code(); "{}", error.message());
    refusal
}
