//! Writes down every message it is told.

use std::sync::atomic::{AtomicU32, Ordering};

use lifecycle::{Kind, Told};
use wharf_sdk::prelude::*;

#[macro_use]
#[path = "../raw/lifecycle.rs"]
mod lifecycle;

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

fn told(told: Told) -> Result<()> {
    let Told { kind, message_id: id, subscription_id, app_key, app_id, at_ms, attempt } = told;
    let kind = match kind {
        Kind::Subscribed => "subscribed",
        Kind::Cancelled => "cancelled",
        Kind::Purge => "purge",
    };
    info!("{kind}");
    let journal = kv::shared("journal")?;
    let before: Option<Noted> = journal.get_json(&format!("messages/{id}"))?;
    let times = before.map_or(0, |noted| noted.times) + 1;
    let calls = CALLS.fetch_add(1, Ordering::Relaxed) + 1;
    let kind_text = kind.to_owned();
    let noted = Noted {
        id: id.clone(),
        kind: kind_text,
        app_key: app_key.clone(),
        app_id,
        subscription_id,
        at_ms,
        attempt,
        times,
        calls,
    };
    journal.set_json(&format!("messages/{id}"), &noted)?;
    let mut told: Vec<String> = journal.get_json(&format!("apps/{app_key}"))?.unwrap_or_default();
    told.push(format!("{kind} {id}"));
    journal.set_json(&format!("apps/{app_key}"), &told)?;
    // In the app's own store is what it was told last, until its data has to go.
    let own = kv::store("own")?;
    if kind == "purge" {
        own.delete("last")?;
    } else {
        own.set("last", id.as_bytes())?;
    }
    // What was written is there, though nothing is stored yet.
    let again: Option<Vec<String>> = journal.get_json(&format!("apps/{app_key}"))?;
    let listed = journal.keys(&format!("messages/{id}"), None, 1)?.keys;
    if again != Some(told) || listed.is_empty() {
        return Err(Error::failure("journal.lost", "a write cannot be read back"));
    }
    Ok(())
}

/// All messages, in the order of their ids.
#[get("/messages")]
fn messages() -> Result<Json<Vec<Noted>>> {
    let journal = kv::shared("journal")?;
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = journal.keys("messages/", after.as_deref(), 1_000)?;
        for key in page.keys {
            all.extend(journal.get_json(&key)?);
        }
        after = page.next;
        if after.is_none() {
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

service!(messages, app, last);
lifecycle!(told);
