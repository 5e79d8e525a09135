//! `wharf plugin`: install, list, inspect and remove plugins, in a running host or in its data directory.

mod show;

use std::{
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
};

use http::Method;
use serde_json::Value;

use super::{
    at::{At, Reached},
    output::Output,
};
use crate::{
    admin::{Admin, client::Client, install::too_large, plugins::inspect_file, vet::vet},
    codes,
    manifest::{Manifest, PluginId},
    problem::{Problem, Problems},
    runtime::inspect::{inspect, pack},
};

/// Install, list, remove and inspect plugins.
#[derive(Debug, clap::Subcommand)]
#[command(after_help = "Commands reach a running host through its control socket and take effect at once; without one they \
    work on its data directory.")]
pub enum Command {
    /// Install a plugin; the services bound to it run it from the next request on
    ///
    /// A running host reads again what these services grant and set: nothing else of its configuration.
    Install {
        /// The component's file (.wasm); or an installed version to go back to, e.g. acme/notes@1.2.0
        #[arg(value_name = "FILE|PLUGIN@VERSION")]
        plugin: PathBuf,
        /// The manifest, for a component that does not carry its own
        #[arg(long, value_name = "FILE")]
        manifest: Option<PathBuf>,
        #[command(flatten)]
        at: At,
    },
    /// List the installed plugins
    List {
        #[command(flatten)]
        at: At,
    },
    /// Remove a plugin, or one version of it
    Remove {
        /// The plugin, e.g. acme/notes or acme/notes@1.2.0
        plugin: String,
        /// Even if a service is bound to it
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        at: At,
    },
    /// Show what a plugin is, serves and asks for
    Inspect {
        /// An installed plugin (acme/notes, acme/notes@1.2.0), or a component's file (.wasm)
        plugin: String,
        /// The manifest, for a component's file that does not carry its own
        #[arg(long, value_name = "FILE")]
        manifest: Option<PathBuf>,
        #[command(flatten)]
        at: At,
    },
}

pub fn run(command: Command, output: &Output) -> Result<(), Problems> {
    match command {
        Command::Install { plugin, manifest, at } => {
            let request = match installed(&plugin).filter(|_| manifest.is_none()) {
                Some((id, Some(version))) => Request::InstallAgain { id, version },
                Some((id, None)) => return Err(no_version(&id).into()),
                None => Request::Install(component(&plugin, manifest.as_deref(), at.config()?.runtime.max_component)?),
            };
            output.say(&format_args!("installing `{}` …", plugin.display()));
            let report = send(&at, request)?;
            output.data(&show::report(&report), &report);
        }
        Command::List { at } => {
            let plugins = send(&at, Request::List)?;
            output.data(&show::list_of_plugins(&plugins).trim_end(), &plugins);
        }
        Command::Remove { plugin, force, at } => {
            let (id, version) = split(&plugin)?;
            let removed = send(&at, Request::Remove { id, version, force })?;
            output.data(&show::removed(&removed), &removed);
        }
        Command::Inspect { plugin, manifest, at } => {
            let shown = if plugin.ends_with(".wasm") || manifest.is_some() {
                let component = component(Path::new(&plugin), manifest.as_deref(), LARGEST)?;
                inspect_file(&vet(&component)?, component.len())
            } else {
                let (id, version) = split(&plugin)?;
                send(&at, Request::Inspect { id, version })?
            };
            output.data(&show::plugin(&shown).trim_end(), &shown);
        }
    }
    Ok(())
}

enum Request {
    Install(Vec<u8>),
    InstallAgain { id: PluginId, version: String },
    List,
    Inspect { id: PluginId, version: Option<String> },
    Remove { id: PluginId, version: Option<String>, force: bool },
}

/// Carries the request out: in the host that holds the data directory, or here if nobody does.
fn send(at: &At, request: Request) -> Result<Value, Problems> {
    at.reach(async |host| match host {
        Reached::Running(client) => ask(client, request).await,
        Reached::Here(admin) => carry_out(admin, request).await,
    })
}

async fn ask(host: &Client, request: Request) -> Result<Value, Problems> {
    let path = |id: &PluginId, version: &Option<String>, force: bool| {
        let version = version.as_ref().map_or_else(String::new, |version| format!("version={}&", version.replace('+', "%2B")));
        format!("/plugins/{id}?{version}force={force}")
    };
    match request {
        Request::Install(component) => host.send(Method::POST, "/plugins", component).await,
        Request::InstallAgain { id, version } => {
            host.send(Method::POST, &format!("/plugins/{id}/{}", version.replace('+', "%2B")), Vec::new()).await
        }
        Request::List => host.send(Method::GET, "/plugins", Vec::new()).await,
        Request::Inspect { id, version } => host.send(Method::GET, &path(&id, &version, false), Vec::new()).await,
        Request::Remove { id, version, force } => host.send(Method::DELETE, &path(&id, &version, force), Vec::new()).await,
    }
}

async fn carry_out(admin: &Admin, request: Request) -> Result<Value, Problems> {
    match request {
        Request::Install(component) => admin.install(component).await.map(|report| report.to_json()),
        Request::InstallAgain { id, version } => {
            admin.install_again(&id.to_string(), &version).await.map(|report| report.to_json())
        }
        Request::List => admin.list().await,
        Request::Inspect { id, version } => admin.inspect(&id.to_string(), version.as_deref()).await,
        Request::Remove { id, version, force } => admin.remove(&id.to_string(), version.as_deref(), force).await,
    }
}

/// The most that any host accepts, in bytes.
const LARGEST: u64 = 1 << 30;

/// A component's file, of at most `max` bytes, with the manifest that it carries or that is named.
fn component(file: &Path, manifest: Option<&Path>, max: u64) -> Result<Vec<u8>, Problems> {
    let component = read(file, max)?;
    match manifest {
        None => Ok(component),
        Some(manifest) => with_manifest(component, manifest, &read(manifest, max)?),
    }
}

/// Reads a file the user named, at most `max` bytes of it.
fn read(file: &Path, max: u64) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    File::open(file).and_then(|file| file.take(max.saturating_add(1)).read_to_end(&mut bytes)).map_err(|error| {
        Problem::new(&codes::IO, format!("`{}` cannot be read", file.display()))
            .why(error)
            .fix("name a file that this user may read")
    })?;
    if bytes.len() as u64 > max { Err(too_large(max)) } else { Ok(bytes) }
}

/// The component with the manifest that was named, if it has none of its own. One that it carries and that is not valid counts
/// for none: nothing could be installed with it.
fn with_manifest(component: Vec<u8>, file: &Path, named: &[u8]) -> Result<Vec<u8>, Problems> {
    let carried = inspect(&component).ok().and_then(|inspected| Manifest::parse(&inspected.manifest?).ok());
    let Some(carried) = carried else { return Ok(pack(&component, named)) };
    if Manifest::parse(&String::from_utf8_lossy(named))? == carried {
        return Ok(component);
    }
    let what = format!(
        "the component carries the manifest of `{}` {}, and `{}` is another",
        carried.id,
        carried.version,
        file.display()
    );
    Err(Problem::new(&codes::MANIFEST_CARRIED, what)
        .why("what a plugin serves, to whom, and what it asks for is for its author to say")
        .fix("leave out --manifest, or build the plugin again with the other one")
        .into())
}

/// The plugin and the version that are meant, where no file of this name is there.
fn installed(plugin: &Path) -> Option<(PluginId, Option<String>)> {
    plugin.to_str().filter(|_| !plugin.exists()).and_then(|plugin| split(plugin).ok())
}

fn no_version(id: &PluginId) -> Problem {
    Problem::new(&codes::USAGE, format!("`{id}` is neither a file nor a version"))
        .why("there is no file of this name, and an installed plugin is gone back to by its version")
        .fix(format!("name a component's file, or a version that `wharf plugin list` shows, as `{id}@1.2.3`"))
}

/// `acme/notes@1.2.0` as its parts.
fn split(plugin: &str) -> Result<(PluginId, Option<String>), Problem> {
    let (id, version) = plugin.split_once('@').map_or((plugin, None), |(id, version)| (id, Some(version.to_owned())));
    let bad = |what: &str, why: String| {
        Problem::new(&codes::USAGE, format!("`{}` names no {what}", plugin.escape_debug()))
            .why(why)
            .fix("write `publisher/name` or `publisher/name@1.2.3`; a component's file must end in .wasm")
    };
    let id = id.parse::<PluginId>().map_err(|error| bad("plugin", error.to_string()))?;
    if let Some(version) = &version {
        semver::Version::parse(version).map_err(|error| bad("version", error.to_string()))?;
    }
    Ok((id, version))
}
