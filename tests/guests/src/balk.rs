//! Fails at a message's first attempts, after it has written something.

use std::time::Duration;

use wharf_sdk::prelude::*;

#[derive(Deserialize)]
struct Settings {
    /// Attempts of each message that fail.
    failures: u32,
    /// At what it fails: `subscribe`, `cancel` or `purge`.
    at: String,
}

#[on_subscribe]
fn subscribed(subscription: Subscription) -> Result<()> {
    kv::store("own")?.set("since", &subscription.message_id)?;
    attempt("subscribe", &subscription)
}

#[on_cancel]
fn cancelled(subscription: Subscription) -> Result<()> {
    attempt("cancel", &subscription)
}

#[on_purge]
fn purge(subscription: Subscription) -> Result<()> {
    attempt("purge", &subscription)
}

fn attempt(what: &str, Subscription { message_id, attempt, .. }: &Subscription) -> Result<()> {
    let Settings { failures, at } = settings()?;
    kv::shared("attempts")?.set(&format!("{message_id}/{attempt}"), b"")?;
    if at == what && *attempt <= failures {
        let error = Error::failure("balk.not-yet", format!("attempt {attempt} is not good enough"));
        return Err(error.retry_after(Duration::from_millis(20)));
    }
    Ok(())
}

/// The attempts that left something behind.
#[get("/")]
fn attempts() -> Result<Json<Vec<String>>> {
    Ok(Json(kv::shared("attempts")?.keys("", None, 1_000)?.keys))
}

/// What the calling app has, for apps that did not cancel.
#[get("/mine")]
fn mine() -> Result<Option<String>> {
    left()
}

/// The same for all apps.
#[get("/left")]
fn left_behind() -> Result<Option<String>> {
    left()
}

fn left() -> Result<Option<String>> {
    let entry = kv::store("own")?.get("since")?;
    Ok(entry.map(|entry| String::from_utf8(entry.value)).transpose()?)
}

service!(attempts, mine, left_behind, lifecycle(subscribed, cancelled, purge));
