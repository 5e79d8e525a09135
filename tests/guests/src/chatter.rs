//! Calls the host without end.

use std::hint::black_box;

use wharf_sdk::prelude::*;

#[get("/")]
fn chatter(call: Call) {
    loop {
        black_box(call.remaining());
    }
}

service!(chatter);
