//! Every block of the README is what it says: shell works as printed, configuration is taken, and the plugin is one that is shipped.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
};

use rustix::process::{Pid, Signal, kill_process};

const README: &str = include_str!("../../README.md");

/// The blocks, with their language, in order. In another language than these three, nobody would look at one.
fn blocks() -> Vec<(&'static str, &'static str)> {
    let fenced = README.split("```").skip(1).step_by(2);
    let blocks: Vec<_> = fenced.filter_map(|block| block.split_once('\n')).collect();
    assert!(blocks.iter().all(|(language, _)| ["sh", "toml", "rust"].contains(language)), "not tried by any test: {blocks:?}");
    blocks
}

/// A directory as a reader has it who follows the README: with the component, its key, and `wharf` on the path.
pub(crate) fn directory() -> tempfile::TempDir {
    let here = tempfile::tempdir().expect("a temporary directory can be made");
    fs::write(here.path().join("hello.wasm"), include_bytes!(env!("WHARF_PLUGIN_HELLO"))).expect("a file can be written");
    fs::write(here.path().join("hello.key"), "a securityKey of good length\n").expect("a file can be written");
    let bin = here.path().join("bin");
    fs::create_dir(&bin).expect("a directory can be made");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_wharf"), bin.join("wharf")).expect("a link can be made");
    here
}

fn shell(here: &Path, line: &str) -> Command {
    let mut command = Command::new("sh");
    command
        .args(["-c", line])
        .current_dir(here)
        .env_clear()
        .env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", here.join("bin").display()))
        .stdin(Stdio::null());
    command
}

/// A line that ends by itself, and well. Returns what it prints.
#[track_caller]
pub(crate) fn run(here: &Path, line: &str) -> String {
    let done = shell(here, line).output().expect("a shell runs");
    let (stdout, stderr) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "`{line}` ended with {}:\n{stdout}{stderr}", done.status);
    stdout.into_owned()
}

/// A line that serves until it is told to stop.
fn serve(here: &Path, line: &str) {
    let mut child =
        shell(here, &format!("exec {line}")).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("a shell runs");
    let lines = BufReader::new(child.stdout.take().expect("standard output is piped")).lines();
    let ready = lines.map_while(Result::ok).any(|line| line.contains("serves http://127.0.0.1:"));
    assert!(ready, "`{line}` ended before it served");
    let pid = Pid::from_raw(child.id().cast_signed()).expect("a pid is not 0");
    kill_process(pid, Signal::TERM).expect("a child can be signalled");
    assert!(child.wait().expect("it ends").success(), "`{line}` ended badly");
}

/// One line of shell, in the way it is meant.
fn follow(here: &Path, line: &str) {
    let line = line.replace("cargo run --release --", "wharf");
    match line.as_str() {
        // This very test is part of it; that CI calls nothing else stands below.
        "cargo test" => {}
        "wharf demo" | "wharf serve" => serve(here, &line),
        line => _ = run(here, line),
    }
    if line.contains("config --default") {
        take_any_port(&here.join("wharf.toml"));
    }
}

/// The usual port may be taken on this machine.
fn take_any_port(config: &Path) {
    let text = fs::read_to_string(config).expect("the configuration is there");
    let usual = "# address = \"127.0.0.1:8080\"";
    assert!(text.contains(usual), "the default configuration has lost its address");
    fs::write(config, text.replace(usual, "address = \"127.0.0.1:0\"")).expect("a file can be written");
}

#[test]
fn every_shell_block_works_as_printed() {
    let here = directory();
    let mut lines_run = 0;
    for (language, block) in blocks().into_iter().filter(|(language, _)| *language != "rust") {
        if language == "toml" {
            let file = here.path().join("wharf.toml");
            let text = fs::read_to_string(&file).expect("the configuration was written before");
            fs::write(file, format!("{text}\n{block}")).expect("a file can be written");
            continue;
        }
        for line in block.lines().filter(|line| !line.trim().is_empty()) {
            follow(here.path(), line);
            lines_run += 1;
        }
    }
    assert!(lines_run >= 8, "the README has only {lines_run} lines of shell");
}

/// Between what it says of itself and its tests.
#[test]
fn the_plugin_is_the_one_that_is_shipped() {
    let shipped = include_str!("../../plugins/hello/src/lib.rs");
    let code =
        shipped.split_once("\n\n").and_then(|(_, rest)| rest.split_once("\n#[cfg(test)]")).expect("it has a head and tests").0;
    let printed: Vec<&str> = blocks().into_iter().filter(|(language, _)| *language == "rust").map(|(_, block)| block).collect();
    assert_eq!(printed, [code]);
    assert_eq!(code.lines().filter(|line| !line.is_empty()).count(), 10, "a plugin in ten lines");
}

#[test]
fn ci_calls_exactly_the_readmes_test_command() {
    let ci = include_str!("../../.ci/run");
    let (_, command) = blocks().into_iter().find(|(_, block)| block.contains("cargo test")).expect("there is a test command");
    assert!(ci.lines().any(|line| line == format!("step {}", command.trim())), "`.ci/run` does not call `{}`", command.trim());
}
