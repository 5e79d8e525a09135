//! Mail: into the outbox by a plugin, out of it by the operator.

use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::runtime::Builder;
use wharf::store::{
    DataDir, Store,
    outbox::{Letter, Put},
};
use wharf_guests::MAILER;

use super::{Embedded, text};
use crate::{
    limits::{Row, assert_told},
    support::{Running, Service, TestHost, wait::until},
};

const KEY: &str = "the securityKey of the mailer";

fn service() -> Service {
    Service::of(&MAILER).security_key(KEY)
}

fn host(service: Service) -> Running {
    TestHost::new().operation().section("[platform]\nmode = \"embedded\"").with(service).start()
}

/// What the plugin is told of a letter it sends for the app `a1`; nothing if all is well.
fn send(host: &Running, letter: &Value) -> Value {
    let platform = Embedded(host);
    let context = super::entity(&platform.get("/public/ocean_context/a1", ""));
    let header = text(&context["backServices"]["mailer"]["oceanAuthHeader"]);
    let answer = host.post("/s/mailer/").header("Ocean-Auth", header).body(letter.to_string()).send();
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["error"].clone()
}

fn letter() -> Value {
    json!({
        "to": "ada@example.com", "kind": "password-reset", "subject": "Your password", "text": "Hello,\nfollow the link.",
        "link": "https://example.com/#/reset/0123456789abcdef",
    })
}

#[test]
fn a_letter_waits_in_the_outbox_until_the_operator_has_sent_it() {
    let host = host(service().set("mail", "true"));
    let platform = Embedded(&host);
    platform.app("a1");
    platform.subscribed("a1", "mailer");
    assert_eq!(platform.wharf(["outbox", "list"]), json!([]));
    assert_eq!(send(&host, &letter()), Value::Null);

    let listed = platform.wharf(["outbox", "list"])[0].take();
    let id = text(&listed["id"]);
    assert_eq!((&listed["service"], &listed["app"], &listed["kind"]), (&"mailer".into(), &"a1".into(), &"password-reset".into()));
    assert_eq!((&listed["to"], &listed["subject"]), (&"ada@example.com".into(), &"Your password".into()));
    assert!(listed["sent_ms"].is_null() && listed.get("text").is_none() && listed.get("link").is_none(), "{listed}");
    let shown = platform.wharf(["outbox", "show", &id]);
    assert_eq!((&shown["text"], &shown["link"]), (&letter()["text"], &letter()["link"]));
    let text_form = host.wharf(["platform", "outbox", "show", &id]).ok();
    assert!(text_form.contains("Link: https://example.com/#/reset/0123456789abcdef\n"), "{text_form}");

    assert_eq!(platform.wharf(["outbox", "sent", &id])["sent"], true);
    assert!(platform.wharf(["outbox", "list"])[0]["sent_ms"].is_u64());
    assert_eq!(platform.wharf(["outbox", "remove", &id])["removed"], true);
    assert_eq!(platform.wharf(["outbox", "list"]), json!([]));
    for command in ["show", "sent", "remove"] {
        host.wharf(["platform", "outbox", command, &id]).refused("WH1452", "letter");
    }
    host.stop();
}

#[test]
fn a_letter_that_is_none_is_refused_and_nothing_is_kept() {
    let host = host(service().set("mail", "true"));
    let platform = Embedded(&host);
    platform.app("a1");
    platform.subscribed("a1", "mailer");
    for (key, value) in [
        ("to", "nobody".to_owned()),
        ("to", "a@b.com\r\nBcc: c@d.com".to_owned()),
        ("subject", String::new()),
        ("kind", "No Kind".to_owned()),
        ("link", "javascript:alert(1)".to_owned()),
        ("text", "x".repeat((64 << 10) + 1)),
    ] {
        let mut bad = letter();
        bad[key] = value.into();
        assert_eq!(send(&host, &bad), "mail.invalid", "{key}");
    }
    let anonymous = host.post("/s/mailer/").body(letter().to_string()).send();
    assert_eq!(anonymous.json()["error"], "mail.no-app");
    assert_eq!(platform.wharf(["outbox", "list"]), json!([]));
    host.stop();
}

#[test]
fn without_the_grant_nothing_is_sent() {
    let host = host(service());
    let platform = Embedded(&host);
    platform.app("a1");
    platform.subscribed("a1", "mailer");
    assert_eq!(send(&host, &letter()), "mail.denied");
    host.log().find("what was denied", |line| line.field("capability") == "mail" && line.field("table") == "[services.mailer]");
    assert_eq!(platform.wharf(["outbox", "list"]), json!([]));
    host.stop();
}

/// A letter of a message's handling comes with the message's completion: once, and only if the plugin said ok.
#[test]
fn a_welcome_comes_into_the_outbox_with_the_subscription() {
    let host = host(service().set("mail", "true"));
    let platform = Embedded(&host);
    platform.app("a1");
    platform.wharf(["subscription", "add", "a1", "mailer"]);
    until("the subscription holds", || (platform.wharf(["subscription", "list"])[0]["state"] == "subscribed").then_some(()));
    let letters = platform.wharf(["outbox", "list"]);
    let letters = letters.as_array().expect("a list");
    assert_eq!(letters.len(), 1, "{letters:?}");
    assert_eq!((&letters[0]["kind"], &letters[0]["app"]), (&"welcome".into(), &"a1".into()));
    host.stop();
}

/// What plugins wrote for a platform elsewhere is looked at with the same commands.
#[test]
fn the_outbox_is_there_without_a_platform_in_the_host() {
    let host = TestHost::new().with(service().set("mail", "true")).start();
    let platform = Embedded(&host);
    assert_eq!(platform.wharf(["outbox", "list"]), json!([]));
    host.wharf(["platform", "app", "list"]).refused("WH1451", "platform");
    host.stop();
}

pub(crate) fn over_its_letters(row: &Row) {
    let host = host(service().set("mail", "true"));
    let platform = Embedded(&host);
    platform.app("flood");
    platform.wharf(["subscription", "add", "flood", "mailer"]);
    let line = host.log().find("that it wrote too many", |line| line.field("failure").contains(row.error()));
    let [most] = row.numbers();
    assert!(line.field("failure").contains(&format!("write {most} letters")), "{}", line.text());
    assert_told(&host, "mailer", "letters", most);
    assert_eq!(platform.wharf(["outbox", "list"]), json!([]), "nothing of it is left");
    host.stop();
}

pub(crate) fn over_its_outbox(row: &Row) {
    let [most] = row.numbers();
    let host = TestHost::new().operation().section("[platform]\nmode = \"embedded\"").with(service().set("mail", "true"));
    let data = host.path().join("data");
    {
        let store = Store::open(&DataDir::open(&data).expect("a data directory")).expect("a store");
        let letter = Letter { to: "a@b".to_owned(), subject: "s".to_owned(), text: String::new(), link: None };
        let put = || Put::new(store.seal(), "mailer", "a1", "test", &letter, 0).expect("a letter can be sealed");
        let runtime = Builder::new_current_thread().build().expect("a runtime can be made");
        let stored = runtime.block_on(join_all((1..most).map(|_| store.outbox_put(put()))));
        assert!(stored.iter().all(Result::is_ok));
    }
    let host = host.start();
    let platform = Embedded(&host);
    platform.app("a1");
    platform.subscribed("a1", "mailer");
    assert_eq!(send(&host, &letter()), Value::Null);
    assert_eq!(send(&host, &letter()), row.error());
    assert_told(&host, "mailer", "outbox", most);
    let id = text(&platform.wharf(["outbox", "list"])[0]["id"]);
    platform.wharf(["outbox", "sent", &id]);
    assert_eq!(send(&host, &letter()), Value::Null, "what was sent makes room");
    host.stop();
}
