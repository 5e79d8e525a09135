//! Keys with which no host may start.

use super::{SAMPLE_KEY, vectors::Vectors};
use crate::support::{Run, Service, TestHost, wharf};

#[track_caller]
fn serve(host: &TestHost) -> Run {
    host.write();
    wharf(["serve"]).within(host.path()).run()
}

#[test]
fn an_empty_key_is_a_refusal_to_start_that_names_the_service() {
    let vector = Vectors::load();
    let vector = vector.named("empty-security-key");
    for content in [vector.security_key.as_str(), "\n", "\r\n"] {
        let host = TestHost::new().with(Service::of(&wharf_guests::IDENTITY).security_key(content));
        serve(&host).refused("WH1006", "services.identity.security-key");
    }
}

#[test]
fn one_key_for_two_services_is_a_refusal_to_start_that_names_both_and_not_the_key() {
    let service = Service::of(&wharf_guests::IDENTITY).security_key(SAMPLE_KEY);
    let host = TestHost::new().with(service.clone()).with(service.named("second"));
    let run = serve(&host);
    run.refused("WH1004", "`services.second.security-key` is that of the service `identity` too");
    assert!(!run.stderr.contains(SAMPLE_KEY), "{}", run.stderr);
}

#[test]
fn a_missing_key_file_is_a_refusal_to_start() {
    let host = TestHost::new().with(Service::of(&wharf_guests::IDENTITY).set("security-key", "{ file = \"absent.key\" }"));
    serve(&host).refused("WH1006", "services.identity.security-key");
}
