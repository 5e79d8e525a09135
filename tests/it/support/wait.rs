//! Waiting for a condition, never for time to pass.

use std::{
    thread,
    time::{Duration, Instant},
};

/// The longest a test waits for anything: far more than anything takes on a busy machine, so that only what never comes is
/// missed.
pub(crate) const PATIENCE: Duration = Duration::from_mins(4);

/// How often a condition is looked at.
const INTERVAL: Duration = Duration::from_millis(5);

/// Asks until there is an answer. `what` is the sentence of the failure: "the host ends".
#[track_caller]
pub(crate) fn until<T>(what: &str, probe: impl FnMut() -> Option<T>) -> T {
    ever(probe).unwrap_or_else(|| panic!("waited {PATIENCE:?} in vain until {what}"))
}

/// The same for who has more to say when there is none.
#[track_caller]
pub(crate) fn ever<T>(mut probe: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let answer = probe();
        if answer.is_some() || Instant::now() >= deadline {
            return answer;
        }
        thread::sleep(INTERVAL);
    }
}
