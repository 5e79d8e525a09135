//! Layers without cycles: which top-level module of `host/src` may name which other one.

use super::source::{Source, rust};

/// A module and those it may name, from the top down. What is not here may name nothing.
const ALLOWED: &[(&str, &[&str])] = &[
    // They join the others.
    ("main", &["cli"]),
    (
        "cli",
        &[
            "admin",
            "app",
            "caller",
            "clock",
            "codes",
            "config",
            "host",
            "manifest",
            "observe",
            "ocean_auth",
            "problem",
            "request",
            "runtime",
            "secret",
            "shutdown",
            "store",
            "toml_reader",
            "units",
        ],
    ),
    (
        "host",
        &[
            "admin",
            "app",
            "codes",
            "config",
            "message",
            "observe",
            "open_files",
            "operation",
            "platform",
            "problem",
            "processors",
            "request",
            "shutdown",
            "store",
            "task",
        ],
    ),
    ("operation", &["app", "message", "observe", "store"]),
    (
        "admin",
        &[
            "app",
            "capabilities",
            "clock",
            "codes",
            "config",
            "limits",
            "manifest",
            "message",
            "platform",
            "problem",
            "runtime",
            "secret",
            "shutdown",
            "store",
            "toml_reader",
            "units",
        ],
    ),
    (
        "app",
        &[
            "capabilities",
            "clock",
            "codes",
            "config",
            "limits",
            "manifest",
            "message",
            "observe",
            "ocean_auth",
            "platform",
            "problem",
            "request",
            "runtime",
            "secret",
            "store",
            "task",
            "units",
        ],
    ),
    // The line.
    (
        "request",
        &[
            "caller",
            "codes",
            "config",
            "json",
            "limits",
            "manifest",
            "observe",
            "ocean_auth",
            "platform",
            "problem",
            "reader",
            "runtime",
            "secret",
            "shutdown",
            "store",
            "task",
            "units",
        ],
    ),
    (
        "runtime",
        &["bindings", "caller", "capabilities", "codes", "limits", "observe", "problem", "reader", "store", "task", "units"],
    ),
    (
        "capabilities",
        &[
            "bindings", "caller", "clock", "codes", "config", "manifest", "observe", "platform", "problem", "reach", "reader",
            "secret", "store", "task", "units",
        ],
    ),
    ("bindings", &[]),
    (
        "platform",
        &[
            "caller",
            "clock",
            "codes",
            "config",
            "json",
            "message",
            "observe",
            "ocean_auth",
            "problem",
            "reach",
            "secret",
            "store",
            "task",
            "toml_reader",
            "units",
        ],
    ),
    // Its words are those of the platform's client; whom it needs above it, it knows by traits.
    ("message", &["clock", "codes", "failpoint", "store", "task", "units"]),
    // Below the line.
    ("store", &["codes", "failpoint", "observe", "problem", "secret"]),
    ("config", &["codes", "limits", "manifest", "ocean_auth", "problem", "secret", "toml_reader", "units"]),
    ("ocean_auth", &["caller", "json", "secret", "units"]),
    ("manifest", &["codes", "limits", "problem", "toml_reader", "units"]),
    ("toml_reader", &["codes", "limits", "problem", "units"]),
    ("observe", &[]),
    ("secret", &["codes", "problem"]),
    ("problem", &["codes"]),
    ("clock", &["units"]),
];

/// What goes against the direction all the same: who, what exactly, and why it does no harm.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("request", "app::App", "a request is given the host as a whole, once, where it comes in"),
    ("admin", "request::service", "installing a version is swapping it into its service"),
    ("operation", "request::listen::Handler", "the second listener is the same listener with another handler"),
    ("operation", "request::record::Record", "the trait of that listener's handlers names it"),
    ("capabilities", "runtime::state", "what a guest calls are methods of the call's state"),
    ("bindings", "reader", "the generated traits are given the host's own types"),
    ("bindings", "runtime", "the generated traits are given the host's own types"),
    ("bindings", "capabilities", "the generated traits are given the host's own types"),
    ("config", "request::authenticate", "a scheme owns its settings; the configuration only reads them"),
    ("observe", "config", "the log is set up as its table says"),
];

#[test]
fn a_module_names_only_what_lies_below_it() {
    let mut wrong = Vec::new();
    let mut used = vec![false; EXCEPTIONS.len()];
    for source in rust("host/src") {
        let module = module(&source);
        let allowed = ALLOWED.iter().find(|(name, _)| *name == module).map_or(&[][..], |(_, allowed)| allowed);
        for path in named(&source.code()) {
            let target = path.split("::").next().unwrap_or_default();
            let exception = EXCEPTIONS
                .iter()
                .position(|(from, what, _)| *from == module && (path == *what || path.starts_with(&format!("{what}::"))));
            if let Some(exception) = exception {
                used[exception] = true;
            } else if target != module && !allowed.contains(&target) {
                wrong.push(format!("{} names crate::{path}", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "against the direction of the layers:\n{}", wrong.join("\n"));
    let unused: Vec<_> = EXCEPTIONS.iter().zip(used).filter(|(_, used)| !used).map(|(exception, _)| exception).collect();
    assert!(unused.is_empty(), "exceptions that nobody needs any more: {unused:?}");
}

/// The table itself has a direction: following it never leads back.
#[test]
fn the_layers_have_no_cycle() {
    fn visit<'a>(module: &'a str, way: &mut Vec<&'a str>) {
        assert!(!way.contains(&module), "a cycle: {way:?} and {module} again");
        way.push(module);
        let below = ALLOWED.iter().find(|(name, _)| *name == module).map_or(&[][..], |(_, allowed)| allowed);
        for next in below {
            visit(next, way);
        }
        way.pop();
    }
    for (module, _) in ALLOWED {
        visit(module, &mut Vec::new());
    }
}

/// Siblings in `capabilities/` know nothing of each other.
#[test]
fn no_capability_names_another() {
    let mut wrong = Vec::new();
    for source in rust("host/src/capabilities") {
        let rest = source.path.trim_start_matches("host/src/capabilities/");
        let own = rest.split('/').next().unwrap_or_default().trim_end_matches(".rs");
        if own == "mod" {
            continue;
        }
        for path in named(&source.code()) {
            // One's own things, and what all of them are given: names of `mod.rs` begin with a capital, or are functions of it.
            let Some(other) = path.strip_prefix("capabilities::").and_then(|rest| rest.split_once("::")) else { continue };
            if other.0 != own && other.0 != "tests" {
                wrong.push(format!("{} names crate::{path}", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn module(source: &Source) -> String {
    let rest = source.path.trim_start_matches("host/src/");
    rest.split('/').next().unwrap_or_default().trim_end_matches(".rs").to_owned()
}

/// Every path below `crate::` that the code names, groups written out.
fn named(code: &str) -> Vec<String> {
    let mut paths = Vec::new();
    let mut rest = code;
    while let Some(at) = rest.find("crate::") {
        let before = rest[..at].chars().next_back();
        rest = &rest[at + "crate::".len()..];
        if !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '$') {
            rest = expand("", rest, &mut paths);
        }
    }
    paths
}

/// Reads one path or group behind `prefix`, and returns what follows it.
fn expand<'a>(prefix: &str, text: &'a str, paths: &mut Vec<String>) -> &'a str {
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).unwrap_or(text.len());
    let (path, mut rest) = text.split_at(end);
    let path = format!("{prefix}{path}");
    let Some(group) = rest.strip_prefix('{') else {
        paths.push(path.trim_end_matches(':').to_owned());
        return rest;
    };
    rest = group;
    loop {
        rest = rest.trim_start_matches([' ', '\n', ',']);
        if let Some(after) = rest.strip_prefix('}') {
            return after;
        }
        rest = expand(&path, rest, paths);
        // `as name`
        rest = &rest[rest.find([',', '}']).unwrap_or(rest.len())..];
        if rest.is_empty() {
            return rest;
        }
    }
}

#[test]
fn groups_are_written_out() {
    let code = "use crate::{\n    app::App,\n    config::{self, Config as C, log::{Level, Log}},\n};\nlet x = crate::codes::IO; $crate::no";
    let expected = ["app::App", "config::self", "config::Config", "config::log::Level", "config::log::Log", "codes::IO"];
    assert_eq!(named(code), expected);
}
