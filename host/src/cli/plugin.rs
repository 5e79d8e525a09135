//! `wharf plugin`: install, list, inspect and remove plugins, in a running host or in its data directory.

use std::{
    fmt::Write as _,
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
    manifest::PluginId,
    problem::{Problem, Problems},
    runtime::inspect::pack,
};

/// Install, list, remove and inspect plugins.
#[derive(Debug, clap::Subcommand)]
#[command(after_help = "Commands reach a running host through its control socket and take effect at once; without one they \
    work on its data directory.")]
pub enum Command {
    /// Install a plugin; the services bound to it run it from the next request on
    Install {
        /// The component (.wasm)
        file: PathBuf,
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
        /// An installed plugin (acme/notes, acme/notes@1.2.0), or a component's file
        plugin: String,
        #[command(flatten)]
        at: At,
    },
}

pub fn run(command: Command, output: &Output) -> Result<(), Problems> {
    match command {
        Command::Install { file, manifest, at } => {
            let max = at.config()?.runtime.max_component;
            let mut component = read(&file, max)?;
            if let Some(manifest) = manifest {
                let text = read(&manifest, max)?;
                component = pack(&component, &text);
            }
            output.say(&format_args!("installing `{}` …", file.display()));
            let report = send(&at, Request::Install(component))?;
            output.data(&show_report(&report), &report);
        }
        Command::List { at } => {
            let plugins = send(&at, Request::List)?;
            output.data(&show_list(&plugins).trim_end(), &plugins);
        }
        Command::Remove { plugin, force, at } => {
            let (id, version) = split(&plugin)?;
            let removed = send(&at, Request::Remove { id, version, force })?;
            output.data(&show_removed(&removed), &removed);
        }
        Command::Inspect { plugin, at } => {
            let shown = if plugin.ends_with(".wasm") {
                let component = read(&PathBuf::from(plugin), LARGEST)?;
                inspect_file(&vet(&component)?, component.len())
            } else {
                let (id, version) = split(&plugin)?;
                send(&at, Request::Inspect { id, version })?
            };
            output.data(&show_plugin(&shown).trim_end(), &shown);
        }
    }
    Ok(())
}

enum Request {
    Install(Vec<u8>),
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
        Request::List => host.send(Method::GET, "/plugins", Vec::new()).await,
        Request::Inspect { id, version } => host.send(Method::GET, &path(&id, &version, false), Vec::new()).await,
        Request::Remove { id, version, force } => host.send(Method::DELETE, &path(&id, &version, force), Vec::new()).await,
    }
}

async fn carry_out(admin: &Admin, request: Request) -> Result<Value, Problems> {
    match request {
        Request::Install(component) => admin.install(component).await.map(|report| report.to_json()),
        Request::List => admin.list().await,
        Request::Inspect { id, version } => admin.inspect(&id.to_string(), version.as_deref()).await,
        Request::Remove { id, version, force } => admin.remove(&id.to_string(), version.as_deref(), force).await,
    }
}

/// The most that any host accepts, in bytes.
const LARGEST: u64 = 1 << 30;

/// Reads a file the user named, at most `max` bytes of it.
fn read(file: &Path, max: u64) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    File::open(file).and_then(|file| file.take(max.saturating_add(1)).read_to_end(&mut bytes)).map_err(|error| {
        Problem::new(&codes::IO, format!("`{}` cannot be read", file.display())).why(error).fix("name an existing file")
    })?;
    if bytes.len() as u64 > max { Err(too_large(max)) } else { Ok(bytes) }
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

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn array<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn list(value: &Value, key: &str) -> Vec<String> {
    array(value, key).map(|item| item.as_str().unwrap_or_default().to_owned()).collect()
}

fn show_report(report: &Value) -> String {
    let services = list(report, "services");
    let known = if report.get("new").and_then(Value::as_bool) == Some(false) { "was installed already" } else { "installed" };
    let runs = if services.is_empty() {
        "no service of a running host is bound to it".to_owned()
    } else {
        format!("running for the service {}", services.join(", "))
    };
    let mut shown = format!("{} {} {known}; {runs}", text(report, "id"), text(report, "version"));
    for lacking in array(report, "not_granted") {
        let (service, what, reason) = (text(lacking, "service"), text(lacking, "what"), text(lacking, "reason"));
        // Writing to a string cannot fail.
        let _ = write!(
            shown,
            "\nthe service `{service}` does not grant {what} (optional: {reason})\n  to grant it: {}",
            text(lacking, "fix")
        );
    }
    shown
}

fn show_list(plugins: &Value) -> String {
    let Some(plugins) = plugins.as_array().filter(|plugins| !plugins.is_empty()) else {
        return "no plugins are installed; `wharf plugin install FILE` installs one".to_owned();
    };
    let mut shown = format!("{:<30} {:<12} {:<8} {:>10}  {}\n", "PLUGIN", "VERSION", "ACTIVE", "BYTES", "SERVICES");
    for plugin in plugins {
        let active = if plugin.get("active").and_then(Value::as_bool) == Some(true) { "yes" } else { "no" };
        let size = plugin.get("size").and_then(Value::as_u64).unwrap_or_default();
        let services = list(plugin, "services").join(", ");
        // Writing to a string cannot fail.
        let _ = writeln!(shown, "{:<30} {:<12} {active:<8} {size:>10}  {services}", text(plugin, "id"), text(plugin, "version"));
    }
    shown
}

fn show_removed(removed: &Value) -> String {
    let versions = list(removed, "removed").join(", ");
    match removed.get("active").and_then(Value::as_str) {
        Some(active) => format!("{} {versions} removed; {active} is active", text(removed, "id")),
        None => format!("{} {versions} removed", text(removed, "id")),
    }
}

fn show_plugin(plugin: &Value) -> String {
    let mut shown = format!(
        "{} {}: {}\n{}\n",
        text(plugin, "id"),
        text(plugin, "version"),
        text(plugin, "name"),
        text(plugin, "description")
    );
    let _ = writeln!(shown, "\nroutes:");
    for route in array(plugin, "routes") {
        let scopes = list(route, "scopes");
        let scopes = if scopes.is_empty() { String::new() } else { format!(" ({})", scopes.join(" ")) };
        let _ = writeln!(shown, "  {:<7} {:<30} {}{scopes}", text(route, "method"), text(route, "path"), text(route, "auth"));
    }
    let permissions: Vec<&Value> = array(plugin, "permissions").collect();
    let _ = writeln!(shown, "\nasks for: {}", if permissions.is_empty() { "nothing" } else { "" });
    for permission in permissions {
        let need = if permission.get("required").and_then(Value::as_bool) == Some(true) { "required" } else { "optional" };
        let _ = writeln!(shown, "  {} ({need}): {}", text(permission, "asks"), text(permission, "reason"));
        for service in array(permission, "services") {
            let key = text(service, "service");
            if service.get("granted").and_then(Value::as_bool) == Some(true) {
                let _ = writeln!(shown, "    the service `{key}` grants it");
            }
            for lacking in array(service, "missing") {
                let (what, fix) = (text(lacking, "what"), text(lacking, "fix"));
                let _ = writeln!(shown, "    the service `{key}` does not grant {what}; to grant it: {fix}");
            }
        }
    }
    shown
}
