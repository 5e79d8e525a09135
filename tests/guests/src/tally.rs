//! Counts the calls of its instance.

use std::sync::atomic::{AtomicU32, Ordering};

use wharf_sdk::prelude::*;

static CALLS: AtomicU32 = AtomicU32::new(0);

#[get("/")]
fn tally() -> String {
    count().to_string()
}

/// Says it aloud, too: the guest's libc keeps its standard output from one call to the next.
#[get("/aloud")]
#[expect(clippy::print_stdout, reason = "what it prints is what is tested")]
fn aloud() -> String {
    let count = count();
    println!("call {count}");
    count.to_string()
}

#[get("/panic")]
fn panic() {
    panic!("at call {}", count());
}

fn count() -> u32 {
    CALLS.fetch_add(1, Ordering::Relaxed) + 1
}

service!(tally, aloud, panic);
