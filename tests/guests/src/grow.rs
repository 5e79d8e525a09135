//! Allocates without end, or lives through being refused.

use std::hint::black_box;

use wharf_sdk::prelude::*;

#[get("/")]
fn grow() {
    let mut kept = Vec::new();
    loop {
        kept.push(vec![1_u8; 1 << 20]);
        black_box(&kept);
    }
}

/// Goes on without what it was refused, and computes without end.
#[get("/refused")]
fn refused() {
    assert!(Vec::<u8>::new().try_reserve_exact(1 << 30).is_err(), "a gibibyte is granted");
    loop {
        black_box(0);
    }
}

/// The same, and then hands the host a giant.
#[get("/refused/giant")]
fn giant() {
    assert!(Vec::<u8>::new().try_reserve_exact(1 << 30).is_err(), "a gibibyte is granted");
    info!("{}", "x".repeat(5 << 20));
}

service!(grow, refused, giant);
