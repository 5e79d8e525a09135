//! A host to test: configured, filled with plugins through the command line, started, stopped.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use rustix::process::Signal;
use serde_json::Value;
use wharf_guests::Guest;

use super::{Process, Request, Service, cli::Run, log::Log, service::names_in, wharf};

/// A host that has not been started: a directory with `wharf.toml`, key files and a data directory.
#[derive(Debug)]
pub(crate) struct TestHost {
    directory: tempfile::TempDir,
    services: Vec<Service>,
    sections: String,
    variables: Vec<(String, String)>,
    listen: String,
    log: String,
}

impl TestHost {
    pub(crate) fn new() -> Self {
        let directory = tempfile::Builder::new().prefix("wharf-it-").tempdir().expect("a temporary directory can be made");
        Self {
            directory,
            services: Vec::new(),
            sections: String::new(),
            variables: Vec::new(),
            listen: String::new(),
            log: String::new(),
        }
    }

    /// With a service.
    pub(crate) fn with(mut self, service: Service) -> Self {
        self.services.push(service);
        self
    }

    /// With more of the configuration: whole tables.
    pub(crate) fn section(mut self, text: &str) -> Self {
        self.sections.push_str(text);
        self.sections.push('\n');
        self
    }

    /// Without these tables any more.
    #[track_caller]
    pub(crate) fn without(mut self, text: &str) -> Self {
        assert!(self.sections.contains(text), "there are none: {text}");
        self.sections = self.sections.replace(text, "");
        self
    }

    /// With a key more in `[listen]`.
    pub(crate) fn listen(mut self, key: &str, value: &str) -> Self {
        self.listen.push_str(&format!("{key} = {value}\n"));
        self
    }

    /// With a key more in `[log]`.
    pub(crate) fn log(mut self, key: &str, value: &str) -> Self {
        self.log.push_str(&format!("{key} = {value}\n"));
        self
    }

    /// With an address for those who run the host.
    pub(crate) fn operation(self) -> Self {
        self.section("[operation]\naddress = \"127.0.0.1:0\"")
    }

    /// With the clock standing still.
    pub(crate) fn clock(self, now_ms: u64) -> Self {
        self.variable("WHARF_TEST_CLOCK_MS", &now_ms.to_string())
    }

    /// With a variable in the host's environment.
    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With no variable in the host's environment any more.
    pub(crate) fn without_variables(mut self) -> Self {
        self.variables.clear();
        self
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Writes the configuration.
    pub(crate) fn write(&self) -> PathBuf {
        let Self { listen, log, sections, .. } = self;
        let mut text = format!(
            "data-dir = \"data\"\n\n[listen]\naddress = \"127.0.0.1:0\"\n{listen}\n[log]\nformat = \"json\"\n{log}\n{sections}"
        );
        for service in &self.services {
            text.push_str(&service.write(self.path()));
        }
        let file = self.path().join("wharf.toml");
        fs::write(&file, text).expect("a configuration can be written");
        file
    }

    /// Installs the plugins of all services, starts the host and waits until it is ready.
    #[track_caller]
    pub(crate) fn start(self) -> Running {
        self.write();
        let mut installed: Vec<&str> = Vec::new();
        for service in self.services.iter().filter(|service| service.installed) {
            if !installed.contains(&service.guest.name) {
                installed.push(service.guest.name);
                install(self.path(), &service.guest).ok();
            }
        }
        self.serve()
    }

    /// Starts the host on what is installed.
    #[track_caller]
    pub(crate) fn serve(self) -> Running {
        self.write();
        self.serve_as_it_is()
    }

    /// The same with the configuration that a test has written itself.
    #[track_caller]
    pub(crate) fn serve_as_it_is(self) -> Running {
        let started = Process::start(self.path(), SERVE, &self.variables);
        self.running(started)
    }

    /// The same with a log that nobody reads, until its [`Process::read_log`].
    #[track_caller]
    pub(crate) fn serve_unread(self) -> Running {
        self.write();
        let started = Process::start_unread(self.path(), SERVE);
        self.running(started)
    }

    #[track_caller]
    fn running(self, (process, ready): (Process, Value)) -> Running {
        let address = |name: &str| ready[name].as_str().and_then(|address| address.parse().ok());
        let operation = address("operation");
        let address = address("address").expect("the host says its address");
        assert_eq!(ready["pid"], process.pid(), "the host says its pid");
        Running { process, address, operation, host: self }
    }
}

const SERVE: [&str; 3] = ["serve", "--format", "json"];

/// `wharf plugin install` for the configuration in `here`.
pub(crate) fn install(here: &Path, guest: &Guest) -> Run {
    wharf(["plugin", "install", guest.component, "--manifest", guest.manifest, "--format", "json"]).within(here).run()
}

/// The same with the guest's manifest changed.
pub(crate) fn install_with(here: &Path, guest: &Guest, change: impl FnOnce(String) -> String) -> Run {
    let manifest = fs::read_to_string(guest.manifest).expect("the manifest can be read");
    fs::write(here.join("plugin.toml"), change(manifest)).expect("a manifest can be written");
    wharf(["plugin", "install", guest.component, "--manifest", "plugin.toml"]).within(here).run()
}

/// A host that serves. Killed when dropped; [`Running::stop`] also looks whether it ends well.
#[derive(Debug)]
pub(crate) struct Running {
    process: Process,
    pub(crate) address: SocketAddr,
    operation: Option<SocketAddr>,
    host: TestHost,
}

impl Running {
    pub(crate) fn path(&self) -> &Path {
        self.host.path()
    }

    pub(crate) fn log(&self) -> &Log {
        &self.process.log
    }

    pub(crate) fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    pub(crate) fn get(&self, target: &str) -> Request {
        Request::new(self.address, "GET", target)
    }

    /// A request to the address for those who run the host.
    pub(crate) fn operation(&self, method: &str, target: &str) -> Request {
        Request::new(self.operation.expect("the host has an address for its operation"), method, target)
    }

    /// What `/metrics` says of this sample, name and labels as they stand there; 0 if it does not stand there, where others of its
    /// name do or may.
    #[track_caller]
    pub(crate) fn metric(&self, sample: &str) -> u64 {
        let page = self.operation("GET", "/metrics").send().text();
        let name = sample.split('{').next().unwrap_or_default();
        let family = ["_count", "_sum", "_bucket"].into_iter().find_map(|part| name.strip_suffix(part)).unwrap_or(name);
        assert!(page.contains(&format!("# TYPE {family} ")), "there is no {family}");
        let value = page.lines().find_map(|line| line.strip_prefix(sample)?.strip_prefix(' '));
        value.map_or(0, |value| value.parse().unwrap_or_else(|_| panic!("{sample} is {value}")))
    }

    pub(crate) fn post(&self, target: &str) -> Request {
        Request::new(self.address, "POST", target)
    }

    pub(crate) fn request(&self, method: &str, target: &str) -> Request {
        Request::new(self.address, method, target)
    }

    /// A command for this host, run in its directory.
    pub(crate) fn wharf<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Run {
        wharf(arguments).within(self.path()).run()
    }

    /// Asserts that the service `innocent` answers as if nothing were the matter.
    #[track_caller]
    pub(crate) fn assert_serves_others(&self) {
        let answer = self.get("/s/innocent/").send();
        assert_eq!((answer.status, answer.text().as_str()), (200, "innocent"), "{}", self.log().text());
    }

    /// SIGTERM; asserts that the host ends well and leaves nothing behind. Returns its whole log.
    #[track_caller]
    pub(crate) fn stop(self) -> Log {
        let log = self.process.stop_by(Signal::TERM, self.host.path());
        let data = names_in(&self.host.path().join("data"));
        assert!(!data.contains(&"control.sock".to_owned()), "the control socket is left behind: {data:?}");
        log
    }

    /// The directory of a host that has ended, to start again.
    pub(crate) fn after_its_end(self) -> TestHost {
        self.host
    }

    /// SIGTERM, and the directory as it is then, to start again.
    #[track_caller]
    pub(crate) fn stopped(self) -> TestHost {
        let Self { process, host, .. } = self;
        process.stop_by(Signal::TERM, host.path());
        host
    }
}
