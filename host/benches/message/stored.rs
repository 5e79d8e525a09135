//! A store that holds many messages, and what receiving and claiming costs in it.

use std::time::Instant;

use tempfile::TempDir;
use tokio::task::JoinSet;
use wharf::store::{
    DataDir, Effect, Store,
    messages::{About, Done, Hint, Letter, Want},
};

const SERVICE: &str = "notes";
/// Messages of one round.
const ROUND: u32 = 512;
/// Notices at once.
const AT_ONCE: usize = 64;
/// Messages in one claim.
const CLAIM: u32 = 32;

/// A store, and what was measured in it.
pub(crate) struct Stored {
    store: Store,
    receive_us: Vec<f64>,
    claim_us: Vec<f64>,
    now_ms: u64,
    _folder: TempDir,
}

impl Stored {
    /// With so many resolved messages of the service, and dead ones of another service that each hold a message.
    pub(crate) fn with(resolved: u32, dead: u32) -> Self {
        let folder = tempfile::tempdir().expect("a directory");
        let open = || Store::open(&DataDir::open(folder.path()).expect("the directory")).expect("a store");
        // Makes the tables.
        drop(open());
        let database = rusqlite::Connection::open(folder.path().join("wharf.db")).expect("the database");
        // Ids of a platform begin with the time; random ones are the worst there can be.
        let fill = format!(
            "PRAGMA synchronous = off; BEGIN;
             WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {resolved})
             INSERT INTO messages (service, id, state, kind, app_key, app_id, subscription_id, place, at_ms, changed_ms, due_ms)
             SELECT '{SERVICE}', lower(hex(randomblob(12))), 'resolved', 'app_subscribe_service', 'app ' || (n % 1000),
                 lower(hex(randomblob(12))), lower(hex(randomblob(12))), n, n, n, n FROM n;
             INSERT INTO message_places VALUES ('{SERVICE}', {resolved} + 1);
             WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 2 * {dead})
             INSERT INTO messages (service, id, state, kind, content, app_key, app_id, subscription_id, place, head, at_ms,
                 changed_ms, due_ms, attempts, reason)
             SELECT 'another', lower(hex(randomblob(12))), iif(n <= {dead}, 'dead', 'known'), 'app_subscribe_service', '{{}}',
                 'app ' || (n % {dead}), lower(hex(randomblob(12))), lower(hex(randomblob(12))), n, n <= {dead}, n, n, n, 16,
                 'it says no' FROM n WHERE {dead} > 0;
             COMMIT;"
        );
        database.execute_batch(&fill).expect("messages");
        drop(database);
        Self { store: open(), receive_us: Vec::new(), claim_us: Vec::new(), now_ms: 10_000_000, _folder: folder }
    }

    pub(crate) fn receive_us(&self) -> f64 {
        median(&self.receive_us)
    }

    pub(crate) fn claim_us(&self) -> f64 {
        median(&self.claim_us)
    }

    /// Some messages go all their way; two stretches of it are measured.
    pub(crate) async fn round(&mut self, round: u32) {
        let ids: Vec<String> = (0..ROUND).map(|number| random_id(round * ROUND + number)).collect();
        self.now_ms += 1_000;
        let began = Instant::now();
        for ids in ids.chunks(AT_ONCE) {
            let mut notices = JoinSet::new();
            for id in ids {
                let (store, id, now_ms) = (self.store.clone(), id.clone(), self.now_ms);
                notices.spawn(async move { store.message_hint(SERVICE, &id, now_ms).await });
            }
            for hint in notices.join_all().await {
                assert_eq!(hint.expect("it is stored"), Hint::Stored);
            }
        }
        self.receive_us.push(per_message(began));

        let letters = ids.iter().enumerate().map(|(number, id)| letter(id, number)).collect();
        self.store.messages_listed(SERVICE, letters, self.now_ms, self.now_ms).await.expect("they are stored");
        let mut claims = Vec::new();
        let began = Instant::now();
        while claims.len() < ROUND as usize {
            let want = Want {
                service: SERVICE.to_owned(),
                owner: "bench".to_owned(),
                now_ms: self.now_ms,
                expires_ms: self.now_ms + 30_000,
                max_attempts: 16,
                limit: CLAIM,
            };
            let claimed = self.store.messages_claim(want).await.expect("they are claimed").claims;
            assert!(!claimed.is_empty());
            claims.extend(claimed);
        }
        self.claim_us.push(per_message(began));

        let mut ends = JoinSet::new();
        for claim in claims {
            let (store, now_ms) = (self.store.clone(), self.now_ms);
            ends.spawn(async move {
                let id = claim.lease.id.clone();
                store.commit(Effect::MessageDone(Done { lease: claim.lease, now_ms }).into()).await.expect("it is done");
                store.message_resolved(SERVICE, &id, now_ms).await.expect("it is resolved");
            });
        }
        ends.join_all().await;
    }
}

fn letter(id: &str, number: usize) -> Letter {
    let app_key = format!("app {number}");
    Letter {
        id: id.to_owned(),
        kind: "app_subscribe_service".to_owned(),
        content: "{}".to_owned(),
        back_service_id: None,
        about: Some(About { app_key, app_id: "id".to_owned(), subscription_id: "subscription".to_owned() }),
        fault: None,
    }
}

/// Odd multipliers spread consecutive numbers over all ids.
fn random_id(number: u32) -> String {
    let mixed = (u64::from(number) + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    format!("{mixed:016x}{:08x}", (mixed >> 32) as u32 ^ number)
}

fn per_message(began: Instant) -> f64 {
    began.elapsed().as_secs_f64() * 1e6 / f64::from(ROUND)
}

fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
