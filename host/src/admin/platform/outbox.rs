//! The outbox: what plugins wrote, for the operator to send on. It is there whether the platform is in this host or not.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::next;
use crate::{
    clock::Clock,
    codes,
    problem::Problem,
    store::{Store, outbox::Entry, platform::PAGE},
};

/// One thing to do with the outbox. Letters go by their ids.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Letters {
    List { after: u64 },
    Show { id: String },
    Sent { id: String },
    Remove { id: String },
}

pub(super) async fn carry_out(store: &Store, clock: &Clock, task: Letters) -> Result<Value, Problem> {
    match task {
        Letters::List { after } => list(store, after).await,
        Letters::Show { id } => show(store, &id).await,
        Letters::Sent { id } => sent(store, clock, &id).await,
        Letters::Remove { id } => remove(store, &id).await,
    }
}

async fn list(store: &Store, after: u64) -> Result<Value, Problem> {
    let letters = store.outbox(after, PAGE).await.map_err(|error| error.problem())?;
    let next = next(&letters, |entry| entry.seq.into());
    Ok(json!({"letters": letters.iter().map(|entry| describe(store, entry)).collect::<Vec<_>>(), "next": next}))
}

/// A letter with its text and its link.
async fn show(store: &Store, id: &str) -> Result<Value, Problem> {
    let entry = store.outbox_letter(id).await.map_err(|error| error.problem())?.ok_or_else(unknown)?;
    let letter = entry.letter(store.seal()).ok_or_else(|| {
        Problem::new(&codes::STORE_FAILED, "the letter cannot be opened")
            .why("it was sealed under another host key than this data directory has")
            .fix("bring the old `host.key` back, or remove the letter")
    })?;
    let mut shown = describe(store, &entry);
    shown["text"] = letter.text.into();
    shown["link"] = letter.link.into();
    Ok(shown)
}

async fn sent(store: &Store, clock: &Clock, id: &str) -> Result<Value, Problem> {
    let found = store.outbox_sent(id, clock.now_ms()).await.map_err(|error| error.problem())?;
    if found { Ok(json!({"id": id, "sent": true})) } else { Err(unknown()) }
}

async fn remove(store: &Store, id: &str) -> Result<Value, Problem> {
    let found = store.outbox_remove(id).await.map_err(|error| error.problem())?;
    if found { Ok(json!({"id": id, "removed": true})) } else { Err(unknown()) }
}

/// Whom a letter is to and what it is about; not what it says.
fn describe(store: &Store, entry: &Entry) -> Value {
    let letter = entry.letter(store.seal());
    json!({
        "id": entry.id, "service": entry.service, "app": entry.app, "kind": entry.kind, "created_ms": entry.created_ms,
        "sent_ms": entry.sent_ms, "to": letter.as_ref().map(|letter| &letter.to),
        "subject": letter.as_ref().map(|letter| &letter.subject),
    })
}

fn unknown() -> Problem {
    Problem::new(&codes::PLATFORM_UNKNOWN, "the outbox has no letter of this id")
        .fix("see the ids with `wharf platform outbox list`")
}
