//! Waiting for a condition, never for time to pass.

use std::{
    thread,
    time::{Duration, Instant},
};

/// The longest a test waits for anything: far more than anything takes on a busy machine, so that only what never comes is
/// missed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// How often a condition is looked at.
const INTERVAL: Duration = Duration::from_millis(5);

/// Asks until there is an answer. `what` is the sentence of the failure: "the host ends".
#[track_caller]
pub(crate) fn until<T>(what: &str, mut probe: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = probe() {
            return answer;
        }
        assert!(Instant::now() < deadline, "waited {PATIENCE:?} in vain until {what}");
        thread::sleep(INTERVAL);
    }
}
