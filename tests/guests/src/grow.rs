//! Allocates without end.

use std::hint::black_box;

use wharf_sdk::prelude::*;

#[get("/")]
fn grow() {
    let mut kept = Vec::new();
    loop {
        kept.push(vec![1_u8; 1 << 20]);
        black_box(&kept);
    }
}

service!(grow);
