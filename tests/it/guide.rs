//! The guide to writing a back service is followed as printed: its files are written down, its lines are run, and the answers are
//! those it shows.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use crate::{
    sdk::{TARGET, package, patch},
    support::{Process, wait::until},
    tidy::source::root,
};

const GUIDE: &str = include_str!("../../docs/back-service.md");

/// What the guide's host listens on; here it is any port.
const USUAL: &str = "127.0.0.1:8080";

/// A reader who follows the guide in a directory of his own.
struct Reader {
    here: PathBuf,
    host: Option<(Process, String)>,
    /// What the last line printed.
    said: String,
}

impl Reader {
    /// With `wharf` on the path, and the SDK in `crates`.
    fn new(here: &Path, crates: &Path) -> Self {
        for directory in [".cargo", "bin", "guestbook"] {
            fs::create_dir_all(here.join(directory)).expect("a directory can be made");
        }
        fs::write(here.join(".cargo/config.toml"), patch(crates)).expect("a file can be written");
        // The versions that this repository is built with are on this machine; newer ones may not be.
        fs::copy(root().join("Cargo.lock"), here.join("guestbook/Cargo.lock")).expect("the lock file can be copied");
        symlink(TARGET, here.join("guestbook/target")).expect("a link can be made");
        symlink(env!("CARGO_BIN_EXE_wharf"), here.join("bin/wharf")).expect("a link can be made");
        Self { here: here.to_owned(), host: None, said: String::new() }
    }

    fn writes(&self, file: &str, text: &str) {
        let file = self.here.join(file);
        fs::create_dir_all(file.parent().expect("a file is in a directory")).expect("a directory can be made");
        fs::write(file, text.replace(USUAL, "127.0.0.1:0")).expect("a file can be written");
    }

    fn runs(&mut self, line: &str) {
        if line == "wharf serve" {
            let (host, ready) = Process::start(&self.here, ["serve", "--format", "json"], &[]);
            self.host = Some((host, ready["address"].as_str().expect("an address").to_owned()));
            return;
        }
        // What a request needs may be under way.
        let patient = line.starts_with("curl");
        let done = until(line, || Some(self.shell(line)).filter(|done| !patient || done.status.success()));
        let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(done.status.success(), "`{line}` ended with {}:\n{}{}", done.status, said(&done.stdout), said(&done.stderr));
        self.said = said(&done.stdout);
    }

    fn shell(&self, line: &str) -> Output {
        let line = self.host.as_ref().map_or_else(|| line.to_owned(), |(_, address)| line.replace(USUAL, address));
        let cargo = Path::new(env!("CARGO")).parent().expect("cargo is in a directory");
        let mut shell = Command::new("timeout");
        shell
            // The guide waits in a loop, which must not be for ever.
            .args(["20m", "sh", "-c", &line])
            .current_dir(&self.here)
            .env("PATH", format!("{}:{}:/usr/local/bin:/usr/bin:/bin", self.here.join("bin").display(), cargo.display()))
            .env("CARGO_NET_OFFLINE", "true")
            // Other tests run beside it.
            .env("CARGO_BUILD_JOBS", "1")
            .stdin(Stdio::null());
        for variable in [
            "RUSTC_WORKSPACE_WRAPPER",
            "RUSTC_WRAPPER",
            "RUSTFLAGS",
            "CARGO_ENCODED_RUSTFLAGS",
            "CARGO_TARGET_DIR",
            "CARGO_BUILD_TARGET",
        ] {
            shell.env_remove(variable);
        }
        shell.output().expect("a shell runs")
    }
}

#[test]
fn a_back_service_from_an_empty_directory() {
    let outside = tempfile::tempdir().expect("a temporary directory can be made");
    let (crates, here) = (outside.path().join("crates"), outside.path().join("here"));
    fs::create_dir(&crates).expect("a directory can be made");
    package(&crates);
    let mut reader = Reader::new(&here, &crates);
    let (mut files, mut lines, mut answers) = (0, 0, 0);
    for block in GUIDE.split("```").skip(1).step_by(2) {
        let (about, text) = block.split_once('\n').expect("a block has lines");
        match about.split_once(' ') {
            Some((_, file)) => {
                reader.writes(file, text);
                files += 1;
            }
            None if about == "json" => {
                assert_eq!(reader.said.trim(), text.trim());
                answers += 1;
            }
            None => {
                assert_eq!(about, "sh");
                for line in text.lines() {
                    reader.runs(line);
                    lines += 1;
                }
            }
        }
    }
    assert!(files >= 5 && lines >= 10 && answers == 1, "{files} files, {lines} lines, {answers} answers");

    let asks = GUIDE.lines().rfind(|line| line.starts_with("curl")).expect("the guide asks the service");
    until("the app that cancelled is refused", || (!reader.shell(asks).status.success()).then_some(()));
}
