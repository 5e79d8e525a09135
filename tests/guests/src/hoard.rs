//! Opens handles without giving any back: pollables, which every component may make.

use wharf_sdk::prelude::*;

#[cfg(target_arch = "wasm32")]
#[allow(unsafe_code, reason = "generated: the canonical ABI is raw pointers")]
mod bindings {
    wit_bindgen::generate!({
        inline: "
            package test:hoard;
            world hoard { import wasi:clocks/monotonic-clock@0.2.0; }
            package wasi:clocks@0.2.0 {
                interface monotonic-clock {
                    use wasi:io/poll@0.2.0.{pollable};
                    type instant = u64;
                    type duration = u64;
                    now: func() -> instant;
                    resolution: func() -> duration;
                    subscribe-instant: func(when: instant) -> pollable;
                    subscribe-duration: func(when: duration) -> pollable;
                }
            }
            package wasi:io@0.2.0 {
                interface poll {
                    resource pollable { ready: func() -> bool; block: func(); }
                    poll: func(in: list<borrow<pollable>>) -> list<u32>;
                }
            }
        ",
        generate_all,
    });
}

#[get("/")]
fn hoard() -> &'static str {
    #[cfg(target_arch = "wasm32")]
    {
        let hour = 3_600_000_000_000;
        let kept: Vec<_> = (0..10_000).map(|_| bindings::wasi::clocks::monotonic_clock::subscribe_duration(hour)).collect();
        info!("holding {} handles", kept.len());
    }
    "done"
}

service!(hoard);
