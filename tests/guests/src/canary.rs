//! Leaves a mark in its memory, and looks for one that an earlier instance left.

use std::hint::black_box;

use wharf_sdk::prelude::*;

/// Far more than a guest starts with, so that most of it is memory that was grown.
const REACH: usize = 8 << 20;

/// The mark; computed, so that it does not stand in the component itself.
fn mark(salt: u8) -> Vec<u8> {
    (0..64_u8).map(|at| at.wrapping_mul(97) ^ black_box(salt)).collect()
}

#[get("/leave")]
fn leave() -> String {
    let mark = mark(0xA5);
    let mut left = vec![0_u8; REACH];
    for place in left.chunks_exact_mut(mark.len()) {
        place.copy_from_slice(&mark);
    }
    black_box(&left);
    count(&left, &mark).to_string()
}

/// Looks through memory that it allocates without writing to it.
#[get("/look")]
fn look() -> String {
    let mark = mark(0xA5);
    let mut found: Vec<u8> = Vec::with_capacity(REACH);
    #[allow(unsafe_code, clippy::uninit_vec, reason = "to see what was there before is the point")]
    // SAFETY: linear memory is never undefined: what nobody wrote is zero, or what the last instance left there.
    unsafe {
        found.set_len(REACH);
    }
    count(black_box(&found), &mark).to_string()
}

fn count(memory: &[u8], mark: &[u8]) -> usize {
    let first = mark[0];
    let mut found = 0;
    let mut at = 0;
    while let Some(next) = memory[at..].iter().position(|byte| *byte == first) {
        at += next;
        if memory[at..].starts_with(mark) {
            found += 1;
            at += mark.len();
        } else {
            at += 1;
        }
    }
    found
}

service!(leave, look);
