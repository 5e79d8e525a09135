//! Bodies far larger than what the host may hold, in both directions at once, through the shipped `echo`.

use std::{sync::mpsc, thread};

use wharf_guests::INNOCENT;

use crate::support::{Running, Service, TestHost, flow::Flow, wait::until};

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// What the host may hold more than it did, however much passes.
const HELD: u64 = 64 * MIB;

/// A host with `echo`. The caps are raised for it: where the host is built without optimisation, a gigabyte takes longer than
/// the ten seconds of processor time that a call may have by default.
fn host() -> Running {
    let host = TestHost::new().operation().section("[limits]\ncpu = \"5m\"\n\n[services.echo]\nplugin = \"wharf/echo\"");
    let host = host.with(Service::of(&INNOCENT)).start();
    host.wharf(["plugin", "install", env!("WHARF_PLUGIN_ECHO")]).ok();
    host
}

/// Sends that many bytes to `target` and gets them back, others being served meanwhile. Of the body all but the first piece is
/// only sent when some of it has come back.
fn there_and_back(host: &Running, target: &str, bytes: u64) {
    let call = host.post(target).header("content-length", bytes.to_string()).open();
    let mut sending = call.twin();
    thread::scope(|scope| {
        let (came, first_came) = mpsc::sync_channel(1);
        scope.spawn(move || {
            let mut sent = Flow::new();
            sending.write(sent.next(bytes.min(64 << 10)));
            first_came.recv().expect("the first bytes come back before the last are sent");
            while sent.passed() < bytes {
                let left = bytes - sent.passed();
                sending.write(sent.next(left));
            }
        });
        let (mut received, mut served) = (Flow::new(), 0);
        let whole = call.pour(|piece| {
            received.check(piece);
            // Nobody waits for the second word of it.
            let _ = came.try_send(());
            if received.passed() / (64 * MIB) > served {
                served += 1;
                host.assert_serves_others();
            }
        });
        assert_eq!((whole, received.passed()), (true, bytes), "{}", host.log().text());
    });
}

/// Asserts that the host never held much more than it did before.
#[track_caller]
fn assert_held(host: &mut Running, before: u64) {
    let grown = host.process().peak_memory().saturating_sub(before);
    assert!(grown <= HELD, "{grown} bytes more were held:\n{}", host.log().text());
}

/// Waits until no call of `echo` runs: a permit is held for as long as its instance exists.
#[track_caller]
fn assert_ends(host: &Running) {
    let running = "wharf_service_permits{service=\"echo\",state=\"taken\"}";
    until("no guest runs any more", || (host.metric(running) == 0).then_some(()));
}

#[test]
fn a_gigabyte_up_and_down_at_once_is_never_held() {
    let mut host = host();
    there_and_back(&host, "/s/echo/pump", 8 * MIB);
    let before = host.process().forget_peak();
    // Beside it, one who asks for as much and does not take it.
    let mut stalled = host.get(&format!("/s/echo/stream?bytes={GIB}")).open();
    stalled.read_until(b"\r\n\r\n");
    there_and_back(&host, "/s/echo/pump", GIB);
    assert_held(&mut host, before);
    stalled.leave();
    assert_ends(&host);
    host.stop();
}

#[test]
fn a_body_that_is_handed_back_is_never_held_either() {
    let mut host = host();
    there_and_back(&host, "/s/echo/echo", 8 * MIB);
    let before = host.process().forget_peak();
    there_and_back(&host, "/s/echo/echo", GIB);
    assert_held(&mut host, before);
    assert_ends(&host);
    host.stop();
}

#[test]
fn who_leaves_half_way_up_and_down_ends_the_guest() {
    let host = host();
    let mut call = host.post("/s/echo/pump").header("content-length", GIB.to_string()).open();
    call.write(Flow::new().next(64 << 10));
    // Head and data: the guest runs.
    call.read_until(b"\r\n\r\n");
    call.leave();
    assert_ends(&host);
    host.assert_serves_others();
    host.stop();
}
