use wharf_guests::{FILL, INNOCENT};

use crate::support::{
    Running, Service, TestHost,
    threads::{LANES, computed},
};

/// There is no tick inside one instruction.
#[test]
fn calls_with_long_instructions_make_way_once_the_plugin_is_known_for_them() {
    let mut host = TestHost::new().with(Service::of(&FILL)).with(Service::of(&INNOCENT)).start();
    let fill = |host: &Running| assert_eq!(host.get("/s/fill/").send().text(), "full");
    // One is seen to take long, and one at most to compute while it does.
    (0..2).for_each(|_| fill(&host));
    let line = host.log().find("that it is known", |line| line.message().contains("in one piece"));
    assert_eq!((line.field("level"), line.field("service")), ("WARN".to_owned(), "fill".to_owned()));

    let before = LANES.map(|name| computed(host.process(), name));
    for _ in 0..3 {
        fill(&host);
        host.assert_serves_others();
    }
    let after = LANES.map(|name| computed(host.process(), name));
    let [requests, slow, last] = std::array::from_fn(|lane| after[lane] - before[lane]);
    assert!(slow + last > 4 * requests, "{requests} where requests are served, {slow} and {last} on the lanes");
    host.stop();
}
