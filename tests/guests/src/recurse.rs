//! Calls itself without end.

use std::hint::black_box;

use wharf_sdk::prelude::*;

#[get("/")]
fn recurse() -> String {
    deeper(black_box(0)).to_string()
}

#[expect(unconditional_recursion, reason = "that is what this guest is for")]
fn deeper(depth: u64) -> u64 {
    // The sum after the call keeps the compiler from making a loop of it.
    deeper(black_box(depth + 1)).wrapping_add(black_box(depth))
}

/// The same without a memory for it: no frame needs an address, and none can be made a loop of.
#[get("/frames")]
fn frames() -> String {
    frame(black_box(0)).to_string()
}

fn frame(depth: u64) -> u64 {
    if depth == u64::MAX { depth } else { (frame(depth + 1) ^ depth).rotate_left(7) }
}

service!(recurse, frames);
