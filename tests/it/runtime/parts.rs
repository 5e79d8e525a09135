//! Components of many parts, and of large ones: what there is too much of is refused at the installation where it can be seen
//! there, and else where it is asked for.

use std::{fs, path::Path};

use wasm_encoder::Module;
use wharf_guests::{DRIP, INNOCENT};

use crate::{
    limits::{Row, assert_limit},
    support::{
        Run, Running, Service, TestHost,
        bomb::{idle, memories, table, with_parts},
        http::Connection,
        wait::until,
        wharf,
    },
};

/// A host for `drip`, which is not installed, with permits for so many core instances.
fn host(permits: u32, limits: &[(&str, &str)]) -> Running {
    let service = limits.iter().fold(Service::of(&DRIP).not_installed(), |service, (limit, value)| service.limit(limit, value));
    let host = TestHost::new().operation().section(&format!("[runtime]\nmax-calls = {permits}\nwait = \"50ms\""));
    host.with(service).with(Service::of(&INNOCENT)).start()
}

/// Installs `drip` with so many instances more of a module.
fn install(here: &Path, module: &Module, parts: u32) -> Run {
    let drip = fs::read(DRIP.component).expect("the component can be read");
    fs::write(here.join("parts.wasm"), with_parts(&drip, module, parts)).expect("a component can be written");
    wharf(["plugin", "install", "parts.wasm", "--manifest", DRIP.manifest]).within(here).run()
}

/// What runs, in core instances.
fn taken(host: &Running) -> u64 {
    host.metric("wharf_pool_permits{state=\"taken\"}")
}

/// Core instances that `drip` has of its own.
const OWN: u32 = 3;

#[test]
fn what_is_instantiated_counts_as_often_as_it_is() {
    let host = host(100, &[]);
    for parts in [1, 7, 17] {
        install(host.path(), &idle(), parts).ok();
        let mut call = host.get("/s/drip/").open();
        call.read_until(b"drop\n");
        assert_eq!(taken(&host), u64::from(OWN + parts));
        host.assert_serves_others();
        call.leave();
        until("its permits are free again", || (taken(&host) == 0).then_some(()));
        host.wharf(["plugin", "remove", "test/drip", "--force"]).ok();
    }
    host.stop();
}

#[test]
fn many_calls_of_many_parts_leave_room_for_others() {
    let host = host(80, &[]);
    install(host.path(), &idle(), 20 - OWN).ok();
    // Three quarters of the permits are enough for three of them.
    let mut calls: Vec<_> = (0..16).map(|_| host.get("/s/drip/").open()).collect();
    until("three of them run", || (taken(&host) == 60).then_some(()));
    for _ in 0..10 {
        host.assert_serves_others();
    }
    for call in &mut calls {
        call.read_until(b"\r\n");
    }
    let running = calls.iter().filter(|call| call.starts_with("HTTP/1.1 200")).count();
    assert_eq!(running, 3, "{}", host.log().text());
    calls.into_iter().for_each(Connection::leave);
    assert!(!host.stop().text().contains("WH2399"));
}

#[test]
fn a_component_that_no_call_has_room_for_is_refused() {
    let host = host(12, &[]);
    let run = install(host.path(), &idle(), 10);
    run.refused("WH1004", "`runtime.max-calls`");
    assert!(run.stderr.contains("13 core instances"), "{}", run.stderr);
    install(host.path(), &idle(), 9).ok();
    host.stop();
}

/// Too many core instances or memories, whether a host runs or not.
pub(crate) fn over_its_parts(row: &Row) {
    let [instances, most] = row.numbers().map(|most| u32::try_from(most).expect("a small number"));
    let host = host(100, &[]);
    let alone = TestHost::new();
    alone.write();
    for here in [host.path(), alone.path()] {
        let over = instances + 1;
        install(here, &idle(), over - OWN).refused(row.code(), &format!("{over} core module instances"));
        // It has one of its own.
        install(here, &memories(1), most).refused(row.code(), &format!("{} Wasm linear memories", most + 1));
    }
    host.assert_serves_others();
    host.stop();
}

/// Tables that are too large, or too many.
pub(crate) fn over_its_tables(row: &Row) {
    let host = host(100, &[("memory", "2MiB")]);
    let [most] = row.numbers();
    let elements = most as u64;
    install(host.path(), &table(elements + 1, 0), 1).refused("WH1202", &(most + 1).to_string());
    install(host.path(), &table(elements, 0), 1).ok();
    let mut call = host.get("/s/drip/").open();
    call.read_until(b"drop\n");
    call.leave();
    // One that grows beyond what a table may have, and small ones that together are more memory than there is.
    for (module, parts, limit, allowed) in
        [(table(0, 1_001), 1, "table-elements", elements), (table(15_000, 0), 17, "memory", 2 << 20)]
    {
        host.wharf(["plugin", "remove", "test/drip", "--force"]).ok();
        install(host.path(), &module, parts).ok();
        row.assert(&host.get("/s/drip/").send());
        host.assert_serves_others();
        let line = host.log().find(limit, |line| line.field("limit") == limit);
        assert_limit(&line, limit, allowed);
    }
    host.stop();
}
