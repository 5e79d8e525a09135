//! Answers at once: the neighbour whom the others must not disturb.

use wharf_sdk::prelude::*;

#[get("/")]
fn innocent() -> &'static str {
    "innocent"
}

service!(innocent);
