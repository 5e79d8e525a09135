//! Bearer tokens against the binary: those the host makes, those an issuer signs, and what a refusal looks like to the byte.
//!
//! The guest `doors` has one route for each requirement, and answers with the caller it was given.

mod issuer;
pub(crate) mod jwt;
mod refused;
mod tokens;

use serde_json::Value;

use crate::support::{Answer, Running, Service};

/// A service of the guest, with more of its table.
fn doors(settings: &[(&str, &str)]) -> Service {
    settings.iter().fold(Service::of(&wharf_guests::DOORS), |service, (key, value)| service.set(key, value))
}

/// GET with this bearer token.
#[track_caller]
fn get(host: &Running, route: &str, token: &str) -> Answer {
    host.get(&format!("/s/doors/{route}")).header("authorization", format!("Bearer {token}")).send()
}

/// `wharf token create` with these arguments; its JSON.
#[track_caller]
fn create(host: &Running, arguments: &[&str]) -> Value {
    let create = ["token", "create", "--format", "json", "--service", "doors", "--app", "a1"];
    host.wharf(create.into_iter().chain(arguments.iter().copied())).json()
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_else(|| panic!("{key} is no text in {value}"))
}
