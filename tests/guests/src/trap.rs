//! Executes an unreachable instruction.

use wharf_sdk::prelude::*;

#[get("/")]
fn trap() {
    #[cfg(target_arch = "wasm32")]
    core::arch::wasm32::unreachable()
}

service!(trap);
