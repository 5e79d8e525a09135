//! Streams a little at a time, for ever.

use std::time::Duration;

use wharf_sdk::prelude::*;

#[get("/")]
fn drip(reply: Reply) -> Result<Streamed> {
    let writer = reply.start(200, &[("content-type", "text/plain")])?;
    loop {
        writer.write(b"drop\n")?;
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Crashes after it has begun to answer.
#[get("/cut")]
fn cut(reply: Reply) -> Result<Streamed> {
    let writer = reply.start(200, &[("content-type", "text/plain")])?;
    writer.write(b"drop\n")?;
    panic!("the line was cut");
}

service!(drip, cut);
