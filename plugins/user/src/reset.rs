//! Forgotten passwords: a link by mail, good for an hour and for once.

use std::time::Duration;

use wharf_sdk::mail::Letter;
use wharf_sdk::prelude::*;

use crate::account::{Account, Reset};
use crate::accounts::{Accounts, digest};
use crate::answer::Refusal;
use crate::attempts::{Attempts, Of};
use crate::password::Password;

/// Letters about one account within a day.
const MAX_LETTERS: u32 = 3;
const DAY: Duration = Duration::from_hours(24);

/// How long a link is good.
const LIFETIME: Duration = Duration::from_hours(1);

/// Random bytes of a token.
const TOKEN: usize = 20;

/// Sends a link to each of the accounts that `name` led to. Where there are none, nothing looks different.
pub(crate) fn send(accounts: &Accounts, found: &[Account], name: &str, link: impl Fn(&str) -> String) -> Result<(), Refusal> {
    let spend = |account| Attempts::new(Of::Mail, accounts, account, name, MAX_LETTERS, DAY)?.spend();
    if found.is_empty() {
        spend(None)?.map_err(|_| Refusal::TooManyMails)?;
        return Ok(pretend(accounts)?);
    }
    let mut enough = 0;
    for account in found {
        match spend(Some(account))? {
            Err(_) => enough += 1,
            Ok(()) if account.email.is_empty() => {
                info!(account = account.id; "no link: the account has no mail address");
                pretend(accounts)?;
            }
            Ok(()) => post(accounts, account, &link)?,
        }
    }
    if enough == found.len() { Err(Refusal::TooManyMails) } else { Ok(()) }
}

/// Two commits, as many as a letter takes: else the time would tell who gets one.
fn pretend(accounts: &Accounts) -> Result<()> {
    accounts.pretend()?;
    accounts.pretend()
}

/// The token first: one that is mailed must be good.
fn post(accounts: &Accounts, account: &Account, link: impl Fn(&str) -> String) -> Result<(), Refusal> {
    let mut bytes = [0; TOKEN];
    getrandom::fill(&mut bytes).map_err(Error::from)?;
    let token = hex::encode(bytes);
    let expires_ms = clock::now_ms() + u64::try_from(LIFETIME.as_millis()).map_err(Error::from)?;
    let reset = Reset { digest: digest(&token), expires_ms, used: false };
    accounts.change(&account.name, |account| {
        account.reset = Some(reset.clone());
        Ok(())
    })?;
    let link = link(&token);
    let letter = Letter {
        to: account.email.clone(),
        kind: "password-reset".to_owned(),
        subject: "Reset your password".to_owned(),
        // Nothing that somebody else may have chosen: not even the account's name.
        text: format!(
            "Somebody, probably you, asked for a new password. To choose one, follow this link within an hour:\n\n{link}\n\n\
             If it was not you, there is nothing to do: the password stays as it is.\n"
        ),
        link: Some(link),
    };
    match mail::send(&letter) {
        // The user's own words are no address: as if there were none.
        Err(error) if error.code() == "mail.invalid" => {
            info!(account = account.id; "no link: the account's mail address is none");
            Ok(())
        }
        Err(error) => {
            error!(code = error.code(), account = account.id; "{}", error.message());
            Err(Refusal::MailFailed)
        }
        sent => Ok(sent?),
    }
}

/// Sets the password of the account that the token was sent for; returns the account.
pub(crate) fn redeem(accounts: &Accounts, token: &str, password: &Password) -> Result<Account, Refusal> {
    let digest = digest(token);
    let Some(account) = accounts.of_token(token)? else { return Err(Refusal::TokenNotExist) };
    let changed = accounts.change(&account.name, |account| {
        let Some(reset) = account.reset.as_mut().filter(|reset| reset.digest == digest) else {
            return Err(Refusal::TokenNotExist);
        };
        if reset.used {
            return Err(Refusal::TokenUsed);
        }
        if clock::now_ms() >= reset.expires_ms {
            return Err(Refusal::TokenExpired);
        }
        reset.used = true;
        account.password = password.clone();
        Ok(())
    })?;
    changed.ok_or(Refusal::TokenNotExist)
}
