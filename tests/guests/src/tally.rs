//! Counts the calls of its instance.

use std::sync::atomic::{AtomicU32, Ordering};

use wharf_sdk::prelude::*;

static CALLS: AtomicU32 = AtomicU32::new(0);

#[get("/")]
fn tally() -> String {
    count().to_string()
}

#[get("/panic")]
fn panic() {
    panic!("at call {}", count());
}

fn count() -> u32 {
    CALLS.fetch_add(1, Ordering::Relaxed) + 1
}

service!(tally, panic);
