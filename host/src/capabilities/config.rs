//! `wharf:service/config`: the settings the operator gave the service.
//!
//! Checked against the manifest and written down as JSON once per version; a call gets a copy of the text.

use std::sync::Arc;

use serde_json::Value;
use wasmtime::component::{HasSelf, Linker};

use crate::{
    bindings::config::{Host, add_to_linker},
    config::Service,
    manifest::Manifest,
    problem::Problems,
    runtime::state::CallState,
};

/// A setting of this name has the service's own `error-status`, unless the operator sets another: what the plugin refuses, and
/// what the host refuses for it, looks the same.
const ERROR_STATUS: &str = "error-status";

/// The settings in the form the plugin gets them.
#[derive(Debug)]
pub struct Grant(String);

impl Grant {
    /// Fails with every setting that the manifest does not know, that does not fit, or that is missing.
    pub fn new(manifest: &Manifest, service: &Service) -> Result<Self, Problems> {
        let mut given = service.settings.clone();
        if manifest.settings.iter().any(|setting| setting.key == ERROR_STATUS) {
            given.entry(ERROR_STATUS).or_insert_with(|| service.error_status.into());
        }
        manifest.settings_for(&given, &service.key).map(|settings| Self(Value::Object(settings).to_string()))
    }

    pub fn ready(self) -> Ready {
        Ready(self.0.into())
    }
}

/// One JSON object as text.
#[derive(Debug)]
pub struct Ready(Arc<str>);

impl Default for Ready {
    fn default() -> Self {
        Self("{}".into())
    }
}

pub fn link(linker: &mut Linker<CallState>) -> wasmtime::Result<()> {
    add_to_linker::<_, HasSelf<CallState>>(linker, |state| state)
}

impl Host for CallState {
    fn settings(&mut self) -> wasmtime::Result<String> {
        self.ledger.host_call()?;
        Ok(self.capabilities.ready.config.0.as_ref().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capabilities::tests::{manifest, service, told};

    const TABLES: &str = "[config.max-notes]\ntype = \"integer\"\nmin = 1\ndefault = 100\ndescription = \"How many.\"\n";

    #[test]
    fn defaults_and_given_values_become_one_object() {
        let grant = |tables: &str| Grant::new(&manifest(TABLES), &service(tables)).unwrap().0;
        assert_eq!(grant(""), r#"{"max-notes":100}"#);
        assert_eq!(grant("[services.notes.config]\nmax-notes = 7"), r#"{"max-notes":7}"#);
    }

    #[test]
    fn the_status_of_refusals_is_the_services_own() {
        let declared = manifest("[config.error-status]\ntype = \"integer\"\ndefault = 401\ndescription = \"Of refusals.\"\n");
        let grant = |tables: &str| Grant::new(&declared, &service(tables)).unwrap().0;
        assert_eq!(grant(""), r#"{"error-status":401}"#);
        assert_eq!(grant("error-status = 200"), r#"{"error-status":200}"#);
        assert_eq!(grant("error-status = 200\n[services.notes.config]\nerror-status = 401"), r#"{"error-status":401}"#);
        // A plugin that does not declare it is not told.
        assert_eq!(Grant::new(&manifest(TABLES), &service("error-status = 200")).unwrap().0, r#"{"max-notes":100}"#);
    }

    #[test]
    fn what_does_not_fit_is_told_with_its_place() {
        let service = service("[services.notes.config]\nmax-note = 7\nmax-notes = 0");
        let told = told(Grant::new(&manifest(TABLES), &service));
        let what: Vec<&str> = told.iter().map(|(_, what, _)| what.as_str()).collect();
        assert_eq!(
            what,
            ["`services.notes.config.max-note` is not a known key", "`services.notes.config.max-notes` is out of range"]
        );
    }
}
