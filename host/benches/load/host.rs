//! The shipped binary, prepared once by `wharf demo` and then served with that configuration.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use wharf_guests::Guest;

use super::base::Sample;

const WHARF: &str = env!("CARGO_BIN_EXE_wharf");

/// A directory in which the demo has installed its plugins.
pub(crate) struct Wharf {
    directory: tempfile::TempDir,
    /// An Ocean-Auth header for `hello`.
    header: String,
    sample: Sample,
}

/// How a service is bound for one run.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Bound {
    /// A service of the demo, with its `reuse`.
    Demo { reuse: u32 },
    /// A guest of the tests, with nothing granted.
    Guest { reuse: u32 },
}

/// A running host; ended when dropped.
pub(crate) struct Serving {
    child: Child,
    address: String,
}

impl Wharf {
    pub(crate) fn prepare() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().to_str().expect("UTF-8").to_owned();
        let (demo, ready) = start(&["--format", "json", "demo", "--port", "0", "--data", &path]);
        let examples = ready["examples"].as_array().expect("examples");
        let argv = examples.iter().find(|example| example["name"] == "ocean-auth").expect("an example")["argv"].clone();
        let argv: Vec<&str> = argv.as_array().expect("words").iter().filter_map(|word| word.as_str()).collect();
        let answer = Command::new(argv[0]).args(&argv[1..]).output().expect("curl is installed").stdout;
        drop(demo);
        for guest in [wharf_guests::INNOCENT, wharf_guests::SPIN] {
            install(directory.path(), &guest);
        }
        let header = argv.iter().find(|word| word.starts_with("Ocean-Auth:")).expect("a header");
        Self { directory, header: (*header).to_owned(), sample: parse(&String::from_utf8_lossy(&answer)) }
    }

    pub(crate) fn headers(&self) -> Vec<String> {
        vec![self.header.clone()]
    }

    /// What `hello` answers.
    pub(crate) fn sample(&self) -> Sample {
        self.sample.clone()
    }

    /// Serves the demo's configuration with these services bound as said, and nothing else changed but the port.
    pub(crate) fn serve(&self, bound: &[(&str, Bound)]) -> Serving {
        let file = self.directory.path().join("bench.toml");
        std::fs::write(&file, self.config(bound)).expect("it can be written");
        let (child, ready) = start(&["--format", "json", "serve", "--config", file.to_str().expect("UTF-8")]);
        let address = ready["address"].as_str().expect("an address").to_owned();
        Serving { child: child.into_child(), address }
    }

    fn config(&self, bound: &[(&str, Bound)]) -> String {
        let text = std::fs::read_to_string(self.directory.path().join("wharf.toml")).expect("the demo's configuration");
        let mut lines: Vec<String> = text
            .lines()
            .map(|line| if line.starts_with("address") { "address = \"127.0.0.1:0\"".to_owned() } else { line.to_owned() })
            .collect();
        for (key, bound) in bound {
            let table = format!("[services.{key}]");
            match bound {
                Bound::Demo { reuse } => {
                    let at = lines.iter().position(|line| *line == table).expect("a service of the demo");
                    lines.insert(at + 1, format!("reuse = {reuse}"));
                }
                Bound::Guest { reuse } => lines.push(format!("{table}\nplugin = \"test/{key}\"\nreuse = {reuse}")),
            }
        }
        lines.join("\n")
    }
}

/// Installs a guest of the tests beside the demo's plugins.
fn install(directory: &Path, guest: &Guest) {
    let installed = Command::new(WHARF)
        .args(["plugin", "install", guest.component, "--manifest", guest.manifest, "--config", "wharf.toml"])
        .current_dir(directory)
        .output()
        .expect("wharf runs");
    assert!(installed.status.success(), "{}", String::from_utf8_lossy(&installed.stderr));
}

impl Serving {
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn url(&self, service: &str, path: &str) -> String {
        format!("http://{}/s/{service}/{path}", self.address)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// A child that is ended when dropped.
struct Running(Option<Child>);

impl Running {
    fn into_child(mut self) -> Child {
        self.0.take().expect("taken once")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            end(child);
        }
    }
}

/// Starts the binary and reads the JSON document by which it says that it is ready.
fn start(arguments: &[&str]) -> (Running, serde_json::Value) {
    let mut child = Command::new(WHARF).args(arguments).stdout(Stdio::piped()).spawn().expect("wharf runs");
    let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
    let running = Running(Some(child));
    let mut text = String::new();
    loop {
        assert!(stdout.read_line(&mut text).expect("its output") > 0, "wharf ended before it was ready: {text}");
        if let Ok(ready) = serde_json::from_str(&text) {
            return (running, ready);
        }
    }
}

/// SIGTERM, and the end.
fn end(child: &mut Child) {
    let pid = rustix::process::Pid::from_child(child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it is ours");
    child.wait().expect("it ends");
}

/// The headers and body of what `curl -i` printed.
fn parse(answer: &str) -> Sample {
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    let headers = head.lines().skip(1).filter_map(|line| line.split_once(": "));
    Sample { headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(), body: body.as_bytes().to_vec() }
}
