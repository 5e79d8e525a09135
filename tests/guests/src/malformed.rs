//! Answers what is not HTTP, or not the contract's.

use wharf_sdk::prelude::*;

#[get("/status")]
fn status() -> Response {
    Response::new(99)
}

#[get("/name")]
fn name() -> Response {
    Response::new(200).header("no header\r\nname", "value")
}

#[get("/value")]
fn value() -> Response {
    Response::new(200).header("x-value", "one\r\nx-smuggled: two")
}

/// More headers than fit into the table that the host's library keeps them in.
#[get("/many")]
fn many() -> Response {
    (0..30_000).fold(Response::new(200), |response, _| response.header("a", ""))
}

/// A reply that was started but never finished.
#[get("/nothing")]
fn nothing(reply: Reply) -> Result<()> {
    drop(reply.start(200, &[])?);
    Ok(())
}

/// A head over the interim statuses through the streaming way in.
#[get("/twice")]
fn twice(reply: Reply) -> Result<Streamed> {
    reply.start(101, &[("upgrade", "websocket")])?.finish()
}

#[get("/failure")]
fn failure() -> Result<()> {
    Err(Error::failure("hold.flooded", "a text for the operator only"))
}

service!(status, name, value, many, nothing, twice, failure);
