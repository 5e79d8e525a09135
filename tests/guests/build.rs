//! Builds the guests for wasm32 and writes down where they are.

#![expect(clippy::disallowed_methods, reason = "how cargo and a build script speak to each other")]

#[path = "../../host/build/target.rs"]
mod target;
#[path = "../../host/build/wasm.rs"]
mod wasm;

use std::{env, fmt::Write as _, fs, path::PathBuf};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR")).join("guests.rs");
    // The nested build runs this script again, for the guests themselves: they need no list of each other.
    let is_guest = env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|arch| arch == "wasm32");
    let list = if is_guest { String::new() } else { build() };
    fs::write(&out, list).unwrap_or_else(|error| panic!("{}: {error}", out.display()));
}

/// All guests as constants, and a macro that names them, so that a guest without a test does not compile.
fn build() -> String {
    // Asked for when it runs: a target directory can serve several clones, and the script in it came from one of them.
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR"));
    let root = here.join("../..");
    for watched in ["Cargo.toml", "Cargo.lock", "wit", "sdk", "tests/guests", "host/build"] {
        println!("cargo::rerun-if-changed={}", root.join(watched).display());
    }
    let components = wasm::build(&root, &["--package", "wharf-guests", "--examples"].map(str::to_owned)).join("examples");
    let source = here.join("src");
    let mut names: Vec<String> = fs::read_dir(&source)
        .expect("the guests' folder can be read")
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.strip_suffix(".rs").map(str::to_owned))
        .collect();
    names.sort_unstable();
    let mut list = String::new();
    for name in &names {
        let (component, manifest) = (components.join(format!("{name}.wasm")), source.join(format!("{name}.toml")));
        assert!(component.exists(), "the guest `{name}` has no [[example]] in tests/guests/Cargo.toml");
        assert!(manifest.exists(), "the guest `{name}` has no manifest {}", manifest.display());
        let text = fs::read_to_string(source.join(format!("{name}.rs"))).expect("a guest's source can be read");
        let about = text.lines().next().and_then(|line| line.strip_prefix("//! ")).unwrap_or(name);
        writeln!(
            list,
            "/// {about}\npub const {}: Guest = Guest {{ name: {name:?}, component: {component:?}, manifest: {manifest:?} }};",
            name.to_uppercase()
        )
        .expect("a string takes everything");
    }
    let all = names.join(" ");
    writeln!(
        list,
        "/// Calls a macro with the names of all guests.\n#[macro_export]\nmacro_rules! for_each_guest {{ ($list:ident) => {{ $list! {{ {all} }} }}; }}"
    )
    .expect("a string takes everything");
    list
}
