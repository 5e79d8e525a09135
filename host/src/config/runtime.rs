//! `[runtime]`: what runs at once, and what compiling may use.

use std::time::Duration;

use crate::toml_reader::{
    Table,
    values::{boolean, duration, integer, size},
};

/// 85 % of a pool of 1,000 instances: some components use several slots, and a pool that is truly full fails calls.
const MAX_CALLS: u32 = 850;
/// A caller is an app with all its users; this stops a runaway loop, not a busy shop.
const CALLER_RATE: u32 = 1_000;
/// Two seconds' worth: a page that loads everything at once, on many screens.
const CALLER_BURST: u32 = 2_000;
/// Longer than most calls take, shorter than people wait before they try again.
const WAIT: Duration = Duration::from_secs(1);
/// A valid component of 500 kB can make the compiler ask for 26 GB; this much a host can spare for a minute.
const COMPILE_MEMORY: u64 = 2 << 30;
/// The slowest honest component measured took 9 s.
const COMPILE_CPU: Duration = Duration::from_secs(60);
/// Twice the processor time, for a machine with other work.
const COMPILE_WALL: Duration = Duration::from_secs(120);
/// The largest honest components, Python with its interpreter, are near 20 MB.
const MAX_COMPONENT: u64 = 64 << 20;

const COMPILE_TIME: std::ops::RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_hours(1);
/// Higher than a machine can serve: the way to switch a rate off.
const RATE: std::ops::RangeInclusive<u32> = 1..=10_000_000;

/// What runs at once, and what compiling may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Runtime {
    /// Calls at once, of all plugins together, counted in core instances: a call takes one to five of them, of a composed
    /// component up to 20.
    pub max_calls: u32,
    /// Requests per second that one caller may send in the long run.
    pub caller_rate: u32,
    /// Requests that one caller may send at once before the rate counts.
    pub caller_burst: u32,
    /// How long a request waits for a permit before it is refused.
    pub wait: Duration,
    /// Memory of the process that compiles a component, in bytes.
    pub compile_memory: u64,
    /// Processor time of the process that compiles a component.
    pub compile_cpu: Duration,
    /// Time until the process that compiles a component is ended.
    pub compile_wall: Duration,
    /// The largest component that is looked at, in bytes.
    pub max_component: u64,
    /// Whether components of wasi:http 0.3 may be installed, and with them the asynchronous engine be there.
    pub wasi_http_0_3: bool,
}

pub(super) fn read(table: &Table<'_>) -> Runtime {
    Runtime {
        max_calls: table.or("max-calls", MAX_CALLS, integer(1..=100_000)),
        caller_rate: table.or("caller-rate", CALLER_RATE, integer(RATE)),
        caller_burst: table.or("caller-burst", CALLER_BURST, integer(RATE)),
        wait: table.or("wait", WAIT, duration(Duration::ZERO..=Duration::from_mins(1))),
        compile_memory: table.or("compile-memory", COMPILE_MEMORY, size(256 << 20..=1 << 40)),
        compile_cpu: table.or("compile-cpu", COMPILE_CPU, duration(COMPILE_TIME)),
        compile_wall: table.or("compile-wall", COMPILE_WALL, duration(COMPILE_TIME)),
        max_component: table.or("max-component", MAX_COMPONENT, size(1 << 10..=1 << 30)),
        wasi_http_0_3: table.or("wasi-http-0-3", false, boolean),
    }
}
