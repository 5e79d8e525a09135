//! `wasmtime serve`, as fast as it runs with the same isolation: its pool on, one request per instance.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

/// The version whose engine the host has.
const VERSION: &str = "wasmtime 48.";

/// Where the guest reads a body that is not there and answers with one short word.
const PATH: &str = "sink";

/// A running server; ended when dropped.
pub(crate) struct WasmtimeServe {
    child: Child,
    pub(crate) url: String,
}

impl WasmtimeServe {
    /// Starts it, if the right version is on the PATH.
    pub(crate) fn start() -> Option<Self> {
        let version = Command::new("wasmtime").arg("--version").output().ok()?;
        if !String::from_utf8_lossy(&version.stdout).starts_with(VERSION) {
            return None;
        }
        let mut child = Command::new("wasmtime")
            .args(["serve", "--addr", "127.0.0.1:0", "--max-instance-reuse-count", "1"])
            .args(["-O", "pooling-allocator=y", "-S", "cli=y", wharf_guests::PROXY.component])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("wasmtime runs");
        // "Serving HTTP on http://127.0.0.1:40321/"
        let mut line = String::new();
        let mut stderr = BufReader::new(child.stderr.take().expect("piped"));
        stderr.read_line(&mut line).expect("its output");
        let url = line.split_whitespace().find(|word| word.starts_with("http://")).map(|url| url.trim_end_matches('/'));
        let serving = Self { child, url: format!("{}/{PATH}", url.unwrap_or_else(|| panic!("wasmtime serve says {line:?}"))) };
        // It goes on writing there; nobody reads it, so it must not wait for that.
        std::thread::spawn(move || std::io::copy(&mut stderr, &mut std::io::sink()));
        Some(serving)
    }
}

impl Drop for WasmtimeServe {
    fn drop(&mut self) {
        // It knows no orderly end, and nothing is lost by an abrupt one.
        self.child.kill().expect("it is ours");
        self.child.wait().expect("it ends");
    }
}
