//! How services hear that a message waits: those of this host without a word leaving it, others by a POST to their address.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use rustix::process::Signal;
use serde_json::{Value, json};

use super::{Embedded, done, entities, entity, host, text};
use crate::support::{
    Running,
    server::{Reply, Sent, Server},
    wait::until,
};

fn ok() -> Reply {
    Reply::new("200 OK", "")
}

fn broken() -> Reply {
    Reply::new("500 Internal Server Error", "")
}

/// A developer's service whose notices go to `address`, and an app of his: the tokens of both, and the service's id.
struct Elsewhere {
    app: String,
    service: String,
    id: String,
}

impl Elsewhere {
    fn new(platform: &Embedded<'_>, address: &str) -> Self {
        let password = text(&platform.wharf(["developer", "create", "ada@example.com"])["password"]);
        let login = json!({"email": "ada@example.com", "password": password});
        let token = text(&entities(&platform.send("POST", "/public/login", "", &login))[0]["accessTokenCode"]);
        let service = json!({"name": "Mine", "key": "mine", "signKey": "k", "messageApiAddress": address});
        let id = text(&entity(&platform.send("POST", "/developer/services", &token, &service))["_id"]);
        let app = json!({"name": "A", "key": "a1"});
        let app = text(&entity(&platform.send("POST", "/developer/apps", &token, &app))["_id"]);
        let code = |kind: &str, id: &str| {
            let answer = platform.get(&format!("/developer/access_token/{kind}/{id}"), &token);
            text(&entity(&answer)["accessTokenCode"])
        };
        Self { app: code("app", &app), service: code("service", &id), id }
    }

    fn subscribe(&self, platform: &Embedded<'_>) {
        done(&platform.post(&format!("/app/service/{}/subscribe", self.id), &self.app));
    }

    /// The one message there is.
    fn message(&self, platform: &Embedded<'_>) -> Value {
        entities(&platform.get("/service/messages", &self.service)).remove(0)
    }
}

/// The state of the one message, as an operator is shown it.
fn shown(host: &Running) -> (String, u64, Value) {
    let message = Embedded(host).wharf(["message", "list"])[0].take();
    (text(&message["state"]), message["failed_notices"].as_u64().expect("a count"), message["next_notice_ms"].clone())
}

#[test]
fn a_service_elsewhere_is_told_the_messages_id_and_nothing_else() {
    let server = Server::new(|_| ok());
    let host = host().start();
    let platform = Embedded(&host);
    let mine = Elsewhere::new(&platform, &server.url("/messages?x=1"));
    mine.subscribe(&platform);
    let sent: Sent = until("the service is told", || server.sent().pop());
    let message = mine.message(&platform);
    assert_eq!(sent.line, "POST /messages?x=1");
    assert_eq!(String::from_utf8_lossy(&sent.body), format!("{{\"id\":\"{}\"}}", text(&message["_id"])));
    assert_eq!(sent.header("content-type"), Some("application/json"));
    assert_eq!((sent.header("accesstoken"), sent.header("referer")), (None, None), "{}", sent.head);
    until("the message is sent", || (shown(&host).0 == "send").then_some(()));
    assert_eq!(shown(&host), ("send".to_owned(), 0, Value::Null));

    done(&platform.post(&format!("/service/message/{}/resolved", text(&message["_id"])), &mine.service));
    assert_eq!(platform.wharf(["subscription", "list"])[0]["state"], "subscribed");
    assert_eq!(shown(&host).0, "resolved");
    host.stop();
    assert_eq!(server.sent().len(), 1, "one notice arrived, so there is no other");
}

#[test]
fn a_notice_that_fails_is_sent_again_and_a_kill_changes_nothing() {
    let answers = Arc::new(AtomicBool::new(false));
    let well = answers.clone();
    let server = Server::new(move |_| if well.load(Ordering::Relaxed) { ok() } else { broken() });
    let mut host = host().start();
    let platform = Embedded(&host);
    let mine = Elsewhere::new(&platform, &server.url("/m"));
    mine.subscribe(&platform);
    until("a notice has failed", || (shown(&host).1 >= 1).then_some(()));
    assert!(shown(&host).2.is_u64(), "another one is due");
    host.log().find("that it did not arrive", |line| line.message() == "a notice did not arrive");

    host.process().signal(Signal::KILL);
    host.process().wait();
    answers.store(true, Ordering::Relaxed);
    let host = host.after_its_end().serve();
    until("the service is told", || (shown(&host).0 == "send").then_some(()));
    let id = text(&mine.message(&Embedded(&host))["_id"]);
    let bodies = server.sent().into_iter().map(|sent| String::from_utf8_lossy(&sent.body).into_owned());
    assert!(bodies.into_iter().all(|body| body == format!("{{\"id\":\"{id}\"}}")), "the same id each time");
    host.stop();
}

#[test]
fn one_service_that_does_not_answer_holds_up_no_other() {
    let stuck = Server::new(|_| Reply::Never);
    let server = Server::new(|_| ok());
    let host = host().start();
    let platform = Embedded(&host);
    let mine = Elsewhere::new(&platform, &stuck.url("/m"));
    let (_, other) = platform.app("other");
    mine.subscribe(&platform);
    until("it is asked", || stuck.sent().pop());
    let password = text(&platform.wharf(["developer", "create", "bob@example.com"])["password"]);
    let login = json!({"email": "bob@example.com", "password": password});
    let bob = text(&entities(&platform.send("POST", "/public/login", "", &login))[0]["accessTokenCode"]);
    let service = json!({"name": "His", "key": "his", "signKey": "k2", "messageApiAddress": server.url("/m")});
    entity(&platform.send("POST", "/developer/services", &bob, &service));
    platform.wharf(["subscription", "add", "other", "his"]);
    until("the other one is told", || server.sent().pop());
    drop(other);
    host.stop();
}

/// Where a notice may not go nothing is sent; the service still finds its message by asking.
#[test]
fn a_notice_goes_to_no_address_that_is_not_https_or_this_machine() {
    let host = host().start();
    let platform = Embedded(&host);
    let mine = Elsewhere::new(&platform, "http://192.0.2.1/m");
    mine.subscribe(&platform);
    let line = host.log().find("why", |line| line.message() == "a notice did not arrive");
    assert_eq!(line.field("why"), "its message address is not https");
    assert_eq!(mine.message(&platform)["type"], "app_subscribe_service");
    host.stop();
}

/// The whole loop in one process: the app subscribes, the service's plugin (which has nothing to say to it) is passed, and the
/// subscription holds; then it cancels, and the subscription is gone.
#[test]
fn a_service_of_this_host_says_yes_by_itself() {
    let host = host().section("poll-interval = \"24h\"").start();
    let platform = Embedded(&host);
    let (_, app) = platform.app("a1");
    let crud = platform.service_id("crud");
    let state = || {
        let services = entities(&platform.get("/app/subscribed_services", &app));
        services.first().map_or_else(String::new, |service| text(&service["status"]))
    };
    done(&platform.post(&format!("/app/service/{crud}/subscribe"), &app));
    until("the subscription holds", || (state() == "subscribed").then_some(()));
    let context = entity(&platform.get("/public/ocean_context/a1", "null"));
    assert!(context["backServices"]["crud"]["api"].is_string());
    done(&platform.post(&format!("/app/service/{crud}/cancel"), &app));
    until("the subscription is gone", || state().is_empty().then_some(()));
    let messages = platform.wharf(["message", "list"]);
    let states: Vec<&Value> = messages.as_array().expect("a list").iter().map(|message| &message["state"]).collect();
    assert_eq!(states, ["resolved", "resolved"]);
    host.stop();
}
