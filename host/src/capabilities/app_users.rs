//! `wharf:service/app-users`: the users of an app, as the platform keeps them for the service.
//!
//! The host shows the platform the service's own access token; what the plugin gets is the record of a user, or a token of
//! that user's. Without the grant nobody is asked anything.
//!
//! Cancellation: a call that is dropped, at its deadline for one, may have made or changed the user all the same.

use std::sync::Arc;

use wasmtime::component::{HasSelf, Linker};

use super::{Granted, Lacking, OfPlatform, Trouble, allowed};
use crate::{
    bindings::{
        app_users::{self as wit, Host, add_to_linker},
        types::Error,
    },
    codes::told,
    config::Service,
    manifest::{Capability, Manifest},
    platform::{
        client::{Client, Clients, users},
        object_id,
    },
    problem::Problems,
    runtime::state::{CallState, error},
};

const PLATFORM: OfPlatform = OfPlatform { refused: &told::APP_USERS_REFUSED, unavailable: &told::APP_USERS_UNAVAILABLE };

/// The most bytes of an account, a name, an address or a number.
const MAX_TEXT: usize = 1 << 10;

/// The host's part: the ways to the platform.
#[derive(Debug)]
pub struct AppUsers {
    platform: Arc<Clients>,
}

impl AppUsers {
    pub fn open(platform: Arc<Clients>) -> Self {
        Self { platform }
    }

    pub fn ready(&self, grant: &Grant) -> Ready {
        Ready(grant.service.as_ref().and_then(|service| self.platform.get(service)).cloned())
    }
}

/// Whether a plugin may use the app users of a service.
#[derive(Debug, PartialEq, Eq)]
pub struct Grant {
    /// The service, if it may.
    service: Option<String>,
}

impl Grant {
    /// Fails when it is required and `[services.<key>]` does not grant it.
    pub fn new(manifest: &Manifest, service: &Service) -> Result<Self, Problems> {
        allowed(manifest, service, Capability::AppUsers, service.app_users).map(|service| Self { service })
    }
}

/// The leave, unless `[services.<key>]` gives it.
pub fn lacking(service: &Service) -> Vec<Lacking> {
    let fix = format!("add `app-users = true` to [services.{}]", service.key);
    if service.app_users { Vec::new() } else { vec![Lacking { what: "to make and change users of apps".to_owned(), fix }] }
}

/// The way to the platform, for a plugin that may go it.
#[derive(Debug, Default)]
pub struct Ready(Option<Arc<Client>>);

pub fn link(linker: &mut Linker<CallState>) -> wasmtime::Result<()> {
    add_to_linker::<_, HasSelf<CallState>>(linker, |state| state)
}

type Answer<T> = wasmtime::Result<Result<T, Error>>;

impl CallState {
    /// `asked` is the function that the plugin calls.
    fn app_users(&mut self, asked: &str) -> Result<Arc<Client>, Error> {
        self.capabilities.ready.app_users.0.clone().ok_or_else(|| {
            let why = "app users are not granted: the manifest must ask for them and the operator must allow it";
            self.log.denied("app-users", asked, why, Granted::ByKey);
            error(&told::APP_USERS_DENIED, why)
        })
    }
}

impl Host for CallState {
    async fn create(&mut self, app_id: String, user: wit::NewUser) -> Answer<wit::AppUser> {
        self.ledger.host_call()?;
        let done = create(self.app_users("create"), app_id, user).await;
        Ok(done.map_err(|trouble| trouble.told(&mut self.log)))
    }

    async fn update(&mut self, app_id: String, user_id: String, changes: wit::Changes) -> Answer<wit::AppUser> {
        self.ledger.host_call()?;
        let done = update(self.app_users("update"), app_id, user_id, changes).await;
        Ok(done.map_err(|trouble| trouble.told(&mut self.log)))
    }

    async fn access_token(&mut self, app_id: String, user_id: String, remember: bool) -> Answer<wit::Token> {
        self.ledger.host_call()?;
        let done = access_token(self.app_users("access-token"), app_id, user_id, remember).await;
        Ok(done.map_err(|trouble| trouble.told(&mut self.log)))
    }
}

async fn create(client: Result<Arc<Client>, Error>, app: String, user: wit::NewUser) -> Result<wit::AppUser, Trouble> {
    let (client, app) = (client?, id(&app, "app")?);
    let wit::NewUser { account, name, email, cellphone } = user;
    if account.is_empty() {
        return Err(invalid("the account is empty").into());
    }
    bounded([Some(&account), Some(&name), email.as_ref(), cellphone.as_ref()])?;
    let user = users::NewUser { account, name, email, cellphone };
    client.create_app_user(&app, &user).await.map(shown).map_err(|failed| PLATFORM.trouble(failed))
}

async fn update(
    client: Result<Arc<Client>, Error>,
    app: String,
    user: String,
    changes: wit::Changes,
) -> Result<wit::AppUser, Trouble> {
    let (client, app, user) = (client?, id(&app, "app")?, id(&user, "user")?);
    let wit::Changes { name, email, cellphone } = changes;
    bounded([Some(&name), email.as_ref(), cellphone.as_ref()])?;
    let changes = users::Changes { name, email, cellphone };
    let updated = client.update_app_user(&app, &user, &changes).await;
    updated.map(shown).map_err(|failed| PLATFORM.trouble(failed))
}

async fn access_token(
    client: Result<Arc<Client>, Error>,
    app: String,
    user: String,
    remember: bool,
) -> Result<wit::Token, Trouble> {
    let (client, app, user) = (client?, id(&app, "app")?, id(&user, "user")?);
    let token = client.app_user_access_token(&app, &user, remember).await;
    let users::UserToken { code, expires_ms } = token.map_err(|failed| PLATFORM.trouble(failed))?;
    Ok(wit::Token { code, expires_ms })
}

fn shown(user: users::AppUser) -> wit::AppUser {
    let users::AppUser { id, account, name, email, cellphone } = user;
    wit::AppUser { id, account, name, email, cellphone }
}

fn id(text: &str, whose: &str) -> Result<String, Error> {
    object_id(text).ok_or_else(|| invalid(&format!("the {whose}'s id is not one: it has 24 hex digits")))
}

fn bounded<'a>(texts: impl IntoIterator<Item = Option<&'a String>>) -> Result<(), Error> {
    match texts.into_iter().flatten().any(|text| text.len() > MAX_TEXT) {
        true => Err(invalid("a text is longer than 1 KiB")),
        false => Ok(()),
    }
}

fn invalid(why: &str) -> Error {
    error(&told::APP_USERS_INVALID, why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capabilities::tests::{manifest, service_of_platform, told};

    const REQUIRED: &str = "[permissions.required.app-users]\nreason = \"to register them\"\n";
    const OPTIONAL: &str = "[permissions.optional.app-users]\nreason = \"to register them\"\n";

    #[test]
    fn it_is_granted_where_it_is_asked_for_and_allowed() {
        let granted = |asks: &str, allows: &str| {
            let grant = Grant::new(&manifest(asks), &service_of_platform(allows)).unwrap();
            grant.service.is_some()
        };
        let allows = "app-users = true\n";
        assert!(granted(REQUIRED, allows) && granted(OPTIONAL, allows));
        assert!(!granted("", allows) && !granted(OPTIONAL, "") && !granted(OPTIONAL, "apps = true\n"));
    }

    #[test]
    fn what_is_required_and_missing_is_told_with_what_to_add() {
        let told = told(Grant::new(&manifest(REQUIRED), &service_of_platform("")));
        let what = "plugin `acme/notes` needs to make and change users of apps, which the service `notes` does not grant";
        assert_eq!(told, [("WH1210", what.to_owned(), "add `app-users = true` to [services.notes]".to_owned())]);
    }
}
