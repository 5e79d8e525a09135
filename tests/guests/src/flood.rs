//! Writes more to the log than it may: line after line, lines that are too wide, or one endless text to standard error.

use wharf_sdk::prelude::*;

#[get("/")]
fn flood() -> &'static str {
    for line in 0..1_000 {
        info!("flood line {line}");
    }
    "done"
}

/// One line of a message and of fields, the first of which is as long as the message.
#[get("/wide/{length}/{fields}")]
fn wide(length: usize, fields: usize) -> &'static str {
    let text = "x".repeat(length);
    let names: Vec<String> = (0..fields).map(|number| format!("f{number}")).collect();
    let value = |number: usize| -> &dyn std::fmt::Display { if number == 0 { &text } else { &"1" } };
    let fields: Vec<_> = names.iter().enumerate().map(|(number, name)| (name.as_str(), value(number))).collect();
    wharf_sdk::log::write(wharf_sdk::log::Level::Info, format_args!("{text}"), &fields);
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

service!(flood, wide, forge, print);
