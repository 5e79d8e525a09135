//! The Rust target of the plugins, added to the toolchain where it is missing, as it is where rustup installs nothing by itself.

use std::{path::Path, process::Command};

/// What plugins are built for.
pub(crate) const TARGET: &str = "wasm32-wasip2";

/// Has `rustup` add the target to the toolchain at `sysroot`, unless it is there; `say` is told before.
///
/// Fails with what a person must know, at whose end stands the command that mends it.
pub(crate) fn ensure(sysroot: &Path, rustup: &mut Command, say: impl FnOnce(String)) -> Result<(), String> {
    let is_there = || sysroot.join("lib/rustlib").join(TARGET).join("lib").exists();
    if is_there() {
        return Ok(());
    }
    say(format!("adding the target {TARGET} to the Rust toolchain: rustup target add {TARGET}"));
    let why = match rustup.args(["target", "add", TARGET]).output() {
        Err(error) => format!("rustup cannot be run: {error}"),
        Ok(added) if !added.status.success() => String::from_utf8_lossy(&added.stderr).trim().to_owned(),
        Ok(_) if is_there() => return Ok(()),
        Ok(_) => format!("rustup added it to another toolchain than the one at {}", sysroot.display()),
    };
    Err(format!(
        "the plugins need the Rust target {TARGET}, and adding it failed ({why}); run:\n\n    rustup target add {TARGET}"
    ))
}
