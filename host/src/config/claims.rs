//! What may belong to one service only: host names, audiences, and security keys.

use std::{cell::RefCell, collections::BTreeMap};

use crate::{
    secret::SecretRef,
    toml_reader::{Item, join},
};

/// Who has claimed what, while the services are read one after the other. Services stand here as they may be shown.
#[derive(Default)]
pub(super) struct Claims {
    hosts: RefCell<BTreeMap<String, String>>,
    audiences: RefCell<BTreeMap<String, String>>,
    keys: RefCell<Vec<(SecretRef, String)>>,
}

impl Claims {
    /// `name`, unless it was claimed before.
    pub(super) fn host(&self, service: &str, name: String, item: &Item<'_>) -> Option<String> {
        let mut hosts = self.hosts.borrow_mut();
        if let Some(other) = hosts.get(&name) {
            let why = format!("`{name}` belongs to the service `{other}` already");
            return item.wrong("is claimed twice", why, "give each service host names of its own");
        }
        hosts.insert(name.clone(), join("", service));
        Some(name)
    }

    /// `audience`, unless it was claimed before: a token for one of the two services would open the other.
    pub(super) fn audience(&self, service: &str, audience: String, item: &Item<'_>) -> Option<String> {
        let mut audiences = self.audiences.borrow_mut();
        if let Some(other) = audiences.get(&audience) {
            let why = format!("the service `{other}` has the same one, so a token for one would open both");
            return item.wrong("is used twice", why, "give each service an audience of its own");
        }
        audiences.insert(audience.clone(), join("", service));
        Some(audience)
    }

    /// `secret`, unless another service has it too: a header made for one of them would be valid for the other.
    ///
    /// Compares references; equal contents behind different references show only when the secrets are read.
    pub(super) fn key(&self, service: &str, secret: SecretRef, item: &Item<'_>) -> Option<SecretRef> {
        let mut keys = self.keys.borrow_mut();
        if let Some((_, other)) = keys.iter().find(|(taken, _)| *taken == secret) {
            let why = format!("the service `{other}` has the same one, so whoever can sign for one can sign for both");
            return item.wrong("is used twice", why, "give each service a security key of its own");
        }
        keys.push((secret.clone(), join("", service)));
        Some(secret)
    }
}
