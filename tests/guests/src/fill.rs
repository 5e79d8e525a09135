//! Fills much memory, each time in one instruction.

use std::hint::black_box;

use wharf_sdk::prelude::*;

#[get("/")]
fn fill() -> &'static str {
    let mut much = vec![0_u8; 200 << 20];
    for value in 1..=4 {
        black_box(&mut much).fill(value);
    }
    black_box(much);
    "full"
}

service!(fill);
