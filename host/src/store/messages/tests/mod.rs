//! The states of messages, on real files.

mod order;
mod properties;
mod states;

use super::*;
use crate::store::{Batch, Effect, Store, subscriptions};

const SERVICE: &str = "notes";
const LEASE_MS: u64 = 30_000;
const MAX_ATTEMPTS: u32 = 3;

fn id(number: u32) -> String {
    format!("{number:024x}")
}

fn about(app: &str) -> About {
    About { app_key: app.to_owned(), app_id: format!("id of {app}"), subscription_id: format!("subscription of {app}") }
}

fn letter(number: u32, app: &str) -> Letter {
    Letter {
        id: id(number),
        kind: "app_subscribe_service".to_owned(),
        content: "{}".to_owned(),
        back_service_id: None,
        about: Some(about(app)),
        fault: None,
    }
}

/// What nobody can read.
fn unreadable(number: u32) -> Letter {
    Letter { about: None, fault: Some("it is no JSON".to_owned()), ..letter(number, "") }
}

async fn listed(store: &Store, letters: &[Letter], now_ms: u64) -> Listed {
    store.messages_listed(SERVICE, letters.to_vec(), now_ms, now_ms).await.unwrap()
}

fn want(owner: &str, now_ms: u64, limit: u32) -> Want {
    Want {
        service: SERVICE.to_owned(),
        owner: owner.to_owned(),
        now_ms,
        expires_ms: now_ms + LEASE_MS,
        max_attempts: MAX_ATTEMPTS,
        limit,
    }
}

async fn claim(store: &Store, now_ms: u64, limit: u32) -> Vec<Claim> {
    store.messages_claim(want("one", now_ms, limit)).await.unwrap().claims
}

async fn claim_one(store: &Store, now_ms: u64) -> Claim {
    let mut claims = claim(store, now_ms, 1).await;
    assert_eq!(claims.len(), 1, "one message can be claimed");
    claims.remove(0)
}

fn done(claim: &Claim, now_ms: u64) -> Effect {
    Effect::MessageDone(Done { lease: claim.lease.clone(), now_ms })
}

async fn complete(store: &Store, claim: &Claim, now_ms: u64) -> Result<(), StoreError> {
    store.commit(done(claim, now_ms).into()).await.map(drop)
}

async fn give_up(store: &Store, claim: &Claim, now_ms: u64) {
    store.message_put_back(&claim.lease, PutBack::Dead { reason: "hopeless".to_owned() }, now_ms).await.unwrap();
}

async fn state(store: &Store, number: u32) -> Option<State> {
    store.message(SERVICE, &id(number)).await.unwrap().map(|message| message.state)
}

fn ids(claims: &[Claim]) -> Vec<String> {
    claims.iter().map(|claim| claim.lease.id.clone()).collect()
}

fn is_lost(result: Result<(), StoreError>) -> bool {
    matches!(result, Err(StoreError::Message(MessageError::ClaimLost { .. })))
}

/// What must hold of the tables at any time.
async fn check(store: &Store) {
    let wrong = store.read(|connection| {
        let count = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
        let unfinished = "app_key IS NOT NULL AND place IS NOT NULL AND state IN ('known', 'claimed', 'dead')";
        Ok([
            (
                "an app whose head is neither claimed nor its first unfinished message",
                count(&format!(
                    "SELECT count(*) FROM (SELECT sum(head) AS heads, min(place) AS first, min(iif(head, place, NULL)) AS head,
                         sum(state = 'claimed' AND head) AS claimed
                     FROM messages WHERE {unfinished} GROUP BY service, app_key) WHERE heads <> 1 OR (head <> first AND NOT claimed)"
                )),
            ),
            ("a head that is finished", count(&format!("SELECT count(*) FROM messages WHERE head = 1 AND NOT ({unfinished})"))),
            (
                "a count that is wrong",
                count(
                    "SELECT count(*) FROM
                         (SELECT service, state, count(*) AS there FROM messages GROUP BY service, state) AS real
                     FULL JOIN (SELECT * FROM message_counts WHERE count <> 0) AS kept USING (service, state)
                     WHERE there IS NOT count",
                ),
            ),
            (
                "an app with two claims",
                count(
                    "SELECT count(*) FROM (SELECT 1 FROM messages WHERE state = 'claimed' GROUP BY service, app_key
                     HAVING count(*) > 1)",
                ),
            ),
            (
                "a claim without an owner, or an owner without a claim",
                count(
                    "SELECT count(*) FROM messages WHERE (state = 'claimed') <> (owner IS NOT NULL AND expires_ms IS NOT NULL)",
                ),
            ),
        ])
    });
    for (what, count) in wrong.await.unwrap() {
        assert_eq!(count, 0, "{what}");
    }
}
