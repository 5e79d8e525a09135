//! Panics with a text.

use wharf_sdk::prelude::*;

#[get("/")]
fn panic() {
    panic!("the cargo shifted in hold {}", 7);
}

service!(panic);
