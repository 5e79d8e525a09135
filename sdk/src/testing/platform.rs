//! The platform, as far as a plugin can ask it: users of apps, and their access tokens.

use std::collections::BTreeSet;
use std::time::Duration;

use super::current::failure;
use super::host::State;
use crate::app_users::{AppUser, Changes, NewUser, Token};
use crate::error::Failure;
use crate::ocean;

/// How long a token lives, and one that was asked to be remembered.
const LIFETIME: Duration = Duration::from_hours(24);
const LIFETIME_REMEMBERED: Duration = Duration::from_hours(30 * 24);

/// The most bytes of an account, a name, an address or a number.
const MAX_TEXT: usize = 1 << 10;

/// When a platform that is down may be asked again.
const RETRY: Duration = Duration::from_secs(1);

/// What the platform keeps for the service.
#[derive(Default)]
pub(crate) struct Platform {
    users: Vec<(String, AppUser)>,
    tokens: Vec<IssuedToken>,
    made: u128,
    denied: BTreeSet<String>,
    trouble: Option<Trouble>,
}

/// An access token that the plugin fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuedToken {
    /// The account id it speaks for.
    pub user_id: String,
    /// The token.
    pub code: String,
    /// Until when it is good, in milliseconds since 1970.
    pub expires_ms: u64,
}

pub(crate) enum Trouble {
    Down,
    Refuses(String),
}

impl Platform {
    pub(crate) fn deny(&mut self, capability: &str) {
        self.denied.insert(capability.to_owned());
    }

    pub(crate) fn trouble(&mut self, trouble: Option<Trouble>) {
        self.trouble = trouble;
    }

    pub(crate) fn users(&self, app_id: &str) -> Vec<AppUser> {
        self.users.iter().filter(|(app, _)| app == app_id).map(|(_, user)| user.clone()).collect()
    }

    pub(crate) fn tokens(&self) -> Vec<IssuedToken> {
        self.tokens.clone()
    }

    pub(crate) fn forget(&mut self, account: &str) {
        self.users.retain(|(_, user)| user.account != account);
    }

    pub(crate) fn check_granted(&self, capability: &str) -> Result<(), Failure> {
        if self.denied.contains(capability) {
            return Err(failure(&format!("{capability}.denied"), format!("`{capability}` is not granted to the service")));
        }
        Ok(())
    }

    /// Whether the platform answers at all.
    pub(crate) fn check(&self, capability: &str) -> Result<(), Failure> {
        self.check_granted(capability)?;
        match &self.trouble {
            None => Ok(()),
            Some(Trouble::Down) => Err(Failure {
                retry_after: Some(RETRY),
                ..failure(&format!("{capability}.unavailable"), "the platform cannot be reached now")
            }),
            Some(Trouble::Refuses(code)) => Err(refused(capability, code)),
        }
    }

    fn next_id(&mut self) -> String {
        self.made += 1;
        format!("a{:023x}", self.made)
    }
}

/// The same account of the same app is the same user, however often it is made.
pub(crate) fn create(state: &mut State, app_id: &str, user: &NewUser) -> Result<AppUser, Failure> {
    let NewUser { account, name, email, cellphone } = user;
    check(state, &[app_id], [Some(account), Some(name), email.as_ref(), cellphone.as_ref()])?;
    if account.is_empty() {
        return Err(invalid("the account is empty"));
    }
    check_app(state, app_id)?;
    check_lines([Some(account), Some(name), email.as_ref(), cellphone.as_ref()])?;
    if account.trim().is_empty() {
        return Err(refused("app-users", "wharf.badRequest"));
    }
    let known = state.platform.users.iter().find(|(app, known)| app == app_id && known.account == user.account);
    if let Some((_, known)) = known {
        return Ok(known.clone());
    }
    let NewUser { account, name, email, cellphone } = user.clone();
    let user = AppUser { id: state.platform.next_id(), account, name, email, cellphone };
    state.platform.users.push((app_id.to_owned(), user.clone()));
    Ok(user)
}

pub(crate) fn update(state: &mut State, app_id: &str, user_id: &str, changes: &Changes) -> Result<AppUser, Failure> {
    let Changes { name, email, cellphone } = changes;
    check(state, &[app_id, user_id], [Some(name), email.as_ref(), cellphone.as_ref()])?;
    check_app(state, app_id)?;
    check_lines([Some(name), email.as_ref(), cellphone.as_ref()])?;
    let user = find(state, app_id, user_id)?;
    user.name.clone_from(&changes.name);
    // What is not named stays as it is.
    user.email = changes.email.clone().or_else(|| user.email.take());
    user.cellphone = changes.cellphone.clone().or_else(|| user.cellphone.take());
    Ok(user.clone())
}

pub(crate) fn access_token(state: &mut State, app_id: &str, user_id: &str, remember: bool) -> Result<Token, Failure> {
    check(state, &[app_id, user_id], [])?;
    check_app(state, app_id)?;
    find(state, app_id, user_id)?;
    let lifetime = if remember { LIFETIME_REMEMBERED } else { LIFETIME };
    let expires_ms = state.now_ms() + u64::try_from(lifetime.as_millis()).unwrap_or(u64::MAX);
    let code = format!("{:040x}", state.platform.tokens.len() + 1);
    state.platform.tokens.push(IssuedToken { user_id: user_id.to_owned(), code: code.clone(), expires_ms });
    Ok(Token { code, expires_ms: Some(expires_ms) })
}

/// What the host sees before it asks the platform.
fn check<const N: usize>(state: &State, ids: &[&str], texts: [Option<&String>; N]) -> Result<(), Failure> {
    state.platform.check_granted("app-users")?;
    if !ids.iter().all(|id| id.len() == 24 && id.bytes().all(|byte| byte.is_ascii_hexdigit())) {
        return Err(invalid("an id is not one: it has 24 hex digits"));
    }
    match texts.into_iter().flatten().any(|text| text.len() > MAX_TEXT) {
        true => Err(invalid("a text is longer than 1 KiB")),
        false => Ok(()),
    }
}

/// What the platform in the host does not take.
fn check_lines<const N: usize>(texts: [Option<&String>; N]) -> Result<(), Failure> {
    match texts.into_iter().flatten().all(|text| ocean::is_line(text)) {
        true => Ok(()),
        false => Err(refused("app-users", "wharf.badRequest")),
    }
}

fn invalid(why: &str) -> Failure {
    failure("app-users.invalid", why)
}

fn check_app(state: &State, app_id: &str) -> Result<(), Failure> {
    state.platform.check("app-users")?;
    if state.apps.info(app_id).is_some() { Ok(()) } else { Err(refused("app-users", "backService.noSubscribeRecordFound")) }
}

fn find<'s>(state: &'s mut State, app_id: &str, user_id: &str) -> Result<&'s mut AppUser, Failure> {
    let found = state.platform.users.iter_mut().find(|(app, user)| app == app_id && user.id == user_id);
    found.map(|(_, user)| user).ok_or_else(|| refused("app-users", "common.database.dataNotFound"))
}

fn refused(capability: &str, code: &str) -> Failure {
    failure(&format!("{capability}.refused"), format!("{code}: the platform said no"))
}
