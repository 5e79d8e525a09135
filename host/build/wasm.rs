//! One nested cargo that builds components for wasm32; shared by the build scripts of `wharf` and `wharf-guests`.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use crate::target::{self, TARGET};

/// Builds with `arguments` of `cargo build` in the workspace at `root`; returns the directory of the components.
///
/// Panics, which is how a build script fails, with what to do.
pub(crate) fn build(root: &Path, arguments: &[String]) -> PathBuf {
    ensure_target();
    let target_dir = target_dir().join("wasm");
    let mut cargo = Command::new(env::var_os("CARGO").expect("cargo sets CARGO"));
    cargo
        .current_dir(root)
        .args(["build", "--profile", "plugin", "--target", TARGET, "--locked", "--target-dir"])
        .arg(&target_dir)
        .args(arguments)
        // What is meant for the outer build (its flags, its clippy) is not meant for the guests.
        .env_remove("RUSTC_WORKSPACE_WRAPPER")
        .env_remove("RUSTC_WRAPPER")
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env_remove("CARGO_TARGET_DIR")
        .env_remove("CARGO_BUILD_TARGET")
        // A small stack makes a fresh instance cheap to reset: 8.4 µs a call instead of 18.6 where PAGEMAP_SCAN is missing.
        .env("CARGO_TARGET_WASM32_WASIP2_RUSTFLAGS", "-Clink-arg=-zstack-size=65536");
    let done = cargo.output().unwrap_or_else(|error| panic!("cargo cannot be run to build the plugins: {error}"));
    assert!(
        done.status.success(),
        "the plugins cannot be built for {TARGET} ({}):\n{}",
        done.status,
        String::from_utf8_lossy(&done.stderr)
    );
    target_dir.join(TARGET).join("plugin")
}

/// The outer build's target directory: the nearest directory above `OUT_DIR` that cargo has tagged as one.
fn target_dir() -> PathBuf {
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    out.ancestors().find(|directory| directory.join("CACHEDIR.TAG").exists()).unwrap_or(&out).to_owned()
}

/// Looks at the toolchain that cargo uses, and mends it.
fn ensure_target() {
    let rustc = env::var_os("RUSTC").expect("cargo sets RUSTC");
    let sysroot = Command::new(rustc).args(["--print", "sysroot"]).output().expect("rustc runs").stdout;
    let sysroot = PathBuf::from(String::from_utf8_lossy(&sysroot).trim());
    if let Err(why) = target::ensure(&sysroot, &mut Command::new("rustup"), |words| println!("cargo::warning={words}")) {
        panic!("{why}\n");
    }
}
