//! The demo ends when it is told to, whatever is going on, and leaves nothing behind.

use std::{
    net::SocketAddr,
    path::Path,
    time::{Duration, Instant},
};

use rustix::process::Signal;

use super::{demo, free_port};
use crate::support::{Process, Request};

#[test]
fn ctrl_c_ends_it_and_nothing_is_left() {
    let (here, process, ready) = demo(free_port());
    let directory = ready["directory"].as_str().expect("the demo says where it is").to_owned();
    assert!(Path::new(&directory).exists());
    process.stop_by(Signal::INT, here.path());
    assert!(!Path::new(&directory).exists(), "{directory} is left behind");
}

/// What is promised is five seconds; a machine that also runs all other tests may take three times as long. A host drains for 30
/// unless it is told otherwise.
const PROMISED: Duration = Duration::from_secs(3 * 5);

#[test]
fn a_reader_that_stalls_does_not_hold_it_up() {
    let (here, process, ready) = demo(free_port());
    let address: SocketAddr = ready["address"].as_str().expect("an address").parse().expect("an address");
    let mut stalled = Request::new(address, "GET", "/s/echo/stream?bytes=1073741824").open();
    stalled.read_until(b"200 OK");
    let told = Instant::now();
    process.stop_by(Signal::TERM, here.path());
    let took = told.elapsed();
    assert!(took < PROMISED, "it took {took:?}");
    stalled.breaks_off();
}

/// The first words, the first installation under way, the second, and the last of them.
const MOMENTS: [&str; 4] = ["starting in", "installing hello", "installing echo", "wharf/blog"];

#[test]
fn it_ends_as_well_before_it_is_ready() {
    for moment in MOMENTS {
        let here = tempfile::tempdir().expect("a temporary directory can be made");
        let process = Process::spawn(here.path(), ["demo", "--port", "0"], &[]);
        process.log.find(moment, |line| line.message().contains(moment));
        process.stop_by(Signal::INT, here.path());
    }
}
