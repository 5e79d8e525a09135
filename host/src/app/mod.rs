//! The host as a whole: everything a request or a message needs, made once.

mod consoles;
mod deliver;
mod messages;

use std::{
    collections::BTreeMap,
    num::NonZeroU32,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::Router;
use tokio::runtime::Handle;

use crate::{
    capabilities::{self, Grants, log::Running},
    clock::Clock,
    codes,
    config::{self, Config, Network},
    limits::Limits,
    manifest::Manifest,
    message,
    observe::{
        metrics::Metrics,
        striped::{STRIPES, Striped},
    },
    ocean_auth::Policy,
    platform::{
        client::Clients,
        embedded::{Embedded, Server},
    },
    problem::{Problem, Problems},
    request::{
        authenticate::{
            bearer::{
                Bearer,
                jwt::{Accept, issuer::Issuer},
            },
            console::{Console, Consoles},
        },
        budget::Budgets,
        notice::Inbox,
        route::Routes,
        service::{Installed, Service, Services},
    },
    runtime::{
        artifact::Artifact,
        engine::{self, Pool},
        engines::{Engines, NoEngine},
        inspect::{Inspected, Kind},
        instance::IdlePlaces,
        lanes::Lanes,
        permit::{HostPermits, PluginPermits},
        plugin::{Loader, Parts, Reuse},
    },
    store::Store,
    units::show_size,
};

/// What there is for each idle instance; components of the usual tool chains take one to five.
const CORE_INSTANCES_PER_IDLE: u32 = 5;

/// Everything that serves requests and hands over messages. Shared by all connections; what changes while it runs is behind the
/// services' `current`.
pub struct App {
    pub services: Services,
    pub bearer: Bearer,
    /// Whose access tokens are accepted; their keys change while the host runs.
    pub issuers: Vec<Arc<Issuer>>,
    /// What opens and closes consoles.
    pub consoles: Consoles,
    pub clock: Clock,
    pub lanes: Arc<Lanes>,
    pub permits: HostPermits,
    pub budgets: Budgets,
    /// How long a request may wait for a permit.
    pub wait: Duration,
    /// The networks whose word about a client's address is believed.
    pub trusted_proxies: Vec<Network>,
    /// Whether clients come by TLS, to this host or to the proxy before it.
    pub secure: bool,
    pub metrics: Arc<Metrics>,
    store: Option<Store>,
    /// The message line, once it runs; never where no service has a platform.
    pub messages: OnceLock<message::Handle>,
    /// The services' ways to their platform.
    pub platform: Arc<Clients>,
    /// The platform itself, if it is in this host.
    pub embedded: Option<Server>,
    pub engines: Arc<Engines>,
    /// Places for idle instances of plugins that may be reused, in core instances.
    idle: IdlePlaces,
    capabilities: capabilities::Host,
    request_ids: RequestIds,
}

/// A version of a plugin before a service runs it.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    pub manifest: &'a Manifest,
    pub inspected: &'a Inspected,
    pub artifact: &'a Artifact,
    /// Of the engine that the artifact was compiled for.
    pub loader: &'a Loader,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").field("services", &self.services).finish_non_exhaustive()
    }
}

impl App {
    /// Builds the host that the configuration describes. Reads security keys, access tokens, and keys of issuers that are
    /// files; opens no socket.
    ///
    /// `control` belongs to a runtime on which no guest runs; `store` is the host's own, or none if nothing will be served.
    /// Reports all that is wrong at once.
    pub fn new(config: &Config, store: Option<Store>, control: Handle) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let issuers = issuers(config, &mut problems);
        let services = services(config, &issuers, &mut problems);
        let clock = Clock::from_env();
        let embedded = embedded(config, store.as_ref(), clock, &services);
        // Where nothing will be served nobody calls it.
        let zones = embedded.as_ref().map(|server| server.zones.clone()).or_else(|| store.is_none().then(Router::new));
        let platform = match Clients::open(config, zones) {
            Ok(clients) => Arc::new(clients),
            Err(more) => {
                problems.extend(more);
                Arc::default()
            }
        };
        problems.or(())?;
        let host = |what: &str, why: String| Problems::from(Problem::new(&codes::HOST_FAILED, what).why(why));
        let max_memory = config.limits.memory;
        // Permits are 85 % of the pool: a pool that is truly full fails calls instead of letting them wait.
        let running = config.runtime.max_calls.saturating_mul(100) / 85 + 1;
        // Idle instances have slots of their own, so that they never keep a call from running.
        let reused = config.services.values().any(|service| service.reuse > 1);
        let idle = if reused { config.runtime.max_calls / 4 * CORE_INSTANCES_PER_IDLE } else { 0 };
        let pool = Pool {
            core_instances: running.saturating_add(idle),
            per_component: engine::MAX_CORE_INSTANCES,
            max_memory,
            pagemap_scan: engine::pagemap_scan_is_safe(),
        };
        let engines = Engines::running(pool).map_err(|error| no_engine(&error, config))?;
        let lanes = Lanes::new(control).map_err(|error| host("a thread cannot be started", error.to_string()))?;
        Ok(Self {
            services,
            bearer: Bearer::new(store.clone()),
            issuers: issuers.into_values().collect(),
            consoles: Consoles::new(store.clone(), Some(platform.clone())),
            clock,
            lanes: Arc::new(lanes),
            permits: HostPermits::new(config.runtime.max_calls),
            budgets: Budgets::new(at_least_one(config.runtime.caller_rate), at_least_one(config.runtime.caller_burst)),
            wait: config.runtime.wait,
            trusted_proxies: config.listen.trusted_proxies.clone(),
            secure: config.listen.is_https(),
            metrics: Arc::default(),
            store: store.clone(),
            messages: OnceLock::new(),
            engines: Arc::new(engines),
            idle: IdlePlaces::new(idle as usize),
            capabilities: capabilities::Host::open(config, store, platform.clone()),
            platform,
            embedded,
            request_ids: RequestIds::new(),
        })
    }

    /// What the operator should mend although all of it works, each with the key of its service.
    pub fn warnings(&self) -> impl Iterator<Item = (&str, String)> {
        self.services.iter().flat_map(|service| {
            let plain = service.console.as_ref().is_some_and(Console::is_plain).then(|| {
                format!(
                    "the console of service `{}` is served in clear text, on this machine only: its cookies carry a plain name, and \
                     other programs here could set them too",
                    service.key
                )
            });
            let of_headers = service.ocean_auth.iter().flat_map(|policy| policy.warnings());
            of_headers.chain(plain).map(|warning| (service.key.as_str(), warning))
        })
    }

    /// Reads the secrets of all services, as far as a check can do where another host holds the plugins that ask for them.
    pub fn check_secrets(config: &Config) -> Result<(), Problems> {
        let mut problems = Problems::default();
        for service in config.services.values() {
            for (name, secret) in &service.secrets {
                problems.0.extend(secret.read(&format!("services.{}.secrets.{name}", service.key)).err());
            }
        }
        problems.or(())
    }

    /// What files and variables of the services and issuers cannot be used, in a configuration that has mistakes of its own: one
    /// report is to name all that is to be mended.
    pub fn check_files(config: &Config) -> Problems {
        let mut problems = Problems::default();
        let issuers = issuers(config, &mut problems);
        services(config, &issuers, &mut problems);
        problems.keep(Self::check_secrets(config));
        problems.keep(Clients::open(config, Some(Router::new())));
        problems
    }

    /// Makes a plugin ready for a service, within what its manifest asks and the operator allows. Changes nothing yet; see
    /// [`Service::current`].
    pub fn ready(&self, service: &config::Service, candidate: Candidate<'_>, caps: &Limits) -> Result<Installed, Problems> {
        let Candidate { manifest, inspected, artifact, loader } = candidate;
        let name: Arc<str> = format!("{}@{}", manifest.id, manifest.version).into();
        let invalid = |why: &dyn std::fmt::Display| {
            Problem::new(&codes::PLUGIN_INVALID, format!("plugin `{name}` cannot be used for the service `{}`", service.key))
                .why(why)
        };
        let limits = Limits::grant(&manifest.limits, &service.limits.over(caps));
        let ready = Arc::new(self.capabilities.ready(Grants::new(manifest, service)?)?);
        if service.reuse > 1 && inspected.kind() == Some(Kind::Http03) {
            return Err(Problem::new(
                &codes::PLUGIN_UNSUPPORTED,
                format!("plugin `{name}` is to be reused for the service `{}`", service.key),
            )
            .why("this version of Wharf gives every call of wasi:http 0.3 an instance of its own")
            .fix(format!("remove `reuse` from [services.{}]", service.key))
            .into());
        }
        let reuse = Reuse { calls: service.reuse, places: self.idle.clone() };
        let requests = self.services.by_key(&service.key).map(|service| service.requests.clone()).unwrap_or_default();
        let running = Arc::new(Running { plugin: name.clone(), service: service.key.as_str().into(), requests });
        let parts = Parts { artifact, inspected, running, limits, reuse, ready };
        let plugin = loader.load(parts).map_err(|error| invalid(&error))?;
        let routes = Routes::new(&manifest.routes, &limits).map_err(|error| invalid(&error))?;
        let (needed, all) = (plugin.core_instances, self.permits.all());
        if needed as usize > all {
            let what = format!("`runtime.max-calls` is too small for plugin `{name}`");
            return Err(Problem::new(&codes::CONFIG_INVALID, what)
                .why(format!("one call of it takes {needed} core instances, and {all} may run at once"))
                .fix(format!("write {needed} or more, or leave `max-calls` out of [runtime]"))
                .into());
        }
        let concurrency = limits.concurrency.min(self.permits.share() / plugin.core_instances).max(1);
        Ok(Installed { routes, plugin: Arc::new(plugin), permits: PluginPermits::new(concurrency, self.permits.clone()) })
    }

    /// Where notices of messages go.
    pub fn inbox(&self) -> Option<&dyn Inbox> {
        self.messages.get().map(|messages| messages as &dyn Inbox)
    }

    /// Forgets callers that have been quiet, and what of consoles is over. To be called every few seconds.
    ///
    /// Cancellation: harmless.
    pub async fn forget(&self) {
        self.budgets.forget_quiet();
        let consoles = self.services.iter().filter_map(|service| service.console.as_ref());
        self.consoles.forget(consoles, self.clock.now_ms()).await;
    }

    /// An id for one request, unique on this host and hard to guess from outside.
    pub fn next_request_id(&self) -> String {
        self.request_ids.next()
    }
}

/// The problem that there is no engine, most likely because the machine has no addresses for what the configuration wants to run
/// at once.
pub fn no_engine(error: &NoEngine, config: &Config) -> Problem {
    let (calls, memory) = (config.runtime.max_calls, show_size(config.limits.memory));
    match error {
        NoEngine::Pool(why) => Problem::new(
            &codes::CONFIG_INVALID,
            format!("`runtime.max-calls` of {calls} with a memory of {memory} each cannot be reserved"),
        )
        .why(why)
        .fix("lower `max-calls` in [runtime], or `memory` in [limits]"),
        NoEngine::Failed(why) => Problem::new(&codes::HOST_FAILED, "the engine cannot be set up").why(why),
    }
}

/// The embedded platform, if the configuration asks for one and there is a store to keep its records in.
fn embedded(config: &Config, store: Option<&Store>, clock: Clock, services: &Services) -> Option<Server> {
    let platform = config.platform.as_ref().filter(|platform| platform.mode == config::Mode::Embedded)?;
    let policies = services.iter().filter_map(|service| Some((service.key.clone(), service.ocean_auth.clone()?))).collect();
    Some(Server::new(Arc::new(Embedded::new(platform, store?.clone(), clock, policies))))
}

/// The issuers of the configuration by their names there.
fn issuers<'c>(config: &'c Config, problems: &mut Problems) -> BTreeMap<&'c str, Arc<Issuer>> {
    let mut issuers = BTreeMap::new();
    for (name, issuer) in &config.issuers {
        match Issuer::new(name, issuer) {
            Ok(issuer) => drop(issuers.insert(name.as_str(), Arc::new(issuer))),
            Err(problem) => problems.push(problem),
        }
    }
    issuers
}

/// The services of the configuration with their secrets read; two that share a securityKey are refused, because a header
/// for one would open the other.
fn services(config: &Config, issuers: &BTreeMap<&str, Arc<Issuer>>, problems: &mut Problems) -> Services {
    let mut services = Vec::new();
    let mut keys: Vec<(&str, crate::secret::Secret)> = Vec::new();
    for service in config.services.values() {
        let ocean_auth = match &service.security_key {
            None => None,
            Some(reference) => match read_key(service, reference) {
                Ok((key, policy)) => {
                    if let Some((other, _)) = keys.iter().find(|(_, known)| *known == key) {
                        problems.push(
                            Problem::new(
                                &codes::CONFIG_INVALID,
                                format!("`services.{}.security-key` is that of the service `{other}` too", service.key),
                            )
                            .why("a header made for one of them would be accepted by the other")
                            .fix("give each service a securityKey of its own"),
                        );
                    }
                    keys.push((&service.key, key));
                    Some(Arc::new(policy))
                }
                Err(problem) => {
                    problems.push(problem);
                    None
                }
            },
        };
        let error_status = http::StatusCode::from_u16(service.error_status).unwrap_or(http::StatusCode::UNAUTHORIZED);
        let issuers: Vec<_> = service.issuers.iter().filter_map(|name| issuers.get(name.as_str())).cloned().collect();
        let bound = Service {
            key: service.key.clone(),
            ocean_auth,
            error_status,
            requests: Arc::default(),
            jwt: service.audience.clone().filter(|_| !issuers.is_empty()).map(|audience| Accept { audience, issuers }),
            apps: config.has_platform(service).then(Arc::default),
            console: Console::new(config, service),
            current: arc_swap::ArcSwapOption::empty(),
            without: arc_swap::ArcSwapOption::empty(),
        };
        services.push((bound, service.hosts.clone()));
    }
    Services::new(services)
}

fn read_key(service: &config::Service, reference: &crate::secret::SecretRef) -> Result<(crate::secret::Secret, Policy), Problem> {
    let subject = format!("services.{}.security-key", service.key);
    let key = reference.read(&subject)?;
    let policy = Policy::new(&service.key, &key, &service.ocean_auth).map_err(|error| {
        Problem::new(&codes::SECRET_UNREADABLE, format!("`{subject}` cannot be used")).why(error).fix("put a securityKey there")
    })?;
    Ok((key, policy))
}

/// The configuration allows no 0; a host that refused everybody would be no use.
fn at_least_one(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN)
}

/// A random start and a count: unique while the host runs, and cheap.
#[derive(Debug)]
struct RequestIds {
    prefix: [u8; 4],
    /// Each counts what its place leaves over.
    next: Striped<AtomicU64>,
}

impl RequestIds {
    fn new() -> Self {
        let mut random = [0; 12];
        // Without randomness ids still are unique within this run.
        let _ = getrandom::fill(&mut random);
        let (prefix, first) = random.split_at(4);
        let first = u64::from_le_bytes(first.try_into().unwrap_or_default());
        Self {
            prefix: prefix.try_into().unwrap_or_default(),
            next: Striped::from_fn(|stripe| AtomicU64::new(first.wrapping_add(stripe as u64))),
        }
    }

    fn next(&self) -> String {
        // An odd multiplier permutes the counter, so that neighbours do not look alike.
        let number = self.next.mine().fetch_add(STRIPES as u64, Ordering::Relaxed).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mut id = [0; 12];
        id[..4].copy_from_slice(&self.prefix);
        id[4..].copy_from_slice(&number.to_be_bytes());
        hex::encode(id)
    }
}
