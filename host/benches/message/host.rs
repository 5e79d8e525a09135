//! The shipped binary with two services: `journal` writes down every message it is told, `unruly` behaves badly.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use wharf_guests::{Guest, JOURNAL, UNRULY};

const WHARF: &str = env!("CARGO_BIN_EXE_wharf");

/// The services, which are also their access tokens.
pub(crate) const GOOD: &str = "journal";
pub(crate) const BAD: &str = "unruly";

/// A host that serves; ended when dropped.
pub(crate) struct Host {
    child: Child,
    address: String,
    _directory: tempfile::TempDir,
}

impl Host {
    /// Serves both for the platform at `url`; `unruly` has a plugin only if wanted.
    pub(crate) fn start(url: &str, unruly: bool) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let here = directory.path();
        let mut config = format!(
            "[listen]\naddress = \"127.0.0.1:0\"\n[platform]\nmode = \"remote\"\napi-base = \"{url}\"\npoll-interval = \"1s\"\n"
        );
        for (service, kv) in [(GOOD, "stores = [\"own\"]\nshared = [\"journal\"]"), (BAD, "shared = [\"kept\"]")] {
            config += &format!(
                "[services.{service}]\nplugin = \"test/{service}\"\nsecurity-key = {{ file = \"{service}.key\" }}\n\
                 access-token = {{ file = \"{service}.token\" }}\n[services.{service}.kv]\n{kv}\n"
            );
            fs::write(here.join(format!("{service}.key")), format!("the key of {service}")).expect("a file can be written");
            fs::write(here.join(format!("{service}.token")), service).expect("a file can be written");
        }
        fs::write(here.join("wharf.toml"), config).expect("a file can be written");
        install(here, &JOURNAL);
        if unruly {
            install(here, &UNRULY);
        }
        // What unruly plugins make the host say is a lot.
        let mut serve = wharf(here);
        serve.args(["--format", "json", "serve"]).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = serve.spawn().expect("wharf runs");
        let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
        let mut text = String::new();
        let address = loop {
            assert!(stdout.read_line(&mut text).expect("its output") > 0, "wharf ended before it was ready: {text}");
            if let Ok(ready) = serde_json::from_str::<serde_json::Value>(&text) {
                break ready["address"].as_str().expect("an address").to_owned();
            }
        };
        Self { child, address, _directory: directory }
    }

    /// The most memory it ever had, and what it has now, in MiB.
    pub(crate) fn memory_mib(&self) -> (f64, f64) {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("its memory");
        let field = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name)).expect("a field");
            let kib: f64 = line[name.len()..].trim().trim_end_matches(" kB").parse().expect("a number");
            kib / 1024.0
        };
        (field("VmHWM:"), field("VmRSS:"))
    }

    /// How often the journal has each message.
    pub(crate) async fn booked(&self) -> Vec<u64> {
        // As many as fit into one call's limits.
        const PAGE: usize = 1_000;
        let (mut all, mut after) = (Vec::new(), String::new());
        loop {
            let url = format!("http://{}/s/{GOOD}/messages?limit={PAGE}&after={after}", self.address);
            let answer = reqwest::get(url).await.expect("an answer").bytes().await.expect("a body");
            let page: Vec<serde_json::Value> = serde_json::from_slice(&answer).expect("messages");
            all.extend(page.iter().filter_map(|message| message["times"].as_u64()));
            match page.last().and_then(|message| message["id"].as_str()) {
                Some(last) if page.len() == PAGE => last.clone_into(&mut after),
                _ => return all,
            }
        }
    }
}

fn install(here: &Path, guest: &Guest) {
    let mut install = wharf(here);
    install.args(["plugin", "install", guest.component, "--manifest", guest.manifest]).stdout(Stdio::null());
    assert!(install.status().expect("wharf runs").success(), "`{}` is not installed", guest.name);
}

fn wharf(here: &Path) -> Command {
    let mut command = Command::new(WHARF);
    command.current_dir(here);
    command
}

impl Drop for Host {
    fn drop(&mut self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let _ = self.child.wait();
    }
}
