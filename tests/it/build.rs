//! What the build does for a newcomer whose toolchain lacks the plugins' target: with toolchains that are directories, and a
//! rustup that is a script.

#[path = "../../host/build/target.rs"]
mod target;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use target::TARGET;

const COMMAND: &str = "rustup target add wasm32-wasip2";

/// A rustup that writes down how it was called and goes on like this.
fn rustup(here: &Path, script: &str) -> Command {
    let file = here.join("rustup");
    let script = format!("echo \"rustup $*\" >> '{}/called'\n{script}\n", here.display());
    fs::write(&file, script).expect("a script can be written");
    // Read and not executed: a test beside this one may be starting a process, which holds the file open for a moment.
    let mut sh = Command::new("sh");
    sh.arg(file);
    sh
}

/// What became of it, what was said before, and how rustup was called.
fn ensure(here: &Path, mut rustup: Command) -> (Result<(), String>, Vec<String>, String) {
    let mut said = Vec::new();
    let done = target::ensure(&here.join("toolchain"), &mut rustup, |words| said.push(words));
    (done, said, fs::read_to_string(here.join("called")).unwrap_or_default())
}

fn library(here: &Path) -> PathBuf {
    here.join("toolchain/lib/rustlib").join(TARGET).join("lib")
}

fn here() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary directory can be made")
}

#[test]
fn a_target_that_is_there_needs_nothing() {
    let here = here();
    fs::create_dir_all(library(here.path())).expect("a directory can be made");
    assert_eq!(ensure(here.path(), rustup(here.path(), "exit 1")), (Ok(()), Vec::new(), String::new()));
}

#[test]
fn a_missing_target_is_added_and_that_is_said() {
    let here = here();
    let script = format!("mkdir -p '{}'", library(here.path()).display());
    let (done, said, called) = ensure(here.path(), rustup(here.path(), &script));
    assert_eq!((done, called), (Ok(()), format!("{COMMAND}\n")));
    assert!(said.len() == 1 && said[0].ends_with(COMMAND), "{said:?}");
}

#[test]
fn what_cannot_be_added_ends_in_the_command_that_adds_it() {
    for (script, why) in [("echo 'error: no network' >&2\nexit 1", "error: no network"), ("exit 0", "another toolchain")] {
        let here = here();
        let error = ensure(here.path(), rustup(here.path(), script)).0.expect_err("it is still missing");
        assert!(error.contains(why) && error.ends_with(&format!("\n    {COMMAND}")), "{error}");
    }
    let here = here();
    let error = ensure(here.path(), Command::new(here.path().join("no-rustup"))).0.expect_err("it is still missing");
    assert!(error.contains("rustup cannot be run") && error.ends_with(COMMAND), "{error}");
}
