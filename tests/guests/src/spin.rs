//! Loops for ever.

use std::hint::black_box;

use wharf_sdk::prelude::*;

#[get("/")]
fn spin() {
    info!("spinning");
    let mut turns = 0_u64;
    loop {
        turns = black_box(turns.wrapping_add(1));
    }
}

service!(spin);
