//! A command of `wharf` run to its end.

use std::{
    ffi::{OsStr, OsString},
    io::{Read, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
};

use serde_json::Value;

use super::{
    process::{DIES_WITH_PARENT, temporary},
    wait::until,
};

/// A command that has not been run.
#[derive(Debug)]
pub(crate) struct Call {
    arguments: Vec<OsString>,
    here: Option<PathBuf>,
    stdin: Vec<u8>,
    variables: Vec<(String, String)>,
}

/// `wharf` with these arguments.
pub(crate) fn wharf(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Call {
    let arguments = arguments.into_iter().map(|argument| argument.as_ref().to_owned()).collect();
    Call { arguments, here: None, stdin: Vec::new(), variables: Vec::new() }
}

impl Call {
    /// Run in this directory; else in an empty one.
    pub(crate) fn within(mut self, here: &Path) -> Self {
        self.here = Some(here.to_owned());
        self
    }

    pub(crate) fn stdin(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.stdin = bytes.as_ref().to_vec();
        self
    }

    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Runs it to its end, which must come in time.
    #[track_caller]
    pub(crate) fn run(self) -> Run {
        let empty = tempfile::tempdir().expect("a temporary directory can be made");
        let here = self.here.as_deref().unwrap_or(empty.path());
        let mut child = Command::new(env!("CARGO_BIN_EXE_wharf"))
            .args(&self.arguments)
            .current_dir(here)
            .env_clear()
            .env("TMPDIR", temporary(here))
            .env(DIES_WITH_PARENT, "1")
            .envs(self.variables)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("wharf can be started");
        let (stdin, bytes) = (child.stdin.take(), self.stdin);
        let feeding = thread::spawn(move || {
            // A command that reads nothing closes the pipe, as it may.
            let _ = stdin.expect("standard input is piped").write_all(&bytes);
        });
        let stdout = reading(child.stdout.take().expect("standard output is piped"));
        let stderr = reading(child.stderr.take().expect("standard error is piped"));
        let status = until("the command ends", || child.try_wait().expect("a child can be asked"));
        feeding.join().expect("the feeding thread ends");
        let text = |thread: thread::JoinHandle<Vec<u8>>| String::from_utf8(thread.join().expect("the reading thread ends"));
        Run {
            command: format!("wharf {:?}", self.arguments),
            status: status.code().unwrap_or(-1),
            stdout: text(stdout).expect("standard output is UTF-8"),
            stderr: text(stderr).expect("standard error is UTF-8"),
        }
    }
}

fn reading(mut stream: impl Read + Send + 'static) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // What could be read counts.
        let _ = stream.read_to_end(&mut bytes);
        bytes
    })
}

/// A command that has ended.
#[derive(Debug)]
pub(crate) struct Run {
    command: String,
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    /// Asserts success and returns standard output.
    #[track_caller]
    pub(crate) fn ok(self) -> String {
        assert_eq!(self.status, 0, "{}:\n{}{}", self.command, self.stdout, self.stderr);
        self.stdout
    }

    /// Asserts success and returns standard output as JSON.
    #[track_caller]
    pub(crate) fn json(self) -> Value {
        let stdout = self.ok();
        serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{error}: {stdout}"))
    }

    /// Asserts that it was refused: exit status 1, nothing on standard output, this code, and the subject named.
    #[track_caller]
    pub(crate) fn refused(&self, code: &str, subject: &str) {
        let Self { command, status, stdout, stderr } = self;
        assert_eq!(*status, 1, "{command}:\n{stdout}{stderr}");
        assert_eq!(stdout, "", "{command} is refused, and has data");
        assert!(stderr.contains(code), "{command} is refused, but not by {code}:\n{stderr}");
        assert!(stderr.contains(subject), "{command} is refused, but `{subject}` is not named:\n{stderr}");
    }
}
