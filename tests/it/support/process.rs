//! A process of the binary under test, in a process group of its own, so that what it leaves behind can be found.

use std::{
    ffi::OsStr,
    fs,
    io::Read as _,
    net::SocketAddr,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc,
    thread,
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::{
    log::Log,
    wait::{PATIENCE, until},
};

/// By this variable a `wharf` of the tests' build ends with the thread that started it: a test run that is killed drops nothing,
/// and would leave its hosts behind.
pub(super) const DIES_WITH_PARENT: &str = "WHARF_TEST_DIES_WITH_PARENT";

/// A running `wharf`. Killed when dropped, and when the thread that started it ends.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    pub(crate) log: Log,
}

impl Process {
    /// Starts `wharf` with these arguments and no environment but `TMPDIR` and `variables`, in the directory `here`. Its first
    /// JSON document on standard output is returned with it; the addresses in it must be for this machine alone.
    #[track_caller]
    pub(crate) fn start(
        here: &Path,
        arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
        variables: &[(String, String)],
    ) -> (Self, Value) {
        Self::spawn(here, arguments, variables).ready()
    }

    /// The same, with a log that nobody reads until [`Process::read_log`] is called.
    #[track_caller]
    pub(crate) fn start_unread(here: &Path, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> (Self, Value) {
        let child = Self::child(&mut Command::new(env!("CARGO_BIN_EXE_wharf")), here, arguments, &[]);
        Self { child, log: Log::default() }.ready()
    }

    /// Whoever could have read it is gone.
    pub(crate) fn close_log(&mut self) {
        drop(self.child.stderr.take().expect("nobody has read it yet"));
    }

    pub(crate) fn read_log(&mut self) {
        self.log = Log::of(self.child.stderr.take().expect("nobody has read it yet"));
    }

    /// Waits until it is, as [`Process::start`] does.
    #[track_caller]
    fn ready(self) -> (Self, Value) {
        let mut process = self;
        let mut stdout = process.child.stdout.take().expect("standard output is piped");
        let (ready, readiness) = mpsc::channel();
        thread::spawn(move || {
            let mut documents = serde_json::Deserializer::from_reader(&mut stdout).into_iter::<Value>();
            let first = documents.next();
            // Nobody waits any more when the test has given up.
            let _ = ready.send(first);
            drop(documents);
            // Until its end, so that the process never finds its pipe full or closed.
            let _ = stdout.read_to_end(&mut Vec::new());
        });
        match readiness.recv_timeout(PATIENCE) {
            Ok(Some(Ok(document))) => {
                let operation = document.get("operation").filter(|address| !address.is_null());
                for address in [Some(&document["address"]), operation].into_iter().flatten() {
                    let address = address.as_str().and_then(|address| address.parse::<SocketAddr>().ok());
                    assert!(address.is_some_and(|address| address.ip().is_loopback()), "{document}");
                }
                (process, document)
            }
            other => panic!("wharf is not ready ({other:?}); it says:\n{}", process.log.text()),
        }
    }

    /// The same for who waits for something else: nothing of its standard output is read until [`Process::output`] is.
    pub(crate) fn spawn(
        here: &Path,
        arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
        variables: &[(String, String)],
    ) -> Self {
        Self::spawn_by(&mut Command::new(env!("CARGO_BIN_EXE_wharf")), here, arguments, variables)
    }

    /// As [`Process::start`], with no more files open than these limits allow.
    #[track_caller]
    pub(crate) fn start_with_files(here: &Path, soft: u32, hard: u32, arguments: &[&str]) -> (Self, Value) {
        let limited = format!("ulimit -Sn {soft} && ulimit -Hn {hard} && exec \"$0\" \"$@\"");
        let mut shell = Command::new("/bin/sh");
        Self::spawn_by(shell.args(["-c", &limited, env!("CARGO_BIN_EXE_wharf")]), here, arguments, &[]).ready()
    }

    fn spawn_by(
        command: &mut Command,
        here: &Path,
        arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
        variables: &[(String, String)],
    ) -> Self {
        let mut child = Self::child(command, here, arguments, variables);
        let log = Log::of(child.stderr.take().expect("standard error is piped"));
        Self { child, log }
    }

    fn child(
        command: &mut Command,
        here: &Path,
        arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
        variables: &[(String, String)],
    ) -> Child {
        use std::os::unix::process::CommandExt as _;
        command
            .args(arguments)
            .current_dir(here)
            .env_clear()
            .env("TMPDIR", temporary(here))
            .env(DIES_WITH_PARENT, "1")
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("wharf can be started")
    }

    /// What it writes to standard output, line by line.
    pub(crate) fn output(&mut self) -> Log {
        Log::of(self.child.stdout.take().expect("standard output is piped"))
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The most memory it ever held, in bytes.
    pub(crate) fn peak_memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).expect("a running process has a status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("the status says VmHWM");
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("VmHWM is a number") << 10
    }

    /// Forgets the most memory it ever held: from now on that is what it holds now, which is returned.
    pub(crate) fn forget_peak(&self) -> u64 {
        fs::write(format!("/proc/{}/clear_refs", self.pid()), "5").expect("one's own child can be told to forget");
        self.peak_memory()
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.pid().cast_signed()).expect("a pid is not 0");
        kill_process(pid, signal).expect("a child can be signalled");
    }

    /// Waits for the end.
    #[track_caller]
    pub(crate) fn wait(&mut self) -> ExitStatus {
        until("wharf ends", || self.child.try_wait().expect("a child can be asked"))
    }

    /// Processes of its group that go on, itself not counted. One that is killed, and has not come to die yet, does not.
    pub(crate) fn companions(&self) -> Vec<u32> {
        let group = self.pid().to_string();
        let mut found = Vec::new();
        for entry in fs::read_dir("/proc").expect("there is /proc").flatten() {
            let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
            let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else { continue };
            // pid (name) state ppid pgrp session tty tpgid flags …; a name may hold anything, a parenthesis too.
            let mut fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
            let (state, pgrp, flags) = (fields.next(), fields.nth(1), fields.nth(3));
            let dies = flags.and_then(|flags| flags.parse::<u64>().ok()).is_some_and(|flags| flags & EXITING != 0);
            if pid != self.pid() && pgrp == Some(&group) && state != Some("Z") && !dies && !is_killed(&entry.path()) {
                found.push(pid);
            }
        }
        found
    }

    /// Ends it by `signal` and asserts that it ends well and leaves neither process nor temporary file.
    #[track_caller]
    pub(crate) fn stop_by(mut self, signal: Signal, here: &Path) -> Log {
        self.signal(signal);
        let status = self.wait();
        let log = self.log.to_the_end();
        assert!(status.success(), "wharf ended with {status}:\n{}", log.text());
        assert_eq!(self.companions(), Vec::<u32>::new(), "processes are left behind");
        assert_eq!(super::service::names_in(&temporary(here)), Vec::<String>::new(), "temporary files are left behind");
        log
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already; then there is nothing to kill and nothing to wait for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A process's flag that says that it is dying, as the kernel has it.
const EXITING: u64 = 0x4;

/// Whether SIGKILL waits for a process, which then does nothing of its own any more. One that is gone is none of those.
fn is_killed(process: &Path) -> bool {
    let status = fs::read_to_string(process.join("status")).unwrap_or_default();
    let pending = |line: &str| {
        let mask = line.strip_prefix("SigPnd:").or_else(|| line.strip_prefix("ShdPnd:"))?;
        u64::from_str_radix(mask.trim(), 16).ok()
    };
    status.lines().filter_map(pending).any(|mask| mask & (1 << (Signal::KILL.as_raw() - 1)) != 0)
}

/// The temporary directory of processes started in `here`.
pub(crate) fn temporary(here: &Path) -> std::path::PathBuf {
    let temporary = here.join("tmp");
    fs::create_dir_all(&temporary).expect("a directory can be made");
    temporary
}
