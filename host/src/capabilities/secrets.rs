//! `wharf:service/secrets`: secrets the operator gave the service and its plugin asks for by name.
//!
//! Read once, when a version is made ready; the bytes are wiped when it is gone. What a plugin was given is the plugin's to
//! guard: where a secret only has to reach another server, `http-out` sends it without the plugin seeing it.

use std::collections::BTreeMap;

use wasmtime::component::{HasSelf, Linker};

use super::{Granted, Lacking, missing, quoted};
use crate::{
    bindings::{
        secrets::{Host, add_to_linker},
        types::Error,
    },
    codes::told,
    config::Service,
    manifest::{Capability, Manifest},
    problem::Problems,
    runtime::state::{CallState, error},
    secret::{Secret, SecretRef},
};

/// Where the secrets are that the plugin may see, by name.
#[derive(Debug)]
pub struct Grant {
    service: String,
    secrets: BTreeMap<String, SecretRef>,
}

impl Grant {
    /// Fails with the names that are required and not in `[services.<key>.secrets]`.
    pub fn new(manifest: &Manifest, service: &Service) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let mut secrets = BTreeMap::new();
        for permission in &manifest.permissions {
            let Capability::Secrets { names } = &permission.capability else { continue };
            secrets.extend(names.iter().filter_map(|name| Some((name.clone(), service.secrets.get(name)?.clone()))));
            problems.extend(missing(manifest, service, permission));
        }
        problems.or(Self { service: service.key.clone(), secrets })
    }

    /// Reads the secrets. Blocking; fails with every one that cannot be read.
    pub fn ready(self) -> Result<Ready, Problems> {
        let mut problems = Problems::default();
        let mut secrets = BTreeMap::new();
        for (name, reference) in self.secrets {
            match reference.read(&format!("services.{}.secrets.{name}", self.service)) {
                Ok(secret) => drop(secrets.insert(name, secret)),
                Err(problem) => problems.push(problem),
            }
        }
        problems.or(Ready(secrets))
    }
}

/// Those of the names that are not in `[services.<key>.secrets]`.
pub fn lacking(names: &[String], service: &Service) -> Vec<Lacking> {
    let lacking: Vec<&String> = names.iter().filter(|name| !service.secrets.contains_key(*name)).collect();
    if lacking.is_empty() {
        return Vec::new();
    }
    let lines: Vec<String> = lacking.iter().map(|name| format!("`{name} = {{ file = \"…\" }}`")).collect();
    let fix = format!("add {} to [services.{}.secrets]", lines.join(" and "), service.key);
    vec![Lacking { what: format!("the secret {}", quoted(lacking)), fix }]
}

/// The secrets themselves.
#[derive(Debug, Default)]
pub struct Ready(BTreeMap<String, Secret>);

pub fn link(linker: &mut Linker<CallState>) -> wasmtime::Result<()> {
    add_to_linker::<_, HasSelf<CallState>>(linker, |state| state)
}

impl Host for CallState {
    fn get(&mut self, name: String) -> wasmtime::Result<Result<Vec<u8>, Error>> {
        self.ledger.host_call()?;
        if let Some(secret) = self.capabilities.ready.secrets.0.get(&name) {
            return Ok(Ok(secret.expose().to_vec()));
        }
        // One answer whether there is none of that name or it is not for this plugin: names are nobody's business either.
        self.log.denied(
            "secrets",
            &name,
            "no secret of this name is both asked for in the manifest and granted",
            Granted::ByTable,
        );
        let why = "this secret is not granted: the manifest must ask for it and the operator must give it";
        Ok(Err(error(&told::SECRETS_DENIED, why)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capabilities::tests::{manifest, service, told};

    const ASKS: &str = "[permissions.required.secrets]\nnames = [\"token\"]\nreason = \"to send notes\"\n\
                        [permissions.optional.secrets]\nnames = [\"extra\", \"more\"]\nreason = \"to send more\"\n";

    #[test]
    fn asked_and_given_is_granted_and_nothing_else() {
        let service =
            service("[services.notes.secrets]\ntoken = { file = \"t\" }\nextra = { file = \"e\" }\nunasked = { file = \"u\" }\n");
        let grant = Grant::new(&manifest(ASKS), &service).unwrap();
        assert_eq!(grant.secrets.keys().collect::<Vec<_>>(), ["extra", "token"]);
    }

    #[test]
    fn a_required_one_that_is_missing_is_told_with_what_to_add() {
        let told = told(Grant::new(&manifest(ASKS), &service("")));
        let what = "plugin `acme/notes` needs the secret `token`, which the service `notes` does not grant";
        let fix = "add `token = { file = \"…\" }` to [services.notes.secrets]";
        assert_eq!(told, [("WH1210", what.to_owned(), fix.to_owned())]);
    }

    #[test]
    fn one_that_cannot_be_read_is_told_when_it_is_made_ready() {
        let directory = tempfile::tempdir().unwrap();
        let there = directory.path().join("token");
        std::fs::write(&there, "s3cret\n").unwrap();
        let service = service(&format!(
            "[services.notes.secrets]\ntoken = {{ file = {there:?} }}\nextra = {{ file = {:?} }}\n",
            directory.path().join("none")
        ));
        let told = told(Grant::new(&manifest(ASKS), &service).unwrap().ready());
        assert_eq!(told.len(), 1);
        assert!(told[0].1.starts_with("`services.notes.secrets.extra` cannot be read"), "{told:?}");
        let required = manifest("[permissions.required.secrets]\nnames = [\"token\"]\nreason = \"r\"\n");
        let ready = Grant::new(&required, &service).unwrap().ready().unwrap();
        assert_eq!(ready.0["token"].expose(), b"s3cret");
    }
}
