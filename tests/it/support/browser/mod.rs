//! A real browser, if this machine has one: headless Chromium, told what to do over the DevTools protocol.

mod find;
mod page;
mod pipe;

pub(crate) use find::find;
pub(crate) use page::Page;

use std::{
    cell::RefCell,
    path::Path,
    process::{Child, Command, Stdio},
};

use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};

use super::log::Log;
use pipe::Pipe;

/// A browser with a profile of its own. It and all its processes are killed when this is dropped; it also ends by itself
/// when its pipe is closed, which it is when the test run is killed.
#[derive(Debug)]
pub(crate) struct Browser {
    child: Child,
    pipe: RefCell<Pipe>,
    /// What it writes to standard error; of no interest unless it ends.
    log: Log,
    _profile: tempfile::TempDir,
}

/// The browser reads the protocol from file 3 and writes it to file 4. A shell makes them of what a child can be given.
const START: &str = r#"exec "$@" 3<&0 4>&1 </dev/null >&2"#;

impl Browser {
    /// Starts this program.
    pub(crate) fn start(program: &Path) -> Self {
        use std::os::unix::process::CommandExt as _;
        let profile = tempfile::Builder::new().prefix("wharf-browser-").tempdir().expect("a temporary directory can be made");
        let mut child = Command::new("sh")
            .args(["-c", START, "sh"])
            .arg(program)
            .args(["--headless=new", "--remote-debugging-pipe", "--no-first-run", "--no-default-browser-check"])
            // Tests of CI run as root in containers, where Chromium's own sandbox and `/dev/shm` are not to be had.
            .args(["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"])
            // It speaks to the host under test and to nobody else.
            .args(["--disable-background-networking", "--disable-component-update", "--disable-breakpad", "--no-proxy-server"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .env_clear()
            .env("PATH", find::path())
            .env("HOME", profile.path())
            .env("TMPDIR", profile.path())
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("a shell can be started");
        let log = Log::of(child.stderr.take().expect("standard error is piped"));
        let (to, from) = (child.stdin.take().expect("standard input is piped"), child.stdout.take());
        let pipe = RefCell::new(Pipe::new(to, from.expect("standard output is piped")));
        Self { child, pipe, log, _profile: profile }
    }

    /// Opens an address as somebody who has never been there: without what other pages keep.
    #[track_caller]
    pub(crate) fn open(&self, address: &str) -> Page<'_> {
        let visitor = self.call(None, "Target.createBrowserContext", json!({}));
        let blank = json!({"url": "about:blank", "browserContextId": visitor["browserContextId"]});
        let target = self.call(None, "Target.createTarget", blank);
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let session =
            self.call(None, "Target.attachToTarget", attach)["sessionId"].as_str().expect("a session has an id").to_owned();
        Page::open(self, session, address)
    }

    /// What the consoles of all pages have said so far, and what went wrong in them.
    #[track_caller]
    pub(crate) fn console(&self) -> Vec<Value> {
        // What was said before this is answered has been read when it is.
        self.call(None, "Browser.getVersion", json!({}));
        self.pipe.borrow().console.clone()
    }

    #[track_caller]
    fn call(&self, session: Option<&str>, method: &str, parameters: Value) -> Value {
        self.ask(session, method, parameters).unwrap_or_else(|why| panic!("{method}: {why}"))
    }

    /// The same where the browser may have reasons to refuse.
    #[track_caller]
    fn ask(&self, session: Option<&str>, method: &str, parameters: Value) -> Result<Value, Value> {
        let answer = self.pipe.borrow_mut().call(session, method, parameters);
        answer.unwrap_or_else(|| panic!("{method}: the browser does not answer; it says:\n{}", self.log.text()))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It may have ended already; then there is nothing to kill and nothing to wait for.
        if let Some(group) = Pid::from_raw(self.child.id().cast_signed()) {
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.child.wait();
    }
}
