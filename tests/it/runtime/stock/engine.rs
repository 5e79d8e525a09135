//! The second engine, which is there only where it is wanted and needed.

use std::fs;

use wharf_guests::{INNOCENT, PROXY, SERVICE};

use super::{SWITCHED_ON, host};
use crate::support::{Running, Service, TestHost, install, wait::until, wharf};

/// Whether the thread that gives its guests their time slices is there.
fn exists(host: &mut Running) -> bool {
    let threads = fs::read_dir(format!("/proc/{}/task", host.process().pid())).expect("a process has threads");
    // One that ends meanwhile has no name any more.
    let names = threads.flatten().filter_map(|thread| fs::read_to_string(thread.path().join("comm")).ok());
    let names: Vec<String> = names.map(|name| name.trim().to_owned()).collect();
    assert!(names.contains(&"wharf-epoch".to_owned()), "the first engine has a thread too: {names:?}");
    names.contains(&"wharf-epoch-0.3".to_owned())
}

#[test]
fn it_is_there_only_while_a_plugin_needs_it() {
    let service = Service::of(&SERVICE).not_installed();
    let mut host = TestHost::new().section(SWITCHED_ON).with(service).with(Service::of(&PROXY)).start();
    assert_eq!(host.get("/s/proxy/tally").send().text(), "1");
    assert!(!exists(&mut host), "nobody needs it yet");
    install(host.path(), &SERVICE).ok();
    assert_eq!(host.get("/s/service/tally").send().text(), "1");
    assert!(exists(&mut host));
    // A call that runs keeps it, and no other can begin.
    let mut call = host.get("/s/service/drip").open();
    call.read_until(b"drop\n");
    host.wharf(["plugin", "remove", "test/service", "--force"]).ok();
    host.get("/s/service/tally").send().assert(503, "WH2105");
    assert!(exists(&mut host));
    call.take();
    call.read_until(b"drop\n");
    call.leave();
    until("it is gone with its last call", || (!exists(&mut host)).then_some(()));
    assert_eq!(host.get("/s/proxy/tally").send().text(), "1");
    host.stop();
}

#[test]
fn where_it_is_not_switched_on_its_plugins_are_refused() {
    let service = Service::of(&SERVICE).not_installed();
    let mut host = TestHost::new().with(service).with(Service::of(&INNOCENT)).start();
    let before = host.wharf(["plugin", "list", "--format", "json"]).json();
    let run = install(host.path(), &SERVICE);
    run.refused("WH1211", "test/service");
    assert!(run.stderr.contains("`wasi-http-0-3 = true` in [runtime]"), "{}", run.stderr);
    assert_eq!(host.wharf(["plugin", "list", "--format", "json"]).json(), before);
    assert!(!exists(&mut host));
    host.assert_serves_others();
    host.stop();
}

#[test]
fn where_it_is_switched_off_again_its_plugins_stand_still_and_all_others_go_on() {
    let host = host(Service::of(&SERVICE));
    assert_eq!(host.get("/s/service/tally").send().text(), "1");
    let stopped = host.stopped().without(SWITCHED_ON);
    stopped.write();
    wharf(["check"]).within(stopped.path()).run().refused("WH1211", "test/service");
    let mut host = stopped.serve();
    host.log().code("WH1211");
    host.get("/s/service/tally").send().assert(503, "WH2105");
    host.assert_serves_others();
    assert!(!exists(&mut host));
    // What was compiled is still there when it is switched on again.
    let mut host = host.stopped().section(SWITCHED_ON).serve();
    assert_eq!(host.get("/s/service/tally").send().text(), "1");
    assert!(exists(&mut host));
    host.stop();
}

#[test]
fn its_instances_are_not_reused_and_the_operator_is_told_so() {
    let host = TestHost::new().section(SWITCHED_ON).with(Service::of(&SERVICE).set("reuse", "2"));
    host.write();
    install(host.path(), &SERVICE).ok();
    let run = wharf(["check"]).within(host.path()).run();
    run.refused("WH1204", "test/service@0.1.0");
    assert!(run.stderr.contains("remove `reuse` from [services.service]"), "{}", run.stderr);
}

#[test]
fn what_it_alone_can_print_by_goes_to_the_log_as_well() {
    let host = host(Service::of(&SERVICE));
    assert_eq!(host.get("/s/service/say").send().text(), "Ok(()), 0 bytes left");
    host.log().find("what was printed", |line| line.message() == "said in a new way");
    host.stop();
}
