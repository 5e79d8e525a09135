//! Compiling happens in a process of its own, within limits, and its failure is the component's.

use std::{
    fs,
    io::{Read, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use rustix::process::{Pid, getpriority_process};
use wharf_guests::INNOCENT;

use crate::{
    limits::Row,
    support::{Running, Service, TestHost, bomb::compile_bomb, wait::until, wharf},
};

/// Enough for every guest, and soon used up by a bomb.
const MEMORY: &str = "512MiB";

fn host(section: &str) -> Running {
    let host = TestHost::new().with(Service::of(&INNOCENT)).start().stopped();
    // The neighbour is compiled already, by a host that had the usual limits.
    host.section(section).serve()
}

/// Writes a bomb of that many loops and returns the size of its file.
fn write_bomb(here: &Path, loops: u32) -> usize {
    let manifest = fs::read_to_string(INNOCENT.manifest).expect("the manifest can be read");
    let bomb = compile_bomb(2, loops, &manifest.replace("test/innocent", "test/bomb"));
    fs::write(here.join("bomb.wasm"), &bomb).expect("a bomb can be written");
    bomb.len()
}

/// Installs the bomb, which must be refused with these words, and looks whether the host is what it was.
#[track_caller]
fn assert_refused(mut host: Running, code: &str, words: &str) {
    let before = host.wharf(["plugin", "list", "--format", "json"]).json();
    let peak = host.process().peak_memory();
    let run = host.wharf(["plugin", "install", "bomb.wasm"]);
    run.refused(code, "test/bomb");
    assert!(run.stderr.contains(words), "{}", run.stderr);
    let grown = host.process().peak_memory() - peak;
    assert!(grown < 64 << 20, "the host itself took {grown} bytes");
    assert_eq!(host.process().companions(), Vec::<u32>::new(), "the compiler is still there");
    assert_eq!(host.wharf(["plugin", "list", "--format", "json"]).json(), before);
    host.assert_serves_others();
    host.stop();
}

/// A small component needs much of one thing or the other: it is refused with the figure.
pub(crate) fn over_its_limits(row: &Row) {
    assert!(row.sees().starts_with("the admin"), "{}", row.sees());
    over_its_memory(row.code());
    over_its_processor_time(row.code());
    over_its_time(row.code());
}

fn over_its_memory(code: &str) {
    let host = host(&format!("[runtime]\ncompile-memory = \"{MEMORY}\""));
    let size = write_bomb(host.path(), 1_000);
    assert!(size < 2 << 20, "a bomb of {size} bytes is no surprise");
    assert_refused(host, code, "more than the 512 MiB of memory");
}

fn over_its_processor_time(code: &str) {
    let host = host("[runtime]\ncompile-memory = \"64GiB\"\ncompile-cpu = \"1s\"");
    write_bomb(host.path(), 2);
    assert_refused(host, code, "more than the 1 s of processor time");
}

fn over_its_time(code: &str) {
    let host = host("[runtime]\ncompile-memory = \"64GiB\"\ncompile-wall = \"1s\"");
    write_bomb(host.path(), 2);
    assert_refused(host, code, "longer than the 1 s");
}

#[test]
fn the_same_limits_hold_where_no_host_runs() {
    let host = TestHost::new().section(&format!("[runtime]\ncompile-memory = \"{MEMORY}\""));
    host.write();
    write_bomb(host.path(), 1_000);
    let run = wharf(["plugin", "install", "bomb.wasm"]).within(host.path()).run();
    run.refused("WH1206", "more than the 512 MiB of memory");
}

/// `wharf compile` as the host calls it, once it has limited itself, and what the test keeps of it: its standard input, not yet
/// written to, and its output.
fn compiler() -> (Child, ChildStdin, ChildStdout) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_wharf"))
        .args(["compile", "--memory", "8589934592", "--cpu-seconds", "60"])
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the compiler starts");
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let pid = Pid::from_child(&child);
    // The last that it does before it reads.
    until("the compiler gives way to others", || (getpriority_process(Some(pid)).expect("it runs") > 0).then_some(()));
    (child, stdin.expect("a pipe"), stdout.expect("a pipe"))
}

/// Tokio ends threads that have nothing to do, and one of them may have started the compiler.
#[test]
fn the_compiler_goes_on_when_the_thread_that_started_it_ends() {
    let (mut child, mut stdin, mut stdout) = std::thread::spawn(compiler).join().expect("no panic");
    stdin.write_all(&fs::read(INNOCENT.component).expect("a guest")).expect("the compiler reads");
    drop(stdin);
    let mut artifact = Vec::new();
    stdout.read_to_end(&mut artifact).expect("the compiler writes");
    let status = child.wait().expect("it is ours");
    assert!(status.success() && artifact.starts_with(b"\x7fELF"), "{status}, {} bytes", artifact.len());
}

#[test]
fn the_compiler_ends_when_nobody_reads_its_result() {
    let (mut child, stdin, stdout) = compiler();
    drop(stdout);
    let status = until("the compiler ends", || child.try_wait().expect("it is ours"));
    assert!(!status.success());
    drop(stdin);
}
