//! What services grant and set, read again from the configuration when a plugin is installed: the next version may need what the
//! one before did not, and nobody should have to stop the host for that.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde_json::{Value, json};

use super::{Admin, blocking, check::identity};
use crate::{
    codes,
    config::{Config, Service},
    problem::{Problem, Problems},
    toml_reader::Places,
};

/// The services bound to a plugin, with what the configuration says by now that they grant and set.
pub(super) struct Bound {
    pub(super) services: Vec<Service>,
    /// Those that the running host takes up only when it is started anew.
    pub(super) later: Vec<Service>,
    pub(super) places: Arc<Places>,
}

impl Admin {
    /// The services bound to the plugin, as they are now.
    pub(super) fn bound(&self, plugin: &str) -> Vec<Service> {
        self.services.load().values().filter(|service| service.plugin.to_string() == plugin).cloned().collect()
    }

    /// The services bound to the plugin, as the configuration has them by now. Nothing changes until [`Admin::take_over`].
    ///
    /// Which services there are, how they are reached and how their callers are proven stays as it was at the start of the host.
    pub(super) fn bound_anew(&self, plugin: &str) -> Result<Bound, Problems> {
        let bound = self.bound(plugin);
        // A command without a host has read it just now.
        if self.app.is_none() {
            return Ok(self.bound_before(plugin));
        }
        let Config { services: fresh, places, .. } = blocking(|| Config::load(&self.config.file))?;
        let is_later =
            |service: &&Service| service.plugin.to_string() == plugin && !bound.iter().any(|bound| bound.key == service.key);
        let later = fresh.values().filter(is_later).cloned().collect();
        let mut problems = Problems::default();
        let services = bound.into_iter().map(|service| match fresh.get(&service.key) {
            Some(fresh) if fresh.plugin == service.plugin => self.granting(service, fresh, &mut problems),
            _ => service,
        });
        let services = services.collect();
        problems.or(Bound { services, later, places })
    }

    /// The services bound to the plugin, as they were until now.
    pub(super) fn bound_before(&self, plugin: &str) -> Bound {
        Bound { services: self.bound(plugin), later: Vec::new(), places: self.config.places.clone() }
    }

    /// The service with what `fresh` grants and sets.
    fn granting(&self, service: Service, fresh: &Service, problems: &mut Problems) -> Service {
        let Service { app_users, apps, .. } = *fresh;
        if (app_users || apps) && !self.config.has_platform(&service) {
            let what = format!("the service `{}` cannot ask the platform yet", service.key);
            problems.push(
                Problem::new(&codes::CONFIG_INVALID, what)
                    .why("it had no platform when the host was started")
                    .fix("start the host anew, then install the plugin"),
            );
        }
        let granting = with_grants(service, fresh);
        // The host's own caps are those of its start: its pool is made for them.
        let limits = granting.limits.within(&self.config.limits);
        Service { limits, ..granting }
    }

    /// The configuration's file, and the keys in it that have other values by now and count from the next start on; none where it
    /// cannot be read any more, of which whoever asks about another one is to hear nothing.
    pub fn pending(&self) -> Value {
        let (file, fresh) = blocking(|| (identity(&self.config.file), Config::load(&self.config.file)));
        json!({"file": file, "keys": fresh.map(|fresh| changed(&self.config, &fresh)).unwrap_or_default()})
    }

    /// From now on these services are as they are here. To be called by one at a time.
    pub(super) fn take_over(&self, anew: Vec<Service>) {
        let mut services = BTreeMap::clone(&self.services.load());
        services.extend(anew.into_iter().map(|service| (service.key.clone(), service)));
        self.services.store(services.into());
    }
}

/// The service with what `fresh` grants and sets, which is read again with its plugin.
fn with_grants(service: Service, fresh: &Service) -> Service {
    let Service { limits, settings, kv, http_out, secrets, data, app_users, apps, mail, .. } = fresh.clone();
    Service { limits, settings, kv, http_out, secrets, data, app_users, apps, mail, ..service }
}

/// The keys whose values differ, but for what is read again with a plugin.
fn changed(now: &Config, fresh: &Config) -> Vec<String> {
    let sections = [
        ("data-dir", now.data_dir == fresh.data_dir),
        ("listen", now.listen == fresh.listen),
        ("operation", now.operation == fresh.operation),
        ("runtime", now.runtime == fresh.runtime),
        ("limits", now.limits == fresh.limits),
        ("log", now.log == fresh.log),
        ("platform", now.platform == fresh.platform),
        ("issuers", now.issuers == fresh.issuers),
    ];
    let is_same = |key: &&String| match (now.services.get(*key), fresh.services.get(*key)) {
        (Some(now), Some(fresh)) => with_grants(now.clone(), fresh) == *fresh,
        _ => false,
    };
    let keys: BTreeSet<&String> = now.services.keys().chain(fresh.services.keys()).collect();
    let services = keys.into_iter().filter(|key| !is_same(key)).map(|key| format!("services.{key}"));
    let sections = sections.into_iter().filter(|(_, is_same)| !is_same).map(|(key, _)| key.to_owned());
    sections.chain(services).collect()
}
