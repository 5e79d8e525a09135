//! Messages from a platform elsewhere to a plugin, through the running host.

mod travel;
mod failing;
pub(crate) mod notice;
mod poll;
mod operate;
mod kill;

use wharf_guests::{BALK, INNOCENT, JOURNAL};

use crate::support::{
    Platform, Running, Service, TestHost,
    platform::{Message, TOKEN},
    wait::until,
};

/// A service of the platform that writes down what it is told.
fn journal() -> Service {
    Service::of(&JOURNAL)
        .access_token(TOKEN)
        .security_key("sample_signKey")
        .set("kv.stores", "[\"own\"]")
        .set("kv.shared", "[\"journal\"]")
}

/// One that fails so often before it takes a message.
fn balk(failures: u32) -> Service {
    Service::of(&BALK)
        .access_token(TOKEN)
        .security_key("sample_signKey")
        .set("kv.stores", "[\"own\"]")
        .set("kv.shared", "[\"attempts\"]")
        .set("config.failures", &failures.to_string())
}

/// A host with this service of that platform, and an innocent neighbour, which has none.
fn host(platform: &Platform, service: Service) -> TestHost {
    TestHost::new().section(&platform.section()).with(service).with(Service::of(&INNOCENT))
}

fn notify(host: &Running, service: &str, id: &str) -> u16 {
    host.post(&format!("/m/{service}"))
        .header("content-type", "application/json")
        .body(format!("{{\"id\":\"{id}\"}}"))
        .send()
        .status
}

/// Waits until the platform knows of so many messages that they are handled; returns them in that order.
#[track_caller]
fn resolved(platform: &Platform, count: usize) -> Vec<String> {
    until(&format!("{count} messages are resolved"), || Some(platform.resolved()).filter(|resolved| resolved.len() >= count))
}

/// What the plugin was told of an app, in its order.
fn told(host: &Running, app: &str) -> Vec<String> {
    serde_json::from_value(host.get(&format!("/s/journal/apps/{app}")).send().json()).expect("a list")
}

/// A message about another app, or another one about the same.
fn message(number: u32, kind: &str, app: u32) -> Message {
    Message::new(
        &format!("{number:024x}"),
        kind,
        &format!("{:024x}", 0xa000_0000_u32 + app),
        &format!("app-{app}"),
        &format!("{:024x}", 0xb000_0000_u32 + app),
    )
}

/// An anonymous Ocean-Auth header of an app for a service.
fn mint(host: &Running, service: &str, app: &str) -> String {
    host.wharf(["ocean-auth", "mint", "--key-file", &format!("{service}.key"), "--app", app]).ok().trim().to_owned()
}
