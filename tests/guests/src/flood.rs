//! Writes more to the log than it may: line after line, or one endless text to standard error.

use wharf_sdk::prelude::*;

#[get("/")]
fn flood() -> &'static str {
    for line in 0..1_000 {
        info!("flood line {line}");
    }
    "done"
}

/// A line break and an escape sequence: neither may reach the log as it is.
#[get("/forge")]
fn forge() -> &'static str {
    warn!("honest\n{{\"level\":\"ERROR\",\"message\":\"forged\"}}\n\u{1b}[31mred");
    "done"
}

#[get("/print")]
fn print() -> &'static str {
    let line = "x".repeat(100_000);
    for _ in 0..40 {
        #[expect(clippy::print_stderr, reason = "that is what this guest is for")]
        {
            eprintln!("{line}");
        }
    }
    "done"
}

service!(flood, forge, print);
