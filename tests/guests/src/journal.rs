//! Writes down every message it is told.

use std::sync::atomic::{AtomicU32, Ordering};

use wharf_sdk::prelude::*;

/// Calls that this instance was told of.
static CALLS: AtomicU32 = AtomicU32::new(0);

/// What is known of one message.
#[derive(Deserialize, Serialize)]
struct Noted {
    id: String,
    kind: String,
    app_key: String,
    app_id: Option<String>,
    subscription_id: String,
    at_ms: u64,
    /// The attempt that succeeded.
    attempt: u32,
    /// How often that is stored: once, if the host keeps its promise.
    times: u32,
    /// The calls of the instance that wrote it.
    calls: u32,
}

#[on_subscribe]
fn subscribed(subscription: Subscription) -> Result<()> {
    note("subscribed", &subscription)?;
    kv::store("own")?.set("last", &subscription.message_id).map(drop)
}

#[on_cancel]
fn cancelled(subscription: Subscription) -> Result<()> {
    note("cancelled", &subscription)?;
    kv::store("own")?.set("last", &subscription.message_id).map(drop)
}

#[on_purge]
fn purge(subscription: Subscription) -> Result<()> {
    note("purge", &subscription)?;
    kv::store("own")?.delete("last").map(drop)
}

fn note(kind: &str, subscription: &Subscription) -> Result<()> {
    let Subscription { message_id: id, subscription_id, app, at_ms, attempt, .. } = subscription.clone();
    info!("{kind}");
    let journal = kv::shared("journal")?;
    let (message_key, app_key) = (format!("messages/{id}"), format!("apps/{}", app.key));
    let before: Option<Noted> = journal.get_json(&message_key)?;
    let noted = Noted {
        id: id.clone(),
        kind: kind.to_owned(),
        app_key: app.key,
        app_id: app.id,
        subscription_id,
        at_ms,
        attempt,
        times: before.map_or(0, |noted| noted.times) + 1,
        calls: CALLS.fetch_add(1, Ordering::Relaxed) + 1,
    };
    journal.set_json(&message_key, &noted)?;
    let mut told: Vec<String> = journal.get_json(&app_key)?.unwrap_or_default();
    told.push(format!("{kind} {id}"));
    journal.set_json(&app_key, &told)?;
    // What was written is there, though nothing is stored yet.
    let again: Option<Vec<String>> = journal.get_json(&app_key)?;
    if again != Some(told) || journal.keys(&message_key, None, 1)?.keys != [message_key] {
        return Err(Error::failure("journal.lost", "a write cannot be read back"));
    }
    Ok(())
}

/// From where on to list, and how much.
#[derive(Deserialize)]
struct Where {
    after: Option<String>,
    limit: Option<u32>,
}

/// All messages in the order of their ids; or those behind one, as many as were asked for.
#[get("/messages")]
fn messages(query: Option<Query<Where>>) -> Result<Json<Vec<Noted>>> {
    let (mut after, limit) = query.map_or((None, None), |Query(page)| (page.after, page.limit));
    let journal = kv::shared("journal")?;
    let mut all = Vec::new();
    loop {
        let page = journal.keys("messages/", after.map(|id| format!("messages/{id}")).as_deref(), limit.unwrap_or(1_000))?;
        for key in page.keys {
            all.extend(journal.get_json(&key)?);
        }
        after = page.next.and_then(|key| Some(key.strip_prefix("messages/")?.to_owned()));
        if after.is_none() || limit.is_some() {
            return Ok(Json(all));
        }
    }
}

/// What was told of one app, in its order.
#[get("/apps/{key}")]
fn app(key: String) -> Result<Json<Vec<String>>> {
    Ok(Json(kv::shared("journal")?.get_json(&format!("apps/{key}"))?.unwrap_or_default()))
}

/// The message the calling app's own store has.
#[get("/last")]
fn last() -> Result<Option<String>> {
    let entry = kv::store("own")?.get("last")?;
    Ok(entry.map(|entry| String::from_utf8(entry.value)).transpose()?)
}

/// The subscription of one app.
#[get("/subscriptions/{key}")]
fn subscription(key: String) -> Result<Option<Json<String>>> {
    Ok(subscriptions::get(&key)?.map(|subscription| Json(show(subscription))))
}

/// All subscriptions, page by page.
#[get("/subscriptions/by/{limit}")]
fn listing(limit: u32) -> Result<Json<Vec<Vec<String>>>> {
    let (mut pages, mut after) = (Vec::new(), None);
    loop {
        let page = subscriptions::page(after.as_deref(), limit)?;
        pages.push(page.subscriptions.into_iter().map(show).collect());
        after = page.next;
        if after.is_none() {
            return Ok(Json(pages));
        }
    }
}

fn show(subscription: subscriptions::Subscription) -> String {
    let subscriptions::Subscription { app, state, since_ms } = subscription;
    format!("{} {} {state:?} {since_ms}", app.key, app.id.unwrap_or_default())
}

service!(messages, app, last, subscription, listing, lifecycle(subscribed, cancelled, purge));
