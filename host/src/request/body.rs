//! The request's body: small ones are read before a permit is taken, so that a slow sender holds nothing of the plugin's.

use axum::body::Body;
use bytes::Bytes;
use http::{
    HeaderMap,
    header::{CONTENT_LENGTH, TRANSFER_ENCODING},
};
use http_body::Body as _;
use http_body_util::{BodyExt, Limited};

use super::{respond::Refusal, route::Target};
use crate::{reader::BodyReader, runtime::call::Incoming};

/// Bodies of known length up to this arrive in the plugin as bytes, larger ones as a reader.
const SMALL: u64 = 64 << 10;

/// Fails with [`Refusal::BodyTooLarge`], [`Refusal::SlowBody`] or [`Refusal::BadRequest`].
///
/// How long it may wait for the sender is the listener's affair: see [`super::listen::arriving`].
pub async fn incoming(headers: &HeaderMap, body: Body, target: &Target<'_>) -> Result<Incoming, Refusal> {
    // The plugin would be given what it has no key to: the header goes with its hop (RFC 9112 §6.1).
    if headers.get_all(TRANSFER_ENCODING).iter().any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"chunked")) {
        return Err(Refusal::BadRequest("the body has a transfer coding other than `chunked`"));
    }
    if body.is_end_stream() {
        return Ok(Incoming::Empty);
    }
    let limit = target.body_limit;
    let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()).and_then(|length| length.parse().ok());
    let length: Option<u64> = body.size_hint().exact().or(announced);
    if let Some(asked) = length.filter(|length| *length > limit) {
        return Err(Refusal::BodyTooLarge { asked, allowed: limit });
    }
    if length.is_none_or(|length| length > SMALL) {
        return Ok(Incoming::Reader(BodyReader::new(body, limit)));
    }
    let small = usize::try_from(SMALL).unwrap_or(usize::MAX);
    match Limited::new(body, small).collect().await {
        Ok(collected) => Ok(bytes(collected.to_bytes())),
        Err(error) => Err(Refusal::broken_off(&*error)),
    }
}

fn bytes(bytes: Bytes) -> Incoming {
    if bytes.is_empty() { Incoming::Empty } else { Incoming::Bytes(bytes) }
}
