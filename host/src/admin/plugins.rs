//! Listing, inspecting and removing installed plugins.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::{Admin, blocking, compatibility, install::Without, services::Bound, vet::Vetted};
use crate::{
    capabilities, codes,
    config::Service,
    limits::Asked,
    manifest::{Capability, Manifest, Permission, Route, Setting},
    problem::{Problem, Problems},
    runtime::engine::Mode,
    store::{Digest, plugins::Plugin},
    units::millis,
};

impl Admin {
    /// All installed versions with the services they run for, as JSON.
    pub async fn list(&self) -> Result<Value, Problems> {
        let plugins = self.store.plugins().await.map_err(|error| error.problem())?;
        Ok(plugins.iter().map(|plugin| self.show(plugin)).collect())
    }

    /// One installed plugin with its manifest's routes and permissions, as JSON; without a version the active one.
    pub async fn inspect(&self, id: &str, version: Option<&str>) -> Result<Value, Problems> {
        let plugin = self.installed(id, version).await?;
        let mut shown = self.show(&plugin);
        let manifest = Manifest::parse(&plugin.manifest)?;
        merge(&mut shown, describe(&manifest, &self.bound(id)));
        Ok(shown)
    }

    /// An installed version of a plugin; without one named the active one.
    pub(super) async fn installed(&self, id: &str, version: Option<&str>) -> Result<Plugin, Problem> {
        let plugins = self.store.plugins().await.map_err(|error| error.problem())?;
        let wanted = |plugin: &Plugin| plugin.id == id && version.map_or(plugin.active, |version| plugin.version == version);
        plugins.into_iter().find(wanted).ok_or_else(|| {
            let what = version.map_or_else(
                || format!("plugin `{id}` is not installed"),
                |version| format!("plugin `{id}` is not installed in version `{version}`"),
            );
            Problem::new(&codes::PLUGIN_UNKNOWN, what).fix("see what is with `wharf plugin list`")
        })
    }

    /// Removes a version, or all of them. Refuses one that a service is bound to, unless forced; then the newest of the
    /// remaining versions takes over, or the service has no plugin.
    pub async fn remove(&self, id: &str, version: Option<&str>, force: bool) -> Result<Value, Problems> {
        let _one_at_a_time = self.changing.lock().await;
        let bound: Vec<&str> = self.services_of(id);
        let active = self.store.plugin_active(id).await.map_err(|error| error.problem())?;
        let hits_active = active.is_some_and(|active| version.is_none_or(|version| version == active.version));
        if hits_active && !bound.is_empty() && !force {
            return Err(Problem::new(&codes::PLUGIN_BOUND, format!("plugin `{id}` is bound to {}", quoted_services(&bound)))
                .why("it would stop answering, or change its version")
                .fix("take the service out of the configuration and start a running host anew, or say --force")
                .into());
        }
        let removed = self.store.plugin_remove(id, version).await.map_err(|error| error.problem())?;
        let left = if hits_active { self.replace(id, removed.active.is_some()).await } else { Problems::default() };
        let digests = self.store.plugin_digests().await.map_err(|error| error.problem())?;
        blocking(|| self.sweep(&digests))?;
        tracing::info!(plugin = id, versions = removed.versions.join(","), "plugin removed");
        let left: Vec<Value> = left.0.iter().map(Problem::to_json).collect();
        let unserved = if hits_active && removed.active.is_none() { self.services_of(id) } else { Vec::new() };
        Ok(json!({
            "id": id, "removed": removed.versions, "active": removed.active, "left_without": left, "unserved": unserved,
        }))
    }

    /// Gives the services bound to the plugin, whose active version is gone, the one that took over. What was removed never goes on:
    /// where that one cannot be used they are left without, and why is returned.
    async fn replace(&self, id: &str, has_successor: bool) -> Problems {
        if !has_successor {
            self.unload(id);
            return Problems::default();
        }
        // A mistake in the file is no reason to leave them without.
        let Bound { services, places, .. } = self.bound_anew(id).unwrap_or_else(|_| self.bound_before(id));
        let without = self.load(id, services, &places).await;
        without.iter().for_each(Without::log);
        Without::all(without)
    }

    /// Removes what is of no use any more, with what was compiled for engines that this host does not have.
    fn sweep(&self, digests: &HashSet<Digest>) -> Result<(), Problem> {
        let mut modes = vec![Mode::Synchronous];
        modes.extend(self.config.runtime.wasi_http_0_3.then_some(Mode::Asynchronous));
        // What an engine left that cannot be made any more would have to be compiled anew anyway.
        let engines = modes.into_iter().filter_map(|mode| Some(compatibility(&self.loader(mode).ok()?))).collect();
        self.blobs.sweep(digests, &engines).map(drop).map_err(|error| error.problem())
    }

    pub(super) fn services_of(&self, id: &str) -> Vec<&str> {
        self.config
            .services
            .values()
            .filter(|service| service.plugin.to_string() == id)
            .map(|service| service.key.as_str())
            .collect()
    }

    /// Whether the host runs, and the service without a plugin.
    fn is_without(&self, key: &str) -> bool {
        let service = self.app.as_ref().and_then(|app| app.services.by_key(key));
        service.is_some_and(|service| service.current.load().is_none())
    }

    fn show(&self, plugin: &Plugin) -> Value {
        let services = if plugin.active { self.services_of(&plugin.id) } else { Vec::new() };
        let unserved: Vec<&str> = services.iter().copied().filter(|key| self.is_without(key)).collect();
        json!({
            "id": plugin.id, "version": plugin.version, "active": plugin.active, "services": services, "unserved": unserved,
            "size": plugin.size,
            "digest": plugin.digest.to_string(), "installed_ms": plugin.installed_ms,
        })
    }
}

/// What a component that is not installed would be and ask for, as JSON.
pub fn inspect_file(vetted: &Vetted, size: usize) -> Value {
    let manifest = &vetted.manifest;
    let mut shown = json!({
        "id": manifest.id.to_string(), "version": manifest.version.to_string(), "size": size,
        "imports": vetted.inspected.imports, "exports": vetted.inspected.exports,
    });
    merge(&mut shown, describe(manifest, &[]));
    shown
}

/// Routes, permissions, settings and limits; of each permission, what each of the services `bound` to the plugin grants.
fn describe(manifest: &Manifest, bound: &[Service]) -> Value {
    let routes: Vec<Value> = manifest.routes.iter().map(show_route).collect();
    let settings: Vec<Value> = manifest.settings.iter().map(show_setting).collect();
    let permissions: Vec<Value> = manifest
        .permissions
        .iter()
        .map(|permission| {
            let services: Vec<Value> = bound.iter().map(|service| show_grant(permission, service)).collect();
            json!({
                "asks": show_capability(&permission.capability), "reason": permission.reason, "required": permission.required,
                "services": services,
            })
        })
        .collect();
    json!({
        "name": manifest.name, "description": manifest.description, "license": manifest.license,
        "repository": manifest.repository, "service": manifest.service_key, "routes": routes, "permissions": permissions,
        "settings": settings, "limits": show_limits(&manifest.limits),
    })
}

fn show_route(route: &Route) -> Value {
    json!({
        "method": route.method, "path": route.path, "auth": route.auth.as_str(), "scopes": route.scopes,
        "timeout_ms": route.timeout.map(millis), "body_limit": route.body_limit,
    })
}

fn show_setting(setting: &Setting) -> Value {
    json!({
        "name": setting.key, "type": setting.kind.as_str(), "required": setting.required, "default": setting.default,
        "description": setting.description, "min": setting.min, "max": setting.max, "choices": setting.choices,
    })
}

/// What the plugin asks for itself; null is what every plugin gets.
fn show_limits(asked: &Asked) -> Value {
    json!({
        "memory": asked.memory, "cpu_ms": asked.cpu.map(millis), "wall_ms": asked.wall.map(millis),
        "concurrency": asked.concurrency, "body_in": asked.body_in, "body_out": asked.body_out, "host_calls": asked.host_calls,
        "handles": asked.handles, "log_lines": asked.log_lines,
    })
}

fn show_grant(permission: &Permission, service: &Service) -> Value {
    let lacking = capabilities::lacking(permission, service);
    let missing: Vec<Value> = lacking.iter().map(|lacking| json!({"what": lacking.what, "fix": lacking.fix})).collect();
    json!({"service": service.key, "granted": missing.is_empty(), "missing": missing})
}

fn show_capability(capability: &Capability) -> String {
    match capability {
        Capability::Kv { stores, shared } => {
            let own = (!stores.is_empty()).then(|| format!("values of each app in {}", stores.join(", ")));
            let shared = (!shared.is_empty()).then(|| format!("values that all apps share in {}", shared.join(", ")));
            format!("keep {}", own.into_iter().chain(shared).collect::<Vec<_>>().join(" and "))
        }
        Capability::HttpOut { hosts, methods } if hosts.iter().any(|host| host == "*") => {
            format!("send {} to hosts of the operator's choice", methods.join(", "))
        }
        Capability::HttpOut { hosts, methods } => format!("send {} to {}", methods.join(", "), hosts.join(", ")),
        Capability::Secrets { names } => match names.as_slice() {
            [name] => format!("see the secret {name}"),
            names => format!("see the secrets {}", names.join(", ")),
        },
        Capability::Data => "use a directory of its own".to_owned(),
        Capability::AppUsers => "make and change users of apps, and fetch their access tokens".to_owned(),
        Capability::Apps => "look up apps".to_owned(),
        Capability::Mail => "send mail to users of apps".to_owned(),
    }
}

/// ``the service `a` ``, ``the services `a`, `b` ``.
fn quoted_services(keys: &[&str]) -> String {
    let services = if keys.len() == 1 { "service" } else { "services" };
    format!("the {services} `{}`", keys.join("`, `"))
}

fn merge(into: &mut Value, more: Value) {
    if let (Value::Object(into), Value::Object(more)) = (into, more) {
        into.extend(more);
    }
}
