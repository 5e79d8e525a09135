//! Whether a component may be installed at all, judged before anything of it is compiled.

use crate::{
    codes,
    manifest::{Capability, Manifest},
    problem::{Problem, Problems},
    runtime::inspect::{InspectError, Inspected, Kind, inspect},
};

/// Interfaces that every plugin may import; they need no permission.
const FREE: [&str; 5] = ["types", "log", "stdio", "config", "subscriptions"];

/// Interfaces that the manifest must ask for.
const ASKED: [&str; 6] = ["kv", "secrets", "http-out", "app-users", "apps", "mail"];

/// WASI packages that are linked, though they can do nothing but tell the time, roll dice and print.
const WASI: [&str; 6] = ["io", "cli", "clocks", "filesystem", "random", "sockets"];

/// What stock components of each generation import beside it.
const WASI_HTTP_0_2: [&str; 2] = ["types", "outgoing-handler"];
const WASI_HTTP_0_3: [&str; 2] = ["types", "client"];

/// Exports of the contract that this host does not call yet.
const UNSERVED: [&str; 2] = ["events", "jobs"];

/// A component that says what it is and asks for nothing that this host does not have.
#[derive(Debug)]
pub struct Vetted {
    pub manifest: Manifest,
    pub manifest_text: String,
    pub inspected: Inspected,
}

/// Reads the component and its manifest, and reports everything that speaks against them.
pub fn vet(component: &[u8]) -> Result<Vetted, Problems> {
    let inspected = inspect(component).map_err(|error| unreadable(&error))?;
    let Some(manifest_text) = inspected.manifest.clone() else {
        return Err(Problem::new(&codes::MANIFEST_MISSING, "the component carries no manifest")
            .fix("build it with wharf-sdk's `service!`, or name the file with --manifest")
            .into());
    };
    let manifest = Manifest::parse(&manifest_text)?;
    let mut problems = Problems::default();
    check_host(&manifest, &mut problems);
    check_imports(&manifest, &inspected, &mut problems);
    check_exports(&manifest, &inspected, &mut problems);
    check_routes(&manifest, &inspected, &mut problems);
    problems.or(Vetted { manifest, manifest_text, inspected })
}

fn unreadable(error: &InspectError) -> Problem {
    let not_a_component = "the file is not a component";
    match error {
        InspectError::NotWasm => Problem::new(&codes::PLUGIN_NOT_A_COMPONENT, not_a_component)
            .why(error)
            .fix("name the .wasm file that `cargo build --target wasm32-wasip2` made"),
        InspectError::CoreModule => Problem::new(&codes::PLUGIN_NOT_A_COMPONENT, not_a_component)
            .why(error)
            .fix("build for the target wasm32-wasip2, or turn the module into a component with `wasm-tools component new`"),
        InspectError::Malformed(why) => {
            Problem::new(&codes::PLUGIN_INVALID, "the component cannot be read").why(why).fix("build it again")
        }
    }
}

fn check_host(manifest: &Manifest, problems: &mut Problems) {
    let ours = semver::Version::parse(env!("CARGO_PKG_VERSION"));
    if let (Some(wanted), Ok(ours)) = (&manifest.min_host, ours)
        && *wanted > ours
    {
        problems.push(
            Problem::new(&codes::PLUGIN_UNSUPPORTED, format!("plugin `{}` needs Wharf {wanted}", manifest.id))
                .why(format!("this is Wharf {ours}"))
                .fix("use a newer Wharf, or an older version of the plugin"),
        );
    }
}

fn check_imports(manifest: &Manifest, inspected: &Inspected, problems: &mut Problems) {
    let kind = inspected.kind();
    let is_0_2 = |import: &str| import.contains("@0.2.");
    // Its drafts were something else each.
    let is_0_3 =
        |import: &str| kind == Some(Kind::Http03) && import.split_once("@0.3.").is_some_and(|(_, patch)| !patch.contains('-'));
    for import in &inspected.imports {
        let unsupported = |why: String| {
            Problem::new(&codes::PLUGIN_UNSUPPORTED, format!("plugin `{}` imports `{import}`", manifest.id))
                .why(why)
                .fix("build the plugin without it, or use a version of Wharf that has it")
        };
        let (package, interface) = split(import);
        match package {
            "wharf:service" if FREE.contains(&interface) => {}
            "wharf:service" if ASKED.contains(&interface) => {
                if !manifest.permissions.iter().any(|permission| imported_for(&permission.capability) == Some(interface)) {
                    problems.push(undeclared(manifest, import, interface));
                }
            }
            "wharf:service" => problems.push(unsupported("this version of Wharf does not have that interface".into())),
            "wasi:http" if kind == Some(Kind::Contract) => {
                problems.push(unsupported("plugins of the contract call other servers by wharf:service/http-out".into()));
            }
            "wasi:http" if WASI_HTTP_0_2.contains(&interface) && is_0_2(import) => {}
            "wasi:http" if WASI_HTTP_0_3.contains(&interface) && is_0_3(import) => {}
            _ => {
                let wasi = package.strip_prefix("wasi:");
                if !(wasi.is_some_and(|package| WASI.contains(&package)) && (is_0_2(import) || is_0_3(import))) {
                    let why = "this version of Wharf links wharf:service and WASI 0.2, and WASI 0.3 for wasi:http/handler@0.3";
                    problems.push(unsupported(why.into()));
                }
            }
        }
    }
}

/// The interface by which a plugin uses what it asks for; a directory it uses through WASI.
fn imported_for(capability: &Capability) -> Option<&'static str> {
    match capability {
        Capability::Kv { .. } => Some("kv"),
        Capability::HttpOut { .. } => Some("http-out"),
        Capability::Secrets { .. } => Some("secrets"),
        Capability::AppUsers => Some("app-users"),
        Capability::Apps => Some("apps"),
        Capability::Mail => Some("mail"),
        Capability::Data => None,
    }
}

/// A component carries only the imports it really calls, so one that is not declared was left out of the manifest.
fn undeclared(manifest: &Manifest, import: &str, interface: &str) -> Problem {
    let keys = match interface {
        "kv" => "`stores` (or `shared`) and a `reason`",
        "http-out" => "`hosts` and a `reason`",
        "secrets" => "`names` and a `reason`",
        _ => "a `reason`",
    };
    Problem::new(&codes::PLUGIN_NOT_GRANTED, format!("plugin `{}` imports `{import}`", manifest.id))
        .why("its manifest does not ask for it")
        .fix(format!("add [permissions.required.{interface}] with {keys} to plugin.toml, or remove the calls"))
}

fn check_exports(manifest: &Manifest, inspected: &Inspected, problems: &mut Problems) {
    let exported = |wanted: &str| inspected.exports.iter().any(|export| split(export) == ("wharf:service", wanted));
    if inspected.kind().is_none() {
        let what = format!("plugin `{}` exports no `wharf:service/handler` and nothing like it", manifest.id);
        problems.push(
            Problem::new(&codes::PLUGIN_INVALID, what)
                .why("without that, or `wasi:http/incoming-handler@0.2`, or `wasi:http/handler@0.3`, no request can reach it")
                .fix("export one of them; with wharf-sdk, `service!` does"),
        );
    }
    for interface in UNSERVED.into_iter().filter(|interface| exported(interface)) {
        problems.push(
            Problem::new(&codes::PLUGIN_UNSUPPORTED, format!("plugin `{}` exports `wharf:service/{interface}`", manifest.id))
                .why("this version of Wharf would never call it")
                .fix("build the plugin without it, or use a version of Wharf that has it"),
        );
    }
}

/// The manifest decides who may call, the code what is answered: if they differ, somebody is wrong about the plugin.
fn check_routes(manifest: &Manifest, inspected: &Inspected, problems: &mut Problems) {
    let Some(in_code) = &inspected.routes else { return };
    let mut declared: Vec<(String, String)> =
        manifest.routes.iter().map(|route| (route.method.clone(), route.path.clone())).collect();
    declared.sort_unstable();
    let mut missing: Vec<_> = in_code.iter().filter(|route| !declared.contains(route)).collect();
    let mut extra: Vec<_> = declared.iter().filter(|route| !in_code.contains(route)).collect();
    missing.retain(|served| {
        let same = |listed: &&(String, String)| listed.0 == served.0 && shape(&listed.1) == shape(&served.1);
        let Some(at) = extra.iter().position(same) else { return true };
        let listed = extra.remove(at);
        let what = format!("plugin `{}` lists `{}`, and its code serves `{}`", manifest.id, show(listed), show(served));
        problems.push(
            Problem::new(&codes::MANIFEST_ROUTES, what)
                .why("a parameter has one name, which is the handler's")
                .fix(format!("write `path = \"{}\"` in plugin.toml", served.1)),
        );
        false
    });
    let list =
        |routes: &[&(String, String)]| routes.iter().map(|route| format!("`{}`", show(route))).collect::<Vec<_>>().join(", ");
    if !missing.is_empty() {
        let what = format!("plugin `{}` serves {}, which its manifest does not list", manifest.id, list(&missing));
        let fix = "add a [[routes]] for each to plugin.toml, with the `auth` it needs";
        problems.push(Problem::new(&codes::MANIFEST_ROUTES, what).fix(fix));
    }
    if !extra.is_empty() {
        let what = format!("plugin `{}` lists {}, which its code does not serve", manifest.id, list(&extra));
        let fix = "remove each from plugin.toml, or add its function to `service!`";
        problems.push(Problem::new(&codes::MANIFEST_ROUTES, what).fix(fix));
    }
}

fn show((method, path): &(String, String)) -> String {
    format!("{method} {path}")
}

/// A pattern whatever its parameters are called.
fn shape(pattern: &str) -> Vec<&str> {
    let part = |part| match part {
        part if str::starts_with(part, "{*") => "{*}",
        part if str::starts_with(part, '{') => "{}",
        text => text,
    };
    pattern.split('/').map(part).collect()
}

/// `wharf:service/kv@0.1.0` as `wharf:service` and `kv`.
fn split(name: &str) -> (&str, &str) {
    let name = name.split_once('@').map_or(name, |(name, _)| name);
    name.split_once('/').unwrap_or((name, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_that_differs_in_a_name_alone_is_one_problem() {
        let route = |path: &str| format!("[[routes]]\nmethod = \"GET\"\npath = \"{path}\"\nauth = \"none\"\n");
        let text = "manifest-version = 1\n[plugin]\nid = \"a/b\"\nversion = \"1.0.0\"\nname = \"B\"\ndescription = \"Is b.\"\n\
                    [service]\nkey = \"b\"\n";
        let manifest = Manifest::parse(&format!("{text}{}{}", route("/todos/{key}"), route("/listed/{id}"))).unwrap();
        let served = ["/todos/{id}", "/served/{id}"].map(|path| ("GET".to_owned(), path.to_owned()));
        let inspected = Inspected { routes: Some(served.to_vec()), ..Inspected::default() };
        let mut problems = Problems::default();
        check_routes(&manifest, &inspected, &mut problems);
        let told: Vec<&str> = problems.0.iter().map(|problem| problem.what.as_str()).collect();
        assert_eq!(
            told,
            [
                "plugin `a/b` lists `GET /todos/{key}`, and its code serves `GET /todos/{id}`",
                "plugin `a/b` serves `GET /served/{id}`, which its manifest does not list",
                "plugin `a/b` lists `GET /listed/{id}`, which its code does not serve",
            ]
        );
    }
}
