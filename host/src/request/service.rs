//! The back services of this host: what the configuration binds, and the plugin version that runs for each now.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use arc_swap::ArcSwapOption;

use super::{
    apps::Apps,
    authenticate::{bearer::jwt, console::Console},
    route::Routes,
};
use crate::{
    caller::Caller,
    observe::metrics::Requests,
    ocean_auth::Policy,
    runtime::{permit::PluginPermits, plugin::Plugin},
};

/// A back service as the configuration describes it. Lives as long as the host.
#[derive(Debug)]
pub struct Service {
    pub key: String,
    /// Present when the service has a securityKey.
    pub ocean_auth: Option<Arc<Policy>>,
    /// The HTTP status of Ocean-Auth refusals: 401; or 200, for the clients of 2015, of all refusals and failures.
    pub error_status: http::StatusCode,
    /// Counts this service's requests.
    pub requests: Arc<Requests>,
    /// Which JWT access tokens it takes; none without an audience and an issuer.
    pub jwt: Option<jwt::Accept>,
    /// What is known of its apps; only where it has a platform.
    pub apps: Option<Arc<Apps>>,
    /// Its console, if it has one.
    pub console: Option<Console>,
    /// The version that runs; swapped as a whole, so that no call ever sees half of one. Calls in flight finish on theirs.
    pub current: ArcSwapOption<Installed>,
    /// Why there is none, if something is wrong; for the operator.
    pub without: ArcSwapOption<String>,
}

impl Service {
    /// From the next request on this version runs.
    pub fn run(&self, installed: Arc<Installed>) {
        self.current.store(Some(installed));
        self.without.store(None);
    }

    /// From the next request on none runs, and for the operator, why.
    pub fn leave_without(&self, why: Option<Arc<String>>) {
        self.without.store(why);
        self.current.store(None);
    }

    /// The caller with what the platform's messages told of its app.
    pub fn known(&self, mut caller: Caller) -> Caller {
        if let (Some(apps), Some(app), None) = (&self.apps, &caller.app, &caller.app_id) {
            caller.app_id = apps.id(app);
        }
        caller
    }
}

/// A version of a plugin, bound to its service.
#[derive(Debug)]
pub struct Installed {
    pub routes: Routes,
    pub plugin: Arc<Plugin>,
    /// Made anew with each version: for as long as calls of the old one run, both sets are in force.
    pub permits: PluginPermits,
}

/// Which of a service's addresses a request came to: what a browser takes for one origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Origin {
    /// One that it shares with other services: a path below `/s/`.
    #[default]
    Shared,
    /// A host name of its own: cookies and pages there are the service's alone.
    Own,
    /// The host name of its console.
    Console,
}

/// What a host name stands for.
#[derive(Debug)]
pub struct Hosted {
    pub service: Arc<Service>,
    pub origin: Origin,
}

/// All services, found by key or by host name.
#[derive(Debug, Default)]
pub struct Services {
    by_key: BTreeMap<String, Arc<Service>>,
    by_host: HashMap<String, Hosted>,
}

impl Services {
    /// Each service with its host names, lower case and without a port.
    pub fn new(services: impl IntoIterator<Item = (Service, Vec<String>)>) -> Self {
        let mut all = Self::default();
        for (service, hosts) in services {
            let service = Arc::new(service);
            let hosts = hosts.into_iter().map(|host| (host, Origin::Own));
            let console = service.console.iter().map(|console| (console.host.clone(), Origin::Console));
            for (host, origin) in hosts.chain(console) {
                all.by_host.insert(host, Hosted { service: service.clone(), origin });
            }
            all.by_key.insert(service.key.clone(), service);
        }
        all
    }

    pub fn by_key(&self, key: &str) -> Option<&Arc<Service>> {
        self.by_key.get(key)
    }

    /// `host` as a Host header has it: in any case, with or without a port.
    pub fn by_host(&self, host: &str) -> Option<&Hosted> {
        if self.by_host.is_empty() {
            return None;
        }
        let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
        self.by_host.get(name).or_else(|| self.by_host.get(name.to_ascii_lowercase().as_str()))
    }

    /// In the order of their keys, so that whatever is told of all of them is told alike each time.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Service>> {
        self.by_key.values()
    }
}
