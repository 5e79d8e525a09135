//! The states against a model: whatever comes in whatever order, nothing is lost, done twice, or out of turn.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::store::tests::TestStore;

const APPS: u32 = 3;

/// What happens. Numbers choose among what is there, whatever that is.
#[derive(Debug, Clone)]
enum Step {
    /// The platform has another message, of this app.
    Make(u32),
    Notice(usize),
    /// The platform is asked for a message that was hinted.
    Fetch(usize),
    List,
    /// No list can be had.
    PlaceByArrival,
    Claim {
        limit: u32,
        by: usize,
    },
    /// Somebody who has, or had, a claim says that it is done.
    Complete(usize),
    PutBack {
        claim: usize,
        dead: bool,
    },
    Resolve(usize),
    Retry(usize),
    Drop {
        message: usize,
        resolve: bool,
    },
    /// Leases run out, timers are due.
    Later,
}

fn any_step() -> impl Strategy<Value = Step> {
    let chosen = || any::<usize>();
    prop_oneof![
        4 => (0..APPS).prop_map(Step::Make),
        3 => chosen().prop_map(Step::Notice),
        3 => chosen().prop_map(Step::Fetch),
        3 => Just(Step::List),
        2 => Just(Step::PlaceByArrival),
        5 => (1_u32..4, chosen()).prop_map(|(limit, by)| Step::Claim { limit, by }),
        6 => chosen().prop_map(Step::Complete),
        2 => (chosen(), any::<bool>()).prop_map(|(claim, dead)| Step::PutBack { claim, dead }),
        3 => chosen().prop_map(Step::Resolve),
        1 => chosen().prop_map(Step::Retry),
        1 => (chosen(), any::<bool>()).prop_map(|(message, resolve)| Step::Drop { message, resolve }),
        1 => Just(Step::Later),
    ]
}

/// What the platform has, and what the host did.
#[derive(Default)]
struct World {
    service: String,
    now_ms: u64,
    /// In the platform's order; ids go the other way round.
    messages: Vec<Letter>,
    /// All that the platform has been told.
    resolved: BTreeSet<String>,
    /// All claims there ever were.
    claims: Vec<Claim>,
    /// How often each message was completed.
    completed: BTreeMap<String, u32>,
    dropped: BTreeSet<String>,
    /// Whether the order of arrival was used.
    by_arrival: bool,
}

fn pick<T>(from: &[T], number: usize) -> Option<&T> {
    (!from.is_empty()).then(|| &from[number % from.len()])
}

impl World {
    fn listed(&self) -> Vec<Letter> {
        self.messages.iter().filter(|letter| !self.resolved.contains(&letter.id)).cloned().collect()
    }

    fn app(&self, id: &str) -> String {
        let letter = self.messages.iter().find(|letter| letter.id == id).unwrap();
        letter.about.as_ref().unwrap().app_key.clone()
    }

    async fn step(&mut self, store: &Store, step: Step) {
        let service = self.service.clone();
        let now_ms = self.now_ms;
        match step {
            Step::Make(app) => {
                let number = u32::MAX - u32::try_from(self.messages.len()).unwrap();
                self.messages.push(letter(number, &format!("a{app}")));
            }
            Step::Notice(number) => {
                if let Some(letter) = pick(&self.messages, number) {
                    store.message_hint(&service, &letter.id, now_ms).await.unwrap();
                }
            }
            Step::Fetch(number) => {
                let hints = store.messages_to_fetch(&service, now_ms, 99).await.unwrap().now;
                if let Some(hint) = pick(&hints, number) {
                    let letter = self.messages.iter().find(|letter| letter.id == hint.id).unwrap().clone();
                    assert!(store.message_tell(&service, letter, now_ms).await.unwrap());
                }
            }
            Step::List => {
                let last = store.messages_unplaced(&service).await.unwrap();
                store.messages_listed(&service, self.listed(), now_ms, now_ms).await.unwrap();
                if let Some(last) = last {
                    store.messages_place(&service, last, now_ms).await.unwrap();
                }
            }
            Step::PlaceByArrival => {
                self.by_arrival = true;
                store.messages_place(&service, u64::MAX, now_ms).await.unwrap();
            }
            Step::Claim { limit, by } => {
                let want = Want { service, ..want(["one", "two"][by % 2], now_ms, limit) };
                for claim in store.messages_claim(want).await.unwrap().claims {
                    self.claimed(store, claim).await;
                }
            }
            Step::Complete(number) => self.complete(store, number).await,
            Step::PutBack { claim, dead } => {
                if let Some(claim) = pick(&self.claims, claim) {
                    let reason = "no".to_owned();
                    let failed = PutBack::Failed { reason: reason.clone(), due_ms: now_ms + 10, patient: false };
                    let how = if dead { PutBack::Dead { reason } } else { failed };
                    let result = store.message_put_back(&claim.lease, how, now_ms).await;
                    assert!(result.is_ok() || is_lost(result));
                }
            }
            Step::Resolve(number) => {
                let done = store.messages_to_resolve(&service, now_ms, 99).await.unwrap().now;
                if let Some(done) = pick(&done, number) {
                    self.resolved.insert(done.id.clone());
                    assert!(store.message_resolved(&service, &done.id, now_ms).await.unwrap());
                }
            }
            Step::Retry(number) => {
                if let Some(letter) = pick(&self.messages, number) {
                    let _ = store.message_retry(&service, &letter.id, now_ms).await;
                }
            }
            Step::Drop { message, resolve } => {
                if let Some(letter) = pick(&self.messages, message) {
                    let how = if resolve { Dropped::Done(Batch::default()) } else { Dropped::Gone };
                    if store.message_drop(&service, &letter.id, how, now_ms).await.is_ok() {
                        self.dropped.insert(letter.id.clone());
                    }
                }
            }
            Step::Later => self.now_ms += LEASE_MS,
        }
    }

    /// Nothing that is over is claimed, and nothing before its turn.
    async fn claimed(&mut self, store: &Store, claim: Claim) {
        let id = &claim.lease.id;
        assert!(!self.completed.contains_key(id), "a completed message is never delivered again");
        assert!(!self.dropped.contains(id), "neither is a dropped one");
        if !self.by_arrival {
            // The platform made these before it, for the same app. Each of them is over; for a list that told the place of this
            // one told theirs too.
            let before = self.messages.iter().take_while(|letter| letter.id != *id);
            let app = self.app(id);
            for earlier in before.filter(|letter| letter.about.as_ref().unwrap().app_key == app) {
                let over = self.completed.contains_key(&earlier.id) || self.dropped.contains(&earlier.id);
                assert!(over, "{id} overtakes {}", earlier.id);
            }
        }
        let stored = store.message(&self.service, id).await.unwrap().unwrap();
        assert_eq!(stored.state, State::Claimed);
        self.claims.push(claim);
    }

    async fn complete(&mut self, store: &Store, number: usize) {
        let Some(claim) = pick(&self.claims, number).cloned() else { return };
        let latest = self.claims.iter().rfind(|other| other.lease.id == claim.lease.id).unwrap();
        let is_latest = latest.lease == claim.lease;
        match complete(store, &claim, self.now_ms).await {
            Ok(()) => {
                assert!(is_latest, "only the latest claim counts");
                *self.completed.entry(claim.lease.id).or_default() += 1;
            }
            Err(error) => assert!(is_lost(Err(error))),
        }
    }

    /// From now on everything goes well: then everything must come to its end.
    async fn finish(&mut self, store: &Store) {
        for _ in 0..200 {
            self.now_ms += LEASE_MS;
            for dead in store.messages(self.dead(), 0, 99).await.unwrap() {
                store.message_retry(&self.service, &dead.id, self.now_ms).await.unwrap();
            }
            self.step(store, Step::List).await;
            self.step(store, Step::Claim { limit: 99, by: 0 }).await;
            for claim in 0..self.claims.len() {
                self.complete(store, claim).await;
            }
            self.step(store, Step::Resolve(0)).await;
            if self.messages.iter().all(|letter| self.resolved.contains(&letter.id) || self.dropped.contains(&letter.id)) {
                break;
            }
        }
        for letter in &self.messages {
            let count = self.completed.get(&letter.id).copied().unwrap_or(0);
            let expected = u32::from(!self.dropped.contains(&letter.id));
            assert_eq!(count, expected, "{} is completed exactly once, unless it was dropped", letter.id);
        }
    }

    fn dead(&self) -> Filter {
        Filter { service: Some(self.service.clone()), state: Some(State::Dead), app_key: None }
    }
}

#[test]
fn nothing_is_lost_nothing_is_done_twice_and_nothing_overtakes() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let TestStore { store, folder: _folder } = TestStore::new();
    let case = std::cell::Cell::new(0);
    let config = ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(steps in prop::collection::vec(any_step(), 1..80))| {
        // A service of its own for each case, so that one database serves them all.
        case.set(case.get() + 1);
        let mut world = World { service: format!("case {}", case.get()), now_ms: 1, ..World::default() };
        runtime.block_on(async {
            for step in steps {
                world.step(&store, step).await;
                check(&store).await;
            }
            world.finish(&store).await;
            check(&store).await;
        });
    });
}
