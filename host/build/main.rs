//! Builds the shipped plugins for wasm32 and hands them to the crate, so that the binary carries them.

#![expect(clippy::print_stdout, clippy::disallowed_methods, reason = "how cargo and a build script speak to each other")]

mod target;
mod wasm;

/// The shipped plugins, in the order in which the demo installs them.
const PLUGINS: [&str; 6] = ["hello", "echo", "notes", "crud", "user", "blog"];

fn main() {
    // Asked for when it runs: a target directory can serve several clones, and the script in it came from one of them.
    let here = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR");
    let root = std::path::PathBuf::from(here).join("..");
    println!("cargo::rerun-if-changed=build");
    for watched in ["Cargo.toml", "Cargo.lock", "wit", "sdk", "plugins"] {
        println!("cargo::rerun-if-changed={}", root.join(watched).display());
    }
    let packages: Vec<String> = PLUGINS.iter().flat_map(|plugin| ["--package".to_owned(), (*plugin).to_owned()]).collect();
    let out = wasm::build(&root, &[&["--lib".to_owned()], packages.as_slice()].concat());
    for plugin in PLUGINS {
        let file = out.join(format!("{plugin}.wasm"));
        println!("cargo::rustc-env=WHARF_PLUGIN_{}={}", plugin.to_uppercase(), file.display());
    }
}
