//! Streams as many bytes as it is asked for.

use wharf_sdk::prelude::*;

#[get("/{bytes}")]
fn source(bytes: u64, reply: Reply) -> Result<Streamed> {
    let writer = reply.start(200, &[("content-type", "application/octet-stream")])?;
    let piece = vec![b'.'; 64 << 10];
    let mut left = bytes;
    while left > 0 {
        let next = usize::try_from(left).unwrap_or(usize::MAX).min(piece.len());
        writer.write(&piece[..next])?;
        left -= next as u64;
    }
    writer.finish()
}

service!(source);
