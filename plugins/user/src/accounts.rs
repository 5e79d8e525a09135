//! The accounts of the calling app, as rows of its store `accounts`.
//!
//! | key | value |
//! |---|---|
//! | `account/<name>` | the account |
//! | `user/<the platform's id>` | its name |
//! | `email/<SHA-256 of the address in lower case>/<name>` | nothing |
//! | `reset/<SHA-256 of the token>` | its name |
//! | `login/…`, `mail/…` | counts: see `attempts` |
//! | `secret` | what nobody outside can foresee |
//! | `decoy` | nothing of use |
//!
//! An account and what leads to it change in one batch, under the condition that nobody changed the account meanwhile.

use sha2::{Digest, Sha256};
use wharf_sdk::kv::{Batch, Condition};
use wharf_sdk::prelude::*;

use crate::account::Account;
use crate::answer::Refusal;

/// Tries before a writer gives up against others of the same account.
const TRIES: u32 = 5;

/// Accounts with the same address that get mail at once.
const MAX_SAME_ADDRESS: u32 = 5;

pub(crate) struct Accounts(kv::Store);

impl Accounts {
    pub(crate) fn open() -> Result<Self> {
        Ok(Self(kv::store("accounts")?))
    }

    pub(crate) fn store(&self) -> &kv::Store {
        &self.0
    }

    pub(crate) fn get(&self, name: &str) -> Result<Option<Account>> {
        self.0.get_json(&account_key(name))
    }

    /// The account of a user of the platform.
    pub(crate) fn of_user(&self, user_id: &str) -> Result<Option<Account>> {
        let account = self.led_to(&user_key(user_id))?;
        Ok(account.filter(|account| account.user_id == user_id))
    }

    /// The account that a link was sent for, if no newer one was.
    pub(crate) fn of_token(&self, token: &str) -> Result<Option<Account>> {
        let digest = digest(token);
        let account = self.led_to(&reset_key(&digest))?;
        Ok(account.filter(|account| account.reset.as_ref().is_some_and(|reset| reset.digest == digest)))
    }

    pub(crate) fn of_email(&self, address: &str) -> Result<Vec<Account>> {
        let prefix = email_key(address, "");
        let page = self.0.keys(&prefix, None, MAX_SAME_ADDRESS)?;
        let names = page.keys.iter().filter_map(|key| key.strip_prefix(&prefix));
        names.filter_map(|name| self.get(name).transpose()).collect()
    }

    fn led_to(&self, key: &str) -> Result<Option<Account>> {
        let Some(entry) = self.0.get(key)? else { return Ok(None) };
        let name: String = entry.json()?;
        self.get(&name)
    }

    /// 16 random bytes of the app's own, made when they are first needed.
    pub(crate) fn secret(&self) -> Result<String> {
        if let Some(secret) = self.0.get_json("secret")? {
            return Ok(secret);
        }
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)?;
        let made = hex::encode(bytes);
        match self.0.set_json_if("secret", &made, Condition::Absent) {
            Ok(_) => Ok(made),
            // Somebody else was quicker.
            Err(error) if error.code() == "kv.conflict" => self.0.get_json("secret")?.ok_or(error),
            Err(error) => Err(error),
        }
    }

    /// Takes the time that a commit takes, for an account that does not exist.
    pub(crate) fn pretend(&self) -> Result<()> {
        self.0.set("decoy", "").map(drop)
    }

    /// Stores a new account; says no if there is one of that name.
    pub(crate) fn add(&self, account: &Account) -> Result<bool> {
        self.write(None, account, Condition::Absent)
    }

    /// Changes an account that is there, again with what it has become when somebody else was quicker. None if it is gone.
    pub(crate) fn change(
        &self,
        name: &str,
        change: impl Fn(&mut Account) -> Result<(), Refusal>,
    ) -> Result<Option<Account>, Refusal> {
        for _ in 0..TRIES {
            let Some(entry) = self.0.get(&account_key(name))? else { return Ok(None) };
            let before: Account = entry.json()?;
            let mut after = before.clone();
            change(&mut after)?;
            if self.write(Some(&before), &after, Condition::Version(entry.version))? {
                return Ok(Some(after));
            }
        }
        Err(Refusal::Failed(Error::failure("user.contended", "an account changed too often at the same time")))
    }

    /// Writes the account and what leads to it; says no if the condition does not hold.
    fn write(&self, before: Option<&Account>, after: &Account, condition: Condition) -> Result<bool> {
        let (old, new) = (before.map(paths).unwrap_or_default(), paths(after));
        let mut batch = Batch::new();
        for gone in old.iter().filter(|path| !new.contains(path)) {
            batch = batch.delete(gone.0.as_str());
        }
        for (key, value) in new.iter().filter(|path| !old.contains(path)) {
            batch = batch.set_json(key.as_str(), value)?;
        }
        match self.0.apply(batch.set_json_if(account_key(&after.name), after, condition)?) {
            Err(error) if error.code() == "kv.conflict" => Ok(false),
            done => done.map(|_| true),
        }
    }
}

/// The rows that lead to an account.
fn paths(account: &Account) -> Vec<(String, String)> {
    let mut paths = vec![(user_key(&account.user_id), account.name.clone())];
    if !account.email.is_empty() {
        paths.push((email_key(&account.email, &account.name), String::new()));
    }
    paths.extend(account.reset.as_ref().map(|reset| (reset_key(&reset.digest), account.name.clone())));
    paths
}

fn account_key(name: &str) -> String {
    format!("account/{name}")
}

fn user_key(user_id: &str) -> String {
    format!("user/{user_id}")
}

fn email_key(address: &str, name: &str) -> String {
    format!("email/{}/{name}", digest(&address.to_lowercase()))
}

fn reset_key(digest: &str) -> String {
    format!("reset/{digest}")
}

/// The SHA-256 of a text, in hex.
pub(crate) fn digest(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}
