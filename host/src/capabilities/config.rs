//! `wharf:service/config`: the settings the operator gave the service.
//!
//! Checked against the manifest and written down as JSON once per version; a call gets a copy of the text.

use std::sync::Arc;

use wasmtime::component::{HasSelf, Linker};

use crate::{
    bindings::config::{Host, add_to_linker},
    config::Service,
    manifest::Manifest,
    problem::Problems,
    runtime::state::CallState,
};

/// The settings in the form the plugin gets them.
#[derive(Debug)]
pub struct Grant(String);

impl Grant {
    /// Fails with every setting that the manifest does not know, that does not fit, or that is missing.
    pub fn new(manifest: &Manifest, service: &Service) -> Result<Self, Problems> {
        manifest
            .settings_for(&service.settings, &service.key)
            .map(|settings| Self(serde_json::Value::Object(settings).to_string()))
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
