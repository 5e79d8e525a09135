use std::fs;

use serde_json::json;
use wharf_guests::CONFIDE;

use crate::support::{Service, TestHost};

fn service() -> Service {
    Service::of(&CONFIDE).set("secrets", "{ told = { file = \"told\" }, kept = { env = \"KEPT\" } }")
}

fn host(service: Service) -> TestHost {
    let host = TestHost::new().with(service).variable("KEPT", "k3pt");
    fs::write(host.path().join("told"), "t0ld\n").expect("a secret can be written");
    host
}

#[test]
fn settings_arrive_with_their_defaults() {
    let host = host(service().set("config", "{ text = \"hello\" }")).start();
    assert_eq!(host.get("/s/confide/settings").send().json(), json!({"limit": 7, "text": "hello"}));
    host.stop();
}

#[test]
fn a_secret_that_is_asked_for_and_given_arrives_and_no_other() {
    let host = host(service()).start();
    let secret = |name: &str| {
        let answer = host.get(&format!("/s/confide/secret/{name}")).send();
        (answer.status, answer.text())
    };
    assert_eq!(secret("told"), (200, "t0ld".to_owned()));
    // Given and not asked for, asked for and not given, neither.
    for name in ["kept", "extra", "none"] {
        assert_eq!(secret(name), (409, "secrets.denied".to_owned()));
        host.log().find("the secret", |line| line.field("asked") == name && line.field("table") == "[services.confide.secrets]");
    }
    let log = host.stop().text();
    assert!(!log.contains("t0ld") && !log.contains("k3pt"), "{log}");
}
