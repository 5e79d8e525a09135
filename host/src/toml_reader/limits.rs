//! The table `[limits]`, which configuration and manifest have in common.

use std::{ops::RangeInclusive, time::Duration};

use super::{
    Item, Table,
    values::{duration, integer, size},
};
use crate::{
    limits::{Asked, Limits},
    units::{show_duration, show_size},
};

// The ranges only keep out what can be nothing but a slip; what is sensible is the operator's business.

/// One page of WebAssembly, to more than a store of 32-bit memories is ever good for.
const MEMORY: RangeInclusive<u64> = 64 << 10..=16 << 30;
/// Below a millisecond the epoch ticker cannot tell.
const TIME: RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_hours(24);
/// Each call holds a slot of the engine's pool; ten thousand are more than a machine has memory for.
const CONCURRENCY: RangeInclusive<u32> = 1..=10_000;
/// Zero is useful: a service that takes no bodies.
const BODY: RangeInclusive<u64> = 0..=1 << 40;
const HOST_CALLS: RangeInclusive<u32> = 1..=1_000_000_000;
/// A call without a single handle could not even read its request.
const HANDLES: RangeInclusive<u32> = 1..=65_536;
const LOG_LINES: RangeInclusive<u32> = 0..=1_000_000;

/// Reads a `[limits]` table; what exceeds `caps`, where given, is reported.
pub(crate) fn read(table: &Table<'_>, caps: Option<&Limits>) -> Asked {
    Asked {
        memory: table.opt("memory", capped(size(MEMORY), caps.map(|caps| caps.memory), show_size)),
        cpu: table.opt("cpu", capped(duration(TIME), caps.map(|caps| caps.cpu), show_duration)),
        wall: table.opt("wall", capped(duration(TIME), caps.map(|caps| caps.wall), show_duration)),
        concurrency: table.opt("concurrency", capped(integer(CONCURRENCY), caps.map(|caps| caps.concurrency), number)),
        body_in: table.opt("body-in", capped(size(BODY), caps.map(|caps| caps.body_in), show_size)),
        body_out: table.opt("body-out", capped(size(BODY), caps.map(|caps| caps.body_out), show_size)),
        host_calls: table.opt("host-calls", capped(integer(HOST_CALLS), caps.map(|caps| caps.host_calls), number)),
        handles: table.opt("handles", capped(integer(HANDLES), caps.map(|caps| caps.handles), number)),
        log_lines: table.opt("log-lines", capped(integer(LOG_LINES), caps.map(|caps| caps.log_lines), number)),
    }
}

fn capped<T: PartialOrd + Copy>(
    read: impl Fn(&Item<'_>) -> Option<T>,
    cap: Option<T>,
    show: fn(T) -> String,
) -> impl Fn(&Item<'_>) -> Option<T> {
    move |item| {
        let value = read(item)?;
        match cap {
            Some(cap) if value > cap => {
                let why = format!("it is {}, and `[limits]` caps it at {}", show(value), show(cap));
                item.wrong("is more than the host allows", why, "lower it, or raise the cap in `[limits]`")
            }
            _ => Some(value),
        }
    }
}

fn number(number: u32) -> String {
    number.to_string()
}
