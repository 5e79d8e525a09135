//! What `docs/platform.md` lets its reader do.

use std::fs;

use wharf_guests::IDENTITY;

use super::{Embedded, entity, host_with};
use crate::{
    support::{Service, wait::until},
    tidy::source::root,
};

#[test]
fn the_commands_of_the_document_work_as_printed() {
    let text = fs::read_to_string(root().join("docs/platform.md")).expect("the document can be read");
    let blocks = text.split("```").skip(1).step_by(2).filter_map(|block| block.strip_prefix("sh\n"));
    let commands: Vec<&str> = blocks.flat_map(str::lines).collect();
    assert!(commands.len() > 3, "{commands:?}");
    let host = host_with(Service::of(&IDENTITY).named("notes").security_key("the securityKey of the service notes")).start();
    for command in commands {
        let mut words = command.split_whitespace();
        assert_eq!(words.next(), Some("wharf"), "{command}");
        host.wharf(words).ok();
    }
    let platform = Embedded(&host);
    until("the service is in the app's context", || {
        let context = entity(&platform.get("/public/ocean_context/sample_app", "null"));
        context["backServices"]["notes"]["oceanAuthHeader"].is_string().then_some(())
    });
    host.stop();
}
