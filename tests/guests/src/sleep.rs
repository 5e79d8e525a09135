//! Sleeps for an hour.

use std::time::Duration;

use wharf_sdk::prelude::*;

#[get("/")]
fn sleep() -> &'static str {
    std::thread::sleep(Duration::from_secs(3_600));
    "rested"
}

service!(sleep);
