//! What a plugin may do beyond answering: one file or folder a capability, named as its interface in `wit/`, but for `data`,
//! which is WASI's.
//!
//! Every capability has the same moments, and [`Host`], [`Grants`], [`Ready`] and [`Ctx`] are nothing but the lists of them.
//! They are taken apart field by field, so that a capability that misses a moment does not compile.
//!
//! | moment | when | I/O |
//! |---|---|---|
//! | `open` | once per host | none |
//! | `grant` | once per plugin and service: what the manifest asks for ∩ what the operator allows | none: commands ask it too |
//! | `ready` | once per version that is about to run for a service | yes: secrets are read, files opened |
//! | `ctx` | once per call, of a plugin that may use it or not | none, and nearly nothing else |
//! | `link` | once per engine | none |
//!
//! Guarantees: what was not granted is refused with a typed error that the plugin can handle; what is a lie (a handle that
//! was never given out) is a trap. A capability never imports another one, and knows nothing of requests or messages.

pub mod log;
pub mod stdio;

pub mod config;
pub mod secrets;
pub mod kv;
pub mod http_out;
pub mod data;
pub mod subscriptions;
pub mod app_users;
pub mod apps;
pub mod mail;

mod trouble;
mod vain;

use std::sync::Arc;

use wasmtime::component::Linker;

use trouble::{OfPlatform, Trouble};
pub use vain::in_vain;

use crate::{
    caller::Caller,
    clock::Clock,
    codes,
    config::{Config, Service},
    manifest::{Capability, Manifest, Permission},
    platform::client::Clients,
    problem::{Problem, Problems},
    runtime::state::CallState,
    store::{Batch, Store},
};

/// The capabilities of a host.
#[derive(Debug)]
pub struct Host {
    kv: kv::Kv,
    http_out: http_out::HttpOut,
    data: data::Data,
    subscriptions: subscriptions::Subscriptions,
    app_users: app_users::AppUsers,
    apps: apps::Apps,
    mail: mail::Mail,
}

impl Host {
    /// The moment `open`. Without a store nothing will be served, only tried out.
    pub fn open(config: &Config, store: Option<Store>, platform: Arc<Clients>) -> Self {
        Self {
            kv: kv::Kv::open(store.clone()),
            http_out: http_out::HttpOut::open(),
            data: data::Data::open(config),
            subscriptions: subscriptions::Subscriptions::open(store.clone()),
            app_users: app_users::AppUsers::open(platform.clone()),
            apps: apps::Apps::open(platform),
            mail: mail::Mail::open(store, Clock::from_env()),
        }
    }

    /// The moment `ready`. Blocking; reports all that is wrong at once.
    pub fn ready(&self, grants: Grants) -> Result<Ready, Problems> {
        let Self { kv, http_out, data, subscriptions, app_users, apps, mail } = self;
        let mut problems = Problems::default();
        let secrets = collect(grants.secrets.ready(), &mut problems);
        let http_out = collect(http_out.ready(grants.http_out), &mut problems);
        let data = collect(data.ready(grants.data).map_err(Problems::from), &mut problems);
        match (secrets, http_out, data) {
            (Some(secrets), Some(http_out), Some(data)) => Ok(Ready {
                config: grants.config.ready(),
                secrets,
                kv: kv.ready(grants.kv),
                http_out,
                data,
                subscriptions: subscriptions.ready(grants.subscriptions),
                app_users: app_users.ready(&grants.app_users),
                apps: apps.ready(&grants.apps),
                mail: mail.ready(grants.mail),
            }),
            _ => Err(problems),
        }
    }
}

/// What one plugin may do for one service.
#[derive(Debug)]
pub struct Grants {
    pub config: config::Grant,
    pub secrets: secrets::Grant,
    pub kv: kv::Grant,
    pub http_out: http_out::Grant,
    pub data: data::Grant,
    pub subscriptions: subscriptions::Grant,
    pub app_users: app_users::Grant,
    pub apps: apps::Grant,
    pub mail: mail::Grant,
}

impl Grants {
    /// The moment `grant`. Fails with everything that the plugin requires and the operator has not granted, and with every
    /// setting that does not fit.
    pub fn new(manifest: &Manifest, service: &Service) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let config = collect(config::Grant::new(manifest, service), &mut problems);
        let secrets = collect(secrets::Grant::new(manifest, service), &mut problems);
        let kv = collect(kv::Grant::new(manifest, service), &mut problems);
        let http_out = collect(http_out::Grant::new(manifest, service), &mut problems);
        let data = collect(data::Grant::new(manifest, service), &mut problems);
        let subscriptions = subscriptions::Grant::new(service);
        let app_users = collect(app_users::Grant::new(manifest, service), &mut problems);
        let apps = collect(apps::Grant::new(manifest, service), &mut problems);
        let mail = collect(mail::Grant::new(manifest, service), &mut problems);
        match (config, secrets, kv, http_out, data, app_users, apps, mail) {
            (Some(config), Some(secrets), Some(kv), Some(http_out), Some(data), Some(app_users), Some(apps), Some(mail)) => {
                Ok(Self { config, secrets, kv, http_out, data, subscriptions, app_users, apps, mail })
            }
            _ => Err(problems),
        }
    }
}

fn collect<T>(result: Result<T, Problems>, problems: &mut Problems) -> Option<T> {
    result.map_err(|more| problems.extend(more)).ok()
}

/// What a running version of a plugin can do; by default nothing.
#[derive(Debug, Default)]
pub struct Ready {
    pub config: config::Ready,
    pub secrets: secrets::Ready,
    pub kv: kv::Ready,
    pub http_out: http_out::Ready,
    pub data: data::Ready,
    pub subscriptions: subscriptions::Ready,
    pub app_users: app_users::Ready,
    pub apps: apps::Ready,
    pub mail: mail::Ready,
}

impl Ready {
    /// The moment `ctx`.
    pub fn ctx(self: &Arc<Self>, caller: &Caller, writes: Writes) -> Ctx {
        let Self { config: _, secrets: _, kv, http_out: _, data: _, subscriptions: _, app_users: _, apps: _, mail } = &**self;
        Ctx { ready: self.clone(), kv: kv.ctx(caller, writes), mail: mail.ctx(caller, writes) }
    }

    /// The most bytes of an argument that a capability takes, beyond what every host call may hand over.
    pub fn largest_argument(&self) -> usize {
        let Self { config: _, secrets: _, kv, http_out: _, data: _, subscriptions: _, app_users: _, apps: _, mail: _ } = self;
        kv.largest_value()
    }
}

/// When what a call writes into the host's store is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writes {
    /// Before the plugin is told so: a request's.
    AtOnce,
    /// Together with the end of the call, by whoever made it: a message's. What leaves the host (`http-out`) leaves at once.
    Collected,
}

/// What a call's capabilities know of the call, and what it may do.
#[derive(Debug)]
pub struct Ctx {
    pub ready: Arc<Ready>,
    pub kv: kv::Ctx,
    pub mail: mail::Ctx,
}

impl Ctx {
    /// Lets go of the call that has ended, where its instance is kept for another one.
    pub fn rest(&mut self) {
        let Self { ready: _, kv, mail } = self;
        kv.rest();
        mail.rest();
    }

    /// Takes what the call has written under [`Writes::Collected`], each capability's in its order.
    pub fn collected(&mut self) -> Batch {
        let Self { ready: _, kv, mail } = self;
        let mut batch = kv.collected();
        batch.effects.extend(mail.collected().effects);
        batch
    }
}

/// The moment `link`. Fails only when the engine cannot define its own functions.
pub fn link(linker: &mut Linker<CallState>) -> wasmtime::Result<()> {
    log::link(linker)?;
    stdio::link(linker)?;
    config::link(linker)?;
    secrets::link(linker)?;
    kv::link(linker)?;
    http_out::link(linker)?;
    subscriptions::link(linker)?;
    app_users::link(linker)?;
    apps::link(linker)?;
    mail::link(linker)
}

/// What of a permission an operator does not grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lacking {
    /// Completes "the plugin needs".
    pub what: String,
    /// What to add to which table of the configuration.
    pub fix: String,
}

/// What of a permission a service does not grant; nothing where it grants all of it.
pub fn lacking(permission: &Permission, service: &Service) -> Vec<Lacking> {
    match &permission.capability {
        Capability::Kv { stores, shared } => kv::lacking(stores, shared, service),
        Capability::HttpOut { hosts, methods: _ } => http_out::lacking(hosts, service),
        Capability::Secrets { names } => secrets::lacking(names, service),
        Capability::Data => data::lacking(service),
        Capability::AppUsers => app_users::lacking(service),
        Capability::Apps => apps::lacking(service),
        Capability::Mail => mail::lacking(service),
    }
}

/// Where the operator would grant what was denied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Granted {
    /// In the table of the capability's name.
    ByTable,
    /// By the key `private` of that table, beside what is there.
    ByPrivate,
    /// By a key of that name in the service's own table.
    ByKey,
    /// Nowhere: the manifest does not ask for it, or nobody gets it.
    Never,
}

impl Granted {
    /// The table, for the log.
    fn table(self, service: &str, capability: &str) -> Option<String> {
        match self {
            Self::ByTable => Some(format!("[services.{service}.{capability}]")),
            Self::ByPrivate => Some(format!("[services.{service}.{capability}], `private`")),
            Self::ByKey => Some(format!("[services.{service}]")),
            Self::Never => None,
        }
    }
}

/// Everything of a permission that is required and not granted.
fn missing(manifest: &Manifest, service: &Service, permission: &Permission) -> Problems {
    let (plugin, key) = (&manifest.id, &service.key);
    let problem = |Lacking { what, fix }| {
        Problem::new(&codes::GRANT_MISSING, format!("plugin `{plugin}` needs {what}, which the service `{key}` does not grant"))
            .why(format_args!("its manifest says: {}", permission.reason))
            .fix(fix)
    };
    let lacking = if permission.required { lacking(permission, service) } else { Vec::new() };
    Problems(lacking.into_iter().map(problem).collect())
}

/// For capabilities that are granted as a whole: the service's key, if its plugin asks and the operator says yes. Fails when the
/// plugin requires what the operator does not grant.
fn allowed(manifest: &Manifest, service: &Service, capability: Capability, yes: bool) -> Result<Option<String>, Problems> {
    let asked: Vec<_> = manifest.permissions.iter().filter(|permission| permission.capability == capability).collect();
    let mut problems = Problems::default();
    for permission in &asked {
        problems.extend(missing(manifest, service, permission));
    }
    problems.or((yes && !asked.is_empty()).then(|| service.key.clone()))
}

/// Names as a sentence has them: `a`, `b`.
fn quoted<'a>(names: impl IntoIterator<Item = &'a String>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A manifest with these `[permissions…]` and `[config…]` tables.
    pub(crate) fn manifest(tables: &str) -> Manifest {
        let text = format!(
            "manifest-version = 1\n[plugin]\nid = \"acme/notes\"\nversion = \"1.0.0\"\nname = \"Notes\"\ndescription = \"Keeps notes.\"\n\
             [service]\nkey = \"notes\"\n{tables}"
        );
        Manifest::parse(&text).unwrap_or_else(|problems| panic!("{problems}"))
    }

    /// A service with these keys and tables below `[services.notes]`.
    pub(crate) fn service(tables: &str) -> Service {
        let text = format!("[services.notes]\nplugin = \"acme/notes\"\n{tables}");
        let config = Config::parse(&text, std::path::Path::new("wharf.toml")).unwrap_or_else(|problems| panic!("{problems}"));
        config.services["notes"].clone()
    }

    /// A host with a platform in it, and a service with these keys below `[services.notes]`.
    fn config_with_platform(keys: &str) -> Config {
        let text = format!(
            "[platform]\nmode = \"embedded\"\n[services.notes]\nplugin = \"acme/notes\"\nsecurity-key = {{ file = \"key\" }}\n{keys}"
        );
        Config::parse(&text, std::path::Path::new("wharf.toml")).unwrap_or_else(|problems| panic!("{problems}"))
    }

    /// A service that has a platform, with these keys below `[services.notes]`.
    pub(crate) fn service_of_platform(keys: &str) -> Service {
        config_with_platform(keys).services["notes"].clone()
    }

    /// The sentences of problems with their ways out.
    pub(crate) fn told<T: std::fmt::Debug>(result: Result<T, Problems>) -> Vec<(&'static str, String, String)> {
        result.unwrap_err().0.into_iter().map(|problem| (problem.code.id, problem.what, problem.fix)).collect()
    }

    #[test]
    fn everything_that_is_missing_is_told_at_once() {
        let manifest = manifest(
            "[permissions.required.kv]\nstores = [\"notes\"]\nreason = \"to keep them\"\n\
             [permissions.required.secrets]\nnames = [\"token\"]\nreason = \"to send them\"\n\
             [config.title]\ntype = \"string\"\nrequired = true\ndescription = \"What it is called.\"\n",
        );
        let told = told(Grants::new(&manifest, &service("")));
        assert_eq!(told.len(), 3, "{told:?}");
    }
}
