//! Reads its request's body slowly: a byte at a time.

use std::time::Duration;

use wharf_sdk::prelude::*;

#[post("/")]
fn sip(mut body: Body) -> Result<String> {
    let mut bytes = 0_u64;
    while let Some(piece) = body.read(1)? {
        bytes += piece.len() as u64;
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(bytes.to_string())
}

service!(sip);
