//! Accounts for apps of OceanClouds: register, log in, change what is said of an account, change and reset its password.
//!
//! The password is known here alone, and only as a hash; the user is known at the platform too, under an account id, which is
//! who a caller is. Names and addresses are labels.

mod account;
mod accounts;
mod answer;
mod attempts;
mod body;
mod password;
mod platform;
mod reset;
mod settings;

use wharf_sdk::ocean;
use wharf_sdk::prelude::*;

use account::{Account, new_id};
use accounts::Accounts;
use answer::{Refusal, answer};
use attempts::{Attempts, Of};
use body::{ForgetPassword, Login, Register, ResetPassword, Sent, Update, UpdatePassword, read};
use password::Password;
use settings::Settings;

/// Makes an account: the platform's part first, for that can be made again, then all of this one's at once.
#[post("/register")]
fn register(caller: Caller, sent: Sent<Register>) -> Result<Response> {
    answer(|_| {
        let sent = read(sent)?;
        let (name, password) = (sent.account_name.name()?, sent.password.password()?);
        let (display_name, email, cellphone) = (sent.display_name.said()?, sent.email.said()?, sent.cellphone.said()?);
        let accounts = Accounts::open()?;
        if accounts.get(&name)?.is_some() {
            return Err(Refusal::AlreadyExist);
        }
        let app_id = platform::app_id(&caller)?;
        let mut account = Account {
            id: new_id()?,
            user_id: String::new(),
            display_name: display_name.unwrap_or_else(|| name.clone()),
            name,
            email: email.unwrap_or_default(),
            cellphone: cellphone.unwrap_or_default(),
            password: Password::new(&password)?,
            reset: None,
        };
        let user = platform::save(&app_id, &account)?;
        account.user_id.clone_from(&user.id);
        if !accounts.add(&account)? {
            return Err(Refusal::AlreadyExist);
        }
        platform::align(&app_id, &account, &user);
        info!(account = account.id; "registered");
        Ok(ocean::entity(&account.entity(&caller.app()?.key))?)
    })
}

/// What a client gets for the right password.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LoggedIn {
    access_token: String,
}

#[post("/login")]
fn login(caller: Caller, sent: Sent<Login>) -> Result<Response> {
    answer(|settings| {
        let sent = read(sent)?;
        let (name, password) = (sent.account_name.name()?, sent.password.password()?);
        let accounts = Accounts::open()?;
        let account = accounts.get(&name)?;
        let fits = try_password(settings, &accounts, account.as_ref(), &name, &password)?;
        let Some(account) = account.filter(|_| fits) else { return Err(Refusal::AccountOrPasswordNotRight) };
        if !account.password.is_current() {
            let renewed = Password::new(&password)?;
            accounts.change(&account.name, |account| {
                account.password = renewed.clone();
                Ok(())
            })?;
        }
        let app_id = platform::app_id(&caller)?;
        let access_token = platform::token(&app_id, &accounts, &account, sent.remember_me.0)?;
        Ok(ocean::entity(&LoggedIn { access_token })?)
    })
}

/// Changes what is said of the caller's account: what is absent stays, the empty text clears.
#[put("/update")]
fn update(caller: Caller, sent: Sent<Update>) -> Result<Response> {
    answer(|settings| {
        let sent = read(sent)?;
        let (display_name, email, cellphone) = (sent.display_name.said()?, sent.email.said()?, sent.cellphone.said()?);
        let accounts = Accounts::open()?;
        let account = own(&caller, settings, &accounts)?;
        let app_id = platform::app_id(&caller)?;
        let change = |account: &mut Account| {
            account.display_name = display_name.clone().unwrap_or(std::mem::take(&mut account.display_name));
            account.email = email.clone().unwrap_or(std::mem::take(&mut account.email));
            account.cellphone = cellphone.clone().unwrap_or(std::mem::take(&mut account.cellphone));
            // First there: where the platform says no, nothing is changed here.
            platform::update(&app_id, account)
        };
        let account = accounts.change(&account.name, change)?.ok_or(Refusal::NotExist)?;
        Ok(ocean::entity(&account.entity(&caller.app()?.key))?)
    })
}

#[put("/update_password")]
fn update_password(caller: Caller, sent: Sent<UpdatePassword>) -> Result<Response> {
    answer(|settings| {
        let sent = read(sent)?;
        let (old, new) = (sent.old_password.password()?, sent.new_password.password()?);
        let accounts = Accounts::open()?;
        let account = own(&caller, settings, &accounts)?;
        if !try_password(settings, &accounts, Some(&account), &account.name, &old)? {
            return Err(Refusal::PasswordNotRight);
        }
        let password = Password::new(&new)?;
        let changed = accounts.change(&account.name, |now| {
            // Set anew meanwhile: then the old one that was shown is not the old one any more.
            if now.password != account.password {
                return Err(Refusal::PasswordNotRight);
            }
            now.password = password.clone();
            // A link that is still under way was for the password that is gone.
            now.reset = None;
            Ok(())
        })?;
        changed.ok_or(Refusal::NotExist)?;
        info!(account = account.id; "changed its password");
        Ok(ocean::done()?)
    })
}

/// Sends a link by which the password can be reset. Says the same for accounts that there are and that there are not.
#[post("/forget_password")]
fn forget_password(caller: Caller, sent: Sent<ForgetPassword>) -> Result<Response> {
    answer(|settings| {
        let sent = read(sent)?;
        let accounts = Accounts::open()?;
        let name = sent.account_name.filled().filter(|name| name.len() <= account::MAX_NAME);
        let email = sent.account_email.filled().filter(|email| email.len() <= account::MAX_TEXT);
        let (found, named) = match (name, email) {
            (Some(name), _) => (accounts.get(&name)?.into_iter().collect(), name),
            (None, Some(email)) => (accounts.of_email(&email)?, email),
            (None, None) => return Err(Refusal::AccountOrEmailCannotBeNull),
        };
        let Some(link) = settings.reset_link(&caller.app()?.key) else { return Err(Refusal::MailFailed) };
        reset::send(&accounts, &found, &named, link)?;
        Ok(ocean::done()?)
    })
}

#[put("/reset_password")]
fn reset_password(sent: Sent<ResetPassword>) -> Result<Response> {
    answer(|settings| {
        let sent = read(sent)?;
        let password = sent.new_password.password()?;
        let accounts = Accounts::open()?;
        let Some(token) = sent.reset_token.filled() else { return Err(Refusal::TokenNotExist) };
        // Only for a link that was sent: a hash is costly.
        if accounts.of_token(&token)?.is_none() {
            return Err(Refusal::TokenNotExist);
        }
        let account = reset::redeem(&accounts, &token, &Password::new(&password)?)?;
        logins(settings, &accounts, Some(&account), &account.name)?.forget()?;
        info!(account = account.id; "reset its password");
        Ok(ocean::done()?)
    })
}

/// The account of the calling user.
fn own(caller: &Caller, settings: &Settings, accounts: &Accounts) -> Result<Account, Refusal> {
    let Some(user) = &caller.user else { return Err(Refusal::DoNotHaveRight) };
    if user.authenticated_by != settings.service_key {
        return Err(Refusal::WrongService);
    }
    accounts.of_user(&user.id)?.ok_or(Refusal::NotExist)
}

/// Whether it is the password of the account; for one that does not exist the same work is done.
fn try_password(
    settings: &Settings,
    accounts: &Accounts,
    account: Option<&Account>,
    name: &str,
    password: &str,
) -> Result<bool, Refusal> {
    let attempts = logins(settings, accounts, account, name)?;
    attempts.spend()??;
    let known = account.map_or_else(Password::nobodys, |account| account.password.clone());
    let fits = known.fits(password)? && account.is_some();
    if fits {
        attempts.forget()?;
    }
    Ok(fits)
}

fn logins<'a>(settings: &Settings, accounts: &'a Accounts, account: Option<&Account>, name: &str) -> Result<Attempts<'a>> {
    Attempts::new(Of::Login, accounts, account, name, settings.failed_logins, settings.failed_login_window())
}

#[on_subscribe]
fn subscribed(subscription: Subscription) {
    info!(app = subscription.app.key; "subscribed");
}

/// Accounts stay until they are purged, in case the app comes back.
#[on_cancel]
fn cancelled(subscription: Subscription) {
    info!(app = subscription.app.key; "cancelled");
}

/// There is nothing outside of the app's own store, and that the host empties when this has said ok: at once, where the plugin
/// could remove no more than a thousand rows.
#[on_purge]
fn purge(subscription: Subscription) {
    info!(app = subscription.app.key; "purged");
}

service!(register, login, update, update_password, forget_password, reset_password, lifecycle(subscribed, cancelled, purge));

#[cfg(test)]
mod tests;
