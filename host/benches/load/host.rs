//! The shipped binary, prepared once by `wharf demo` and then served with that configuration.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use super::base::Sample;

const WHARF: &str = env!("CARGO_BIN_EXE_wharf");

/// A directory in which the demo has installed its plugins.
pub(crate) struct Wharf {
    directory: tempfile::TempDir,
    /// An Ocean-Auth header for `hello`.
    header: String,
    sample: Sample,
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

    /// Serves the demo's configuration, changed in nothing but `reuse` and the port.
    pub(crate) fn serve(&self, reuse: u32) -> Serving {
        let file = self.config(reuse);
        let (child, ready) = start(&["--format", "json", "serve", "--config", file.to_str().expect("UTF-8")]);
        let address = ready["address"].as_str().expect("an address").to_owned();
        Serving { child: child.into_child(), address }
    }

    fn config(&self, reuse: u32) -> PathBuf {
        let directory: &Path = self.directory.path();
        let text = std::fs::read_to_string(directory.join("wharf.toml")).expect("the demo's configuration");
        let text: Vec<String> = text
            .lines()
            .map(|line| match line {
                line if line.starts_with("address") => "address = \"127.0.0.1:0\"".to_owned(),
                "[services.hello]" => format!("{line}\nreuse = {reuse}"),
                line => line.to_owned(),
            })
            .collect();
        let file = directory.join(format!("reuse-{reuse}.toml"));
        std::fs::write(&file, text.join("\n")).expect("it can be written");
        file
    }
}

impl Serving {
    pub(crate) fn hello_url(&self) -> String {
        format!("http://{}/s/hello/hello/Ada", self.address)
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
