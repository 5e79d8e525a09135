//! Reads all of its request's body, or hands it back as it comes.

use wharf_sdk::prelude::*;

#[post("/")]
fn sink(mut body: Body) -> Result<String> {
    let mut bytes = 0_u64;
    while let Some(piece) = body.read(64 << 10)? {
        bytes += piece.len() as u64;
    }
    info!("sink read {bytes} bytes");
    Ok(bytes.to_string())
}

#[post("/back")]
fn back(body: Body) -> Response {
    Response::new(200).body(body)
}

service!(sink, back);
