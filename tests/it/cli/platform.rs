//! `wharf platform`: what an operator is told, in words.

use wharf_guests::IDENTITY;

use crate::support::{Run, Running, Service, TestHost, wharf};

fn host() -> Running {
    let service = Service::of(&IDENTITY).named("user").security_key("the securityKey of the user service").not_installed();
    TestHost::new().section("[platform]\nmode = \"embedded\"").with(service).start()
}

fn platform(host: &Running, arguments: &[&str]) -> Run {
    host.wharf(["platform"].into_iter().chain(arguments.iter().copied()))
}

#[test]
fn what_is_there_and_what_is_not_is_said_in_words() {
    let host = host();
    assert!(platform(&host, &["app", "list"]).ok().contains("`wharf platform app create` makes one"));
    assert!(platform(&host, &["message", "list"]).ok().contains("there are no messages"));
    assert!(platform(&host, &["outbox", "list"]).ok().contains("the outbox is empty"));
    assert!(platform(&host, &["app", "create", "a1", "--name", "First"]).ok().contains("app `a1` is registered"));
    let apps = platform(&host, &["app", "list"]).ok();
    assert!(apps.starts_with("KEY") && apps.contains("a1") && apps.contains("First"), "{apps}");
    let services = platform(&host, &["service", "list"]).ok();
    assert!(services.contains("user") && services.contains("configuration") && services.contains("/s/user"), "{services}");
    let service = platform(&host, &["service", "show", "user"]).ok();
    assert!(service.contains("notices go to") && !service.contains("the securityKey of the user service"), "{service}");

    assert!(platform(&host, &["subscription", "add", "a1", "user"]).ok().contains("waits for the service `user` to say yes"));
    let subscriptions = platform(&host, &["subscription", "list"]).ok();
    assert!(subscriptions.contains("pending_subscribed"), "{subscriptions}");
    assert!(platform(&host, &["message", "list"]).ok().contains("app_subscribe_service"));
    assert!(platform(&host, &["subscription", "force", "a1", "user"]).ok().contains("app `a1` has subscribed"));
    assert!(platform(&host, &["subscription", "cancel", "a1", "user"]).ok().contains("is leaving"));
    assert!(platform(&host, &["subscription", "force", "a1", "user", "--gone"]).ok().contains("no subscription"));
    assert!(platform(&host, &["app", "remove", "a1"]).ok().contains("app `a1` is removed"));
    host.stop();
}

#[test]
fn a_token_is_all_that_stands_on_standard_output() {
    let host = host();
    platform(&host, &["app", "create", "a1"]).ok();
    for arguments in [&["app", "token", "a1"][..], &["service", "token", "user"], &["app", "token", "a1", "--renew"]] {
        let run = platform(&host, arguments);
        assert!(run.stderr.contains("valid until"), "{}", run.stderr);
        let token = run.ok();
        assert!(token.trim_end().len() == 40 && token.trim_end().bytes().all(|byte| byte.is_ascii_hexdigit()), "{token}");
    }
    let code = platform(&host, &["invitation", "create", "--expires", "1h"]).ok();
    assert_eq!(code.trim_end().len(), 17, "{code}");
    host.stop();
}

#[test]
fn what_cannot_be_is_refused_with_a_code_and_a_way_out() {
    let host = host();
    platform(&host, &["app", "create", "Bad Key"]).refused("WH1007", "key");
    platform(&host, &["app", "create", "a1", "--name", " "]).refused("WH1007", "name");
    platform(&host, &["app", "create", "a1", "--developer", "nobody@example.com"]).refused("WH1452", "nobody@example.com");
    platform(&host, &["app", "create", "a1"]).ok();
    platform(&host, &["app", "create", "a1"]).refused("WH1453", "a1");
    platform(&host, &["app", "token", "a2"]).refused("WH1452", "a2");
    platform(&host, &["service", "show", "\u{1b}[31m"]).refused("WH1452", "\\u{1b}");
    platform(&host, &["subscription", "add", "a1", "crud"]).refused("WH1452", "crud");
    platform(&host, &["subscription", "cancel", "a1", "user"]).refused("WH1453", "a1");
    platform(&host, &["subscription", "force", "a1", "user", "--gone"]).refused("WH1453", "a1");
    platform(&host, &["subscription", "add", "a1", "user"]).ok();
    platform(&host, &["subscription", "add", "a1", "user"]).refused("WH1453", "a1");
    platform(&host, &["subscription", "cancel", "a1", "user"]).refused("WH1453", "force");
    platform(&host, &["app", "remove", "a1"]).refused("WH1453", "a1");
    platform(&host, &["invitation", "create", "--expires", "0s"]).refused("WH1007", "lifetime");
    platform(&host, &["developer", "create", "nobody"]).refused("WH1007", "e-mail");
    host.stop();
}

#[test]
fn a_developers_password_comes_from_a_file_or_is_made() {
    let host = host();
    let here = host.path().to_owned();
    let create = |file: &str, stdin: &str| {
        let arguments = ["platform", "developer", "create", "ada@example.com", "--password-file", file];
        wharf(arguments).stdin(stdin).within(&here).run()
    };
    create("none", "").refused("WH1006", "none");
    create("-", "").refused("WH1007", "password");
    let run = create("-", "hunter2\n");
    assert!(!run.stdout.contains("hunter2"), "{}", run.stdout);
    assert!(run.ok().contains("developer `ada@example.com` is made"));
    create("-", "hunter2\n").refused("WH1453", "ada@example.com");
    let made = platform(&host, &["developer", "create", "bob@example.com"]).ok();
    for (email, password) in [("ada@example.com", "hunter2"), ("bob@example.com", made.trim_end())] {
        let body = format!("{{\"email\":\"{email}\",\"password\":\"{password}\"}}");
        assert_eq!(host.post("/v1.0/public/login").body(body).send().status, 200, "{email}");
    }
    let developers = platform(&host, &["developer", "list"]).ok();
    assert!(developers.contains("ada@example.com") && developers.contains("bob@example.com"), "{developers}");
    host.stop();
}
