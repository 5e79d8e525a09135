//! What no notice announced.

use super::{host, journal, message, resolved, told};
use crate::support::Platform;

#[test]
fn messages_without_notice_are_handled_in_the_platforms_order() {
    let platform = Platform::new();
    // Against the order of their ids.
    platform.message(message(3, "app_subscribe_service", 1));
    platform.message(message(2, "app_cancel_service", 1));
    platform.message(message(1, "app_subscribe_service", 1));
    let host = host(&platform, journal()).start();
    let ids = [3, 2, 1].map(|number| format!("{number:024x}"));
    assert_eq!(resolved(&platform, 3), ids);
    let [first, second, third] = &ids;
    assert_eq!(
        told(&host, "app-1"),
        [format!("subscribed {first}"), format!("cancelled {second}"), format!("subscribed {third}")]
    );
}

#[test]
fn a_poll_finds_what_came_later() {
    let platform = Platform::new();
    let section = format!("{}\npoll-interval = \"1s\"", platform.section());
    let host = crate::support::TestHost::new().section(&section).with(journal()).start();
    platform.wait_for(2, "GET /v1.0/service/messages");
    platform.message(message(1, "app_subscribe_service", 1));
    resolved(&platform, 1);
    platform.forget_resolved();
    // Listed again, because the platform forgot: the plugin is not told again.
    let polls = platform.count("GET /v1.0/service/messages");
    platform.wait_for(polls + 2, "GET /v1.0/service/messages");
    assert_eq!(told(&host, "app-1").len(), 1);
}
