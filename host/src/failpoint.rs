//! Places where a test may kill the host: `WHARF_FAILPOINT=done.after-sync` aborts the process when it comes there for the first
//! time, `done.after-sync:3` at the third time. Only builds with debug assertions look at it; in others this is nothing.
//!
//! A process that is killed so runs no destructor and flushes nothing, as with `kill -9`. It first says on standard error that
//! the place was reached (`failpoint done.after-sync reached, 3`), so that a test can tell this death from another one.

/// All places, in the order in which a message comes along.
pub const ALL: [&str; 11] = [
    // A hint is written, and its commit not begun.
    "hint.before-sync",
    // It is on disk, and the notice not answered.
    "hint.after-sync",
    // The platform told the message, and nothing of it is stored.
    "fetch.told",
    // The claim is on disk, and the plugin not called.
    "claim.after-sync",
    // The plugin said ok, and nothing of it is stored.
    "deliver.returned",
    // The completion is written together with the plugin's effects, and its commit not begun.
    "done.before-sync",
    // It is on disk, and the platform not told.
    "done.after-sync",
    // The platform was told, and that is not stored.
    "resolve.told",
    "resolved.before-sync",
    "resolved.after-sync",
    // A purge was due and is a message now.
    "purge.after-sync",
];

/// Aborts the process, if it was told to die here.
#[cfg(debug_assertions)]
pub fn hit(place: &str) {
    armed::hit(place);
}

/// Like [`hit`], but when the store's writer is about to commit what this thread wrote. To be called by a write.
#[cfg(debug_assertions)]
pub fn at_commit(place: &'static str) {
    armed::AT_COMMIT.with_borrow_mut(|places| places.push(place));
}

/// The writer is about to commit.
#[cfg(debug_assertions)]
pub fn before_commit() {
    for place in armed::AT_COMMIT.take() {
        armed::hit(place);
    }
}

#[cfg(not(debug_assertions))]
pub fn hit(_: &str) {}

#[cfg(not(debug_assertions))]
pub fn at_commit(_: &'static str) {}

#[cfg(not(debug_assertions))]
pub fn before_commit() {}

#[cfg(debug_assertions)]
mod armed {
    use std::{
        cell::RefCell,
        io::Write as _,
        sync::{
            OnceLock,
            atomic::{AtomicU64, Ordering},
        },
    };

    thread_local! {
        pub(super) static AT_COMMIT: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
    }

    struct Armed {
        place: String,
        at: u64,
        reached: AtomicU64,
    }

    static ARMED: OnceLock<Option<Armed>> = OnceLock::new();

    pub(super) fn hit(place: &str) {
        debug_assert!(super::ALL.contains(&place), "{place} is not in the list");
        if let Some(armed) = ARMED.get_or_init(armed).as_ref().filter(|armed| armed.place == place) {
            let reached = armed.reached.fetch_add(1, Ordering::Relaxed) + 1;
            if reached == armed.at {
                die(place, reached);
            }
        }
    }

    #[expect(clippy::disallowed_methods, reason = "a test's failpoint is no configuration")]
    fn armed() -> Option<Armed> {
        let text = std::env::var("WHARF_FAILPOINT").ok()?;
        let (place, at) = text.split_once(':').unwrap_or((&text, "1"));
        let known = super::ALL.contains(&place);
        let at = at.parse().ok().filter(|at| known && *at > 0);
        // A test that names no place there is would pass without testing anything.
        let at = at.unwrap_or_else(|| panic!("WHARF_FAILPOINT names no failpoint: {text}"));
        Some(Armed { place: place.to_owned(), at, reached: AtomicU64::new(0) })
    }

    fn die(place: &str, reached: u64) -> ! {
        // In one piece, because the log's thread writes there too. Who cannot be told learns it from the signal.
        let _ = std::io::stderr().write_all(format!("failpoint {place} reached, {reached}\n").as_bytes());
        std::process::abort();
    }
}
