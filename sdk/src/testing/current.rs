//! Which host a host function called natively reaches: that of the call in progress on this thread.

use std::cell::RefCell;
use std::rc::Rc;

use super::host::State;
use crate::error::Failure;

/// A host in the middle of a call.
#[derive(Clone)]
pub(crate) struct Current {
    pub(crate) state: Rc<RefCell<State>>,
    pub(crate) app: Option<String>,
}

thread_local! {
    // A stack, because a test may ask another host from within a call.
    static CURRENT: RefCell<Vec<Current>> = const { RefCell::new(Vec::new()) };
}

/// Runs `body` as a part of a call.
pub(crate) fn enter<T>(current: Current, body: impl FnOnce() -> T) -> T {
    struct Leave;
    // Also when a handler panics: the next test on this thread must not find its host.
    impl Drop for Leave {
        fn drop(&mut self) {
            CURRENT.with_borrow_mut(Vec::pop);
        }
    }
    CURRENT.with_borrow_mut(|stack| stack.push(current));
    let _leave = Leave;
    body()
}

/// Hands the host of the call in progress to `body`.
pub(crate) fn with_current<T>(body: impl FnOnce(&Current) -> T) -> Option<T> {
    let current = CURRENT.with_borrow(|stack| stack.last().cloned());
    current.map(|current| body(&current))
}

/// What a host function fails with outside of every call.
pub(crate) fn no_host() -> Failure {
    failure(
        "test.no-host",
        "natively a host function needs a host: call it in `TestHost::run` or through a request to a `TestHost`",
    )
}

pub(crate) fn failure(code: &str, message: impl Into<String>) -> Failure {
    Failure { code: code.to_owned(), message: message.into(), retry_after: None }
}
