//! `wharf:service/apps`: the apps of the platform that have subscribed to the service.

use std::sync::Arc;

use wasmtime::component::{HasSelf, Linker};

use super::{Granted, Lacking, OfPlatform, allowed};
use crate::{
    bindings::{
        apps::{Host, Info, add_to_linker},
        types::Error,
    },
    codes::told,
    config::Service,
    manifest::{Capability, Manifest},
    platform::client::{Client, Clients, apps::App},
    problem::Problems,
    runtime::state::{CallState, error},
};

const PLATFORM: OfPlatform = OfPlatform { refused: &told::APPS_REFUSED, unavailable: &told::APPS_UNAVAILABLE };

/// The host's part: the ways to the platform.
#[derive(Debug)]
pub struct Apps {
    platform: Arc<Clients>,
}

impl Apps {
    pub fn open(platform: Arc<Clients>) -> Self {
        Self { platform }
    }

    pub fn ready(&self, grant: &Grant) -> Ready {
        Ready(grant.service.as_ref().and_then(|service| self.platform.get(service)).cloned())
    }
}

/// Whether a plugin may look up apps for a service.
#[derive(Debug, PartialEq, Eq)]
pub struct Grant {
    /// The service, if it may.
    service: Option<String>,
}

impl Grant {
    /// Fails when it is required and `[services.<key>]` does not grant it.
    pub fn new(manifest: &Manifest, service: &Service) -> Result<Self, Problems> {
        allowed(manifest, service, Capability::Apps, service.apps).map(|service| Self { service })
    }
}

/// The leave, unless `[services.<key>]` gives it.
pub fn lacking(service: &Service) -> Vec<Lacking> {
    let fix = format!("add `apps = true` to [services.{}]", service.key);
    if service.apps { Vec::new() } else { vec![Lacking { what: "to look up apps".to_owned(), fix }] }
}

/// The way to the platform, for a plugin that may go it.
#[derive(Debug, Default)]
pub struct Ready(Option<Arc<Client>>);

pub fn link(linker: &mut Linker<CallState>) -> wasmtime::Result<()> {
    add_to_linker::<_, HasSelf<CallState>>(linker, |state| state)
}

impl Host for CallState {
    async fn get(&mut self, id: String) -> wasmtime::Result<Result<Option<Info>, Error>> {
        self.ledger.host_call()?;
        let Some(client) = self.capabilities.ready.apps.0.clone() else {
            let why = "looking up apps is not granted: the manifest must ask for it and the operator must allow it";
            self.log.denied("apps", "get", why, Granted::ByKey);
            return Ok(Err(error(&told::APPS_DENIED, why)));
        };
        let found = client.app(&id).await.map_err(|failed| PLATFORM.trouble(failed).told(&mut self.log));
        Ok(found.map(|app| app.map(|App { id, key, name }| Info { id, key, name })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capabilities::tests::{manifest, service_of_platform, told};

    const REQUIRED: &str = "[permissions.required.apps]\nreason = \"to greet them\"\n";
    const OPTIONAL: &str = "[permissions.optional.apps]\nreason = \"to greet them\"\n";

    #[test]
    fn it_is_granted_where_it_is_asked_for_and_allowed() {
        let granted = |asks: &str, allows: &str| {
            let grant = Grant::new(&manifest(asks), &service_of_platform(allows)).unwrap();
            grant.service.is_some()
        };
        let allows = "apps = true\n";
        assert!(granted(REQUIRED, allows) && granted(OPTIONAL, allows));
        assert!(!granted("", allows) && !granted(OPTIONAL, "") && !granted(OPTIONAL, "app-users = true\n"));
    }

    #[test]
    fn what_is_required_and_missing_is_told_with_what_to_add() {
        let told = told(Grant::new(&manifest(REQUIRED), &service_of_platform("")));
        let what = "plugin `acme/notes` needs to look up apps, which the service `notes` does not grant";
        assert_eq!(told, [("WH1210", what.to_owned(), "add `apps = true` to [services.notes]".to_owned())]);
    }
}
