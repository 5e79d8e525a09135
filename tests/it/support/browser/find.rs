//! Which browser this machine has.

#![expect(clippy::disallowed_methods, reason = "the environment says where programs are, and whether a browser must be there")]

use std::{env, ffi::OsString, path::PathBuf};

/// Names another browser than the first that is found.
const NAMED: &str = "WHARF_BROWSER";

/// Set where a test must not be skipped for want of a browser.
const REQUIRED: &str = "WHARF_BROWSER_REQUIRED";

/// What Chromium is called.
const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// Where programs are.
pub(super) fn path() -> OsString {
    env::var_os("PATH").unwrap_or_default()
}

/// The browser of this machine. Without one the test that asks is skipped, which is said; or it fails, where one is required.
#[track_caller]
pub(crate) fn find() -> Option<PathBuf> {
    let found = match env::var_os(NAMED) {
        Some(named) => Some(PathBuf::from(named)),
        None => NAMES.iter().find_map(|name| env::split_paths(&path()).map(|at| at.join(name)).find(|at| at.is_file())),
    };
    if found.is_none() {
        assert!(env::var_os(REQUIRED).is_none(), "{REQUIRED} is set, but there is no browser: {NAMES:?}, or {NAMED}");
        say("skipped: no browser");
    }
    found
}

/// Past what the test harness captures: a test that is skipped would look as if it had passed.
fn say(words: &str) {
    use std::io::Write as _;
    // Nobody is told where nobody listens.
    let _ = writeln!(std::io::stderr(), "{words}");
}
