//! Installing: vet → compile → link → store → swap. Nothing is changed before everything has been tried.

use std::sync::Arc;

use super::{
    Admin, blocking, compatibility,
    services::Bound,
    vet::{Vetted, vet},
};
use crate::{
    app::Candidate,
    capabilities::{self, Grants, Lacking, Ready, log::Running},
    codes,
    config::{self, Config},
    limits::Limits,
    manifest::Manifest,
    problem::{Problem, Problems},
    request::service::{Installed, Service},
    runtime::{
        artifact::Artifact,
        compile::{CompileError, CompileLimits, compile},
        inspect::{Inspected, Kind},
        plugin::{Loader, Parts, Plugin, Reuse},
    },
    store::{self, Digest},
    toml_reader::Places,
    units::show_size,
};

/// What an installation did.
#[derive(Debug)]
pub struct Report {
    pub id: String,
    pub version: String,
    pub digest: String,
    /// False if this very component was installed already.
    pub new: bool,
    /// The services that run this version now, by key.
    pub services: Vec<String>,
    /// Those that will when a host starts next: all, where none runs, else those that it does not have yet.
    pub at_next_start: Vec<String>,
    /// Whether a host runs.
    pub host_runs: bool,
    /// What the plugin would use as well if it were granted. What it needs is granted, or it were not installed.
    pub not_granted: Vec<NotGranted>,
}

/// Something optional that a service does not grant.
#[derive(Debug)]
pub struct NotGranted {
    pub service: String,
    pub lacking: Lacking,
    /// What the plugin says about it.
    pub reason: String,
}

impl Report {
    pub fn to_json(&self) -> serde_json::Value {
        let not_granted = |NotGranted { service, lacking: Lacking { what, fix }, reason }: &NotGranted| serde_json::json!({"service": service, "what": what, "reason": reason, "fix": fix});
        serde_json::json!({
            "id": self.id, "version": self.version, "digest": self.digest, "new": self.new, "services": self.services,
            "host_runs": self.host_runs, "at_next_start": self.at_next_start,
            "not_granted": self.not_granted.iter().map(not_granted).collect::<Vec<_>>(),
        })
    }
}

/// Machine code for an engine, and whether the cache has it already. What turns out not to link is not worth keeping.
struct Compiled {
    artifact: Artifact,
    /// Kept until the plugin runs: an engine that nobody keeps is gone.
    loader: Loader,
    is_kept: bool,
}

/// The refusal of a component over `max-component`, said by whoever sees its size first.
pub fn too_large(max: u64) -> Problem {
    Problem::new(&codes::PLUGIN_TOO_LARGE, "the component is larger than this host accepts")
        .why(format!("it may have {} at most", show_size(max)))
        .fix("build it for release and stripped, or raise `max-component` in [runtime] and start the host anew")
}

/// The problem that a plugin is bound and not there.
pub(super) fn not_installed(id: &str) -> Problem {
    Problem::new(&codes::PLUGIN_UNKNOWN, format!("plugin `{id}` is not installed"))
        .fix("install it with `wharf plugin install FILE`")
}

/// Whether a host of this configuration runs such components at all.
pub(super) fn check_switched_on(config: &Config, manifest: &Manifest, inspected: &Inspected) -> Result<(), Problem> {
    if inspected.kind() != Some(Kind::Http03) || config.runtime.wasi_http_0_3 {
        return Ok(());
    }
    Err(Problem::new(&codes::PLUGIN_SWITCHED_OFF, format!("plugin `{}` is made for wasi:http 0.3", manifest.id))
        .why("that needs a second engine, with the component model's async, which this host is not to have")
        .fix("set `wasi-http-0-3 = true` in [runtime] and start the host anew, or build the plugin for wasi:http 0.2"))
}

/// Whether these services grant what the plugin requires; said before anything is compiled or stored, and also where no host runs.
fn check_grants<'s>(
    manifest: &Manifest,
    services: impl Iterator<Item = &'s config::Service>,
    places: &Places,
) -> Result<(), Problems> {
    let judged = services.filter_map(|service| Some((&service.key, Grants::new(manifest, service).err()?)));
    let without = judged.map(|(key, problems)| Without { services: vec![key.clone()], problems }.locate(places));
    Without::all(without).or(())
}

/// What these services do not grant of what the plugin asks for.
fn not_granted(manifest: &Manifest, services: &[config::Service]) -> Vec<NotGranted> {
    let mut not_granted = Vec::new();
    for service in services {
        for permission in &manifest.permissions {
            not_granted.extend(capabilities::lacking(permission, service).into_iter().map(|lacking| NotGranted {
                service: service.key.clone(),
                lacking,
                reason: permission.reason.clone(),
            }));
        }
    }
    not_granted
}

/// A service with the version that is about to run for it.
type Binding = (Arc<Service>, Arc<Installed>);

/// Services that their plugin cannot be loaded for, and why.
#[derive(Debug)]
pub struct Without {
    pub services: Vec<String>,
    pub problems: Problems,
}

impl Without {
    /// A line for each problem. That a plugin is still to be installed is how a new host begins, and no failure.
    pub fn log(&self) {
        let services = self.services.join(",");
        for problem in &self.problems.0 {
            let (code, what) = (problem.code.id, "the services answer 503 until that is mended");
            if problem.code == &codes::PLUGIN_UNKNOWN {
                tracing::warn!(code, services, "{problem}; {what}");
            } else {
                tracing::error!(code, services, "{problem}; {what}");
            }
        }
    }

    /// What is wrong, at the place of what it is about, or of the first service.
    fn locate(self, places: &Places) -> Self {
        let Self { services, problems: Problems(all) } = self;
        let key = services.first().map(|service| format!("services.{service}.plugin"));
        let located = all.into_iter().map(|problem| places.locate(problem, key.as_deref()));
        Self { problems: Problems(located.collect()), services }
    }

    /// All that is wrong, whomever it is about.
    pub fn all(without: impl IntoIterator<Item = Self>) -> Problems {
        Problems(without.into_iter().flat_map(|without| without.problems.0).collect())
    }
}

impl Admin {
    /// Installs a component, which carries its manifest, and makes it the version that runs for every service bound to it, with what
    /// the configuration says by then that they grant and set.
    ///
    /// Calls in flight finish on the version they began with. Cancelled before the store has it, nothing has changed;
    /// repeating it is safe.
    pub async fn install(&self, component: Vec<u8>) -> Result<Report, Problems> {
        let max = self.config.runtime.max_component;
        if component.len() as u64 > max {
            return Err(too_large(max).into());
        }
        let vetted = blocking(|| vet(&component))?;
        check_switched_on(&self.config, &vetted.manifest, &vetted.inspected)?;
        let _one_at_a_time = self.changing.lock().await;
        let Bound { services, later, places } = self.bound_anew(&vetted.manifest.id.to_string())?;
        check_grants(&vetted.manifest, services.iter().chain(&later), &places)?;
        let digest = blocking(|| Digest::of(&component));
        let size = component.len() as u64;
        self.check_version(&vetted, &digest).await?;
        let component = Arc::new(component);
        let compiled = self.compiled(&digest, &component, &vetted).await?;
        blocking(|| self.try_out(&vetted, &compiled))?;
        let (bindings, without) = blocking(|| self.bindings(&vetted, &compiled, &services));
        Without::all(without.into_iter().map(|without| without.locate(&places))).or(())?;

        blocking(|| self.blobs.put_component(&component)).map_err(|error| error.problem())?;
        self.keep(&digest, &compiled)?;
        let install = store::plugins::Install {
            id: vetted.manifest.id.to_string(),
            version: vetted.manifest.version.to_string(),
            digest,
            manifest: vetted.manifest_text,
            size,
            now_ms: self.clock.now_ms(),
        };
        let (id, version) = (install.id.clone(), install.version.clone());
        let new = self.store.plugin_install(install).await.map_err(|error| error.problem())?;
        let not_granted = not_granted(&vetted.manifest, &services);
        self.take_over(services);
        let services = self.swap(bindings);
        tracing::info!(plugin = id, version, new, services = services.join(","), "plugin installed");
        let host_runs = self.app.is_some();
        let at_next_start = match host_runs {
            true => later.into_iter().map(|service| service.key).collect(),
            false => self.services_of(&id).into_iter().map(str::to_owned).collect(),
        };
        Ok(Report { id, version, digest: digest.to_string(), new, services, at_next_start, host_runs, not_granted })
    }

    /// Installs a version once more that the data directory has, as from its file: how an admin goes back to it.
    ///
    /// Cancellation: as for [`Admin::install`].
    pub async fn install_again(&self, id: &str, version: &str) -> Result<Report, Problems> {
        let plugin = self.installed(id, Some(version)).await?;
        self.install(self.component(&plugin)?).await
    }

    /// Loads the active version of every bound plugin. A service that its plugin cannot be loaded for is left without, and the host
    /// starts all the same.
    pub async fn load_all(&self) -> Vec<Without> {
        let mut without = Vec::new();
        for id in self.config.plugins() {
            without.extend(self.load(&id, self.bound(&id), &self.config.places).await);
        }
        without
    }

    /// Loads the active version of one plugin for these services, which are bound to it, and stand at these places of the
    /// configuration. Those that it cannot be loaded for are left without; the others run it from now on.
    pub(super) async fn load(&self, id: &str, services: Vec<config::Service>, places: &Places) -> Vec<Without> {
        let (bindings, without) = match self.load_for(id, &services).await {
            Ok(loaded) => loaded,
            Err(problems) => {
                let services = services.iter().map(|service| service.key.clone()).collect();
                (Vec::new(), vec![Without { services, problems }])
            }
        };
        self.take_over(services);
        self.swap(bindings);
        let without: Vec<Without> = without.into_iter().map(|without| without.locate(places)).collect();
        for Without { services, problems } in &without {
            let why = Arc::new(problems.to_string());
            let services = services.iter().filter_map(|key| self.app.as_ref()?.services.by_key(key));
            services.for_each(|service| service.leave_without(Some(why.clone())));
        }
        without
    }

    async fn load_for(&self, id: &str, services: &[config::Service]) -> Result<(Vec<Binding>, Vec<Without>), Problems> {
        let active = self.active(id).await?;
        let component = self.component(&active)?;
        let vetted = blocking(|| vet(&component))?;
        check_switched_on(&self.config, &vetted.manifest, &vetted.inspected)?;
        let compiled = self.compiled(&active.digest, &Arc::new(component), &vetted).await?;
        self.keep(&active.digest, &compiled)?;
        Ok(blocking(|| self.bindings(&vetted, &compiled, services)))
    }

    /// The active version of a plugin.
    pub(super) async fn active(&self, id: &str) -> Result<store::plugins::Plugin, Problem> {
        self.store.plugin_active(id).await.map_err(|error| error.problem())?.ok_or_else(|| not_installed(id))
    }

    /// The component of an installed version.
    pub(super) fn component(&self, plugin: &store::plugins::Plugin) -> Result<Vec<u8>, Problem> {
        let found = blocking(|| self.blobs.component(&plugin.digest)).map_err(|error| {
            let problem = error.problem();
            Problem { what: format!("plugin `{}` {}: {}", plugin.id, plugin.version, problem.what), ..problem }
        });
        found?.ok_or_else(|| {
            let what = format!("the component of plugin `{}` is missing from the data directory", plugin.id);
            Problem::new(&codes::DATA_UNUSABLE, what).fix("install the plugin again")
        })
    }

    /// Takes the plugin away from its services: they have none from now on.
    pub(super) fn unload(&self, id: &str) {
        for service in self.bound_services(id) {
            service.leave_without(None);
        }
    }

    fn bound_services(&self, id: &str) -> Vec<Arc<Service>> {
        let bound = self.config.services.values().filter(|service| service.plugin.to_string() == id);
        bound.filter_map(|service| self.app.as_ref()?.services.by_key(&service.key).cloned()).collect()
    }

    /// A version names one component for ever; said before minutes are spent on compiling another one.
    async fn check_version(&self, vetted: &Vetted, digest: &Digest) -> Result<(), Problem> {
        let (id, version) = (vetted.manifest.id.to_string(), vetted.manifest.version.to_string());
        let installed = self.store.plugins().await.map_err(|error| error.problem())?;
        let same = installed.iter().find(|plugin| plugin.id == id && plugin.version == version);
        match same {
            Some(plugin) if plugin.digest != *digest => {
                let (installed, offered) = (plugin.digest, *digest);
                Err(store::plugins::PluginError::Different { id, version, installed, offered }.problem())
            }
            _ => Ok(()),
        }
    }

    /// The component's machine code: from the sealed cache, or compiled now.
    async fn compiled(&self, digest: &Digest, component: &Arc<Vec<u8>>, vetted: &Vetted) -> Result<Compiled, Problem> {
        let (manifest, mode) = (&vetted.manifest, vetted.inspected.mode());
        let loader = blocking(|| self.loader(mode))?;
        match blocking(|| self.blobs.artifact(digest, &compatibility(&loader))).map_err(|error| error.problem())? {
            store::Artifact::Ready(bytes) => {
                return Ok(Compiled { artifact: Artifact::compiled_by_this_host(bytes), loader, is_kept: true });
            }
            store::Artifact::Absent => {}
            store::Artifact::Refused => {
                tracing::warn!(plugin = %manifest.id, "a compiled component of the data directory was not made by this host; it is compiled anew");
            }
        }
        let runtime = &self.config.runtime;
        let limits = CompileLimits { memory: runtime.compile_memory, cpu: runtime.compile_cpu, wall: runtime.compile_wall };
        let began = std::time::Instant::now();
        let compiled = compile(component.to_vec(), mode, limits).await;
        if let Some(app) = &self.app {
            app.metrics.compile_seconds.observe(began.elapsed());
            app.metrics.compilations.add(compiled.as_ref().map_or_else(CompileError::kind, |_| "compiled"));
        }
        let bytes = compiled.map_err(|error| {
            Problem::new(&codes::PLUGIN_COMPILE, format!("plugin `{}` cannot be compiled", manifest.id))
                .why(error)
                .fix("if the plugin is to be trusted with more, raise the `compile-` limits in [runtime] and start the host anew")
        })?;
        Ok(Compiled { artifact: Artifact::compiled_by_this_host(bytes), loader, is_kept: false })
    }

    /// Puts what was compiled now into the sealed cache.
    fn keep(&self, digest: &Digest, compiled: &Compiled) -> Result<(), Problem> {
        if compiled.is_kept {
            return Ok(());
        }
        let engine = compatibility(&compiled.loader);
        blocking(|| self.blobs.put_artifact(digest, &engine, compiled.artifact.bytes())).map_err(|error| error.problem())
    }

    /// Links the component once, whether a service is bound to it or not.
    fn try_out(&self, vetted: &Vetted, compiled: &Compiled) -> Result<(), Problem> {
        let Vetted { manifest, inspected, .. } = vetted;
        let limits = Limits::grant(&manifest.limits, &self.config.limits);
        let ready = Arc::new(Ready::default());
        let Compiled { artifact, loader, .. } = compiled;
        let running = Running { plugin: plugin_name(manifest), service: "-".into(), requests: Arc::default() };
        let (running, reuse) = (Arc::new(running), Reuse::never());
        let parts = Parts { artifact, inspected, running, limits, reuse, ready };
        loader.load(parts).map(drop).map_err(|error| {
            Problem::new(&codes::PLUGIN_INVALID, format!("plugin `{}` cannot be linked", manifest.id))
                .why(error)
                .fix("build it again")
        })
    }

    /// The plugin made ready for these services, which are bound to it, and those that it cannot be made ready for.
    fn bindings(&self, vetted: &Vetted, compiled: &Compiled, services: &[config::Service]) -> (Vec<Binding>, Vec<Without>) {
        let (mut bindings, mut without) = (Vec::new(), Vec::new());
        let Some(app) = &self.app else { return (bindings, without) };
        let Vetted { manifest, inspected, .. } = vetted;
        let candidate = Candidate { manifest, inspected, artifact: &compiled.artifact, loader: &compiled.loader };
        for bound in services {
            let Some(service) = app.services.by_key(&bound.key) else { continue };
            match app.ready(bound, candidate, &self.config.limits) {
                Ok(installed) => bindings.push((service.clone(), Arc::new(installed))),
                Err(problems) => without.push(Without { services: vec![bound.key.clone()], problems }),
            }
        }
        (bindings, without)
    }

    /// Lets each service run its new version from the next request on; returns the services' keys. Messages that waited for a
    /// plugin are delivered at once.
    fn swap(&self, bindings: Vec<Binding>) -> Vec<String> {
        bindings
            .into_iter()
            .map(|(service, installed)| {
                let plugin: &Plugin = &installed.plugin;
                tracing::info!(service = service.key, plugin = &*plugin.running.plugin, "service runs");
                service.run(installed);
                self.wake_messages(&service.key);
                service.key.clone()
            })
            .collect()
    }
}

/// `id@version`, as logs name a plugin.
pub fn plugin_name(manifest: &Manifest) -> Arc<str> {
    format!("{}@{}", manifest.id, manifest.version).into()
}
