//! Hands the host giant arguments, and giant answers.

use wharf_sdk::prelude::*;

const GIANT: usize = 16 << 20;

#[get("/line")]
fn line() -> &'static str {
    info!("{}", "x".repeat(GIANT));
    "done"
}

#[get("/field")]
fn field() -> &'static str {
    info!(field = "x".repeat(GIANT); "a giant field");
    "done"
}

#[get("/name")]
fn name(call: Call) -> String {
    format!("{:?}", call.header(&"x".repeat(GIANT)))
}

#[get("/returned/{bytes}")]
fn returned(bytes: usize) -> String {
    "x".repeat(bytes)
}

service!(line, field, name, returned);
