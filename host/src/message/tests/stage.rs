//! A platform, a plugin, a store and a line between them. What happens is written into one list, and a test waits for what it
//! expects there.

use std::{
    collections::{BTreeMap, VecDeque},
    num::NonZeroU32,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use futures_util::{FutureExt as _, future::BoxFuture};
use governor::Quota;
use tempfile::TempDir;
use tokio::sync::{Semaphore, watch};

use crate::{
    clock::Clock,
    message::{
        Deliver, DeliverError, Delivered, Delivery, Kind, Line, Parts, Platform, PlatformError, Received, Refusal, Resolution,
        Served, Settings, Status, Told, Unresolved, backoff::Backoff, timer::Timer,
    },
    store::{
        DataDir, Store,
        messages::{Keep, Message, State},
    },
};

pub(super) const SERVICE: &str = "notes";
pub(super) const OTHER: &str = "mail";
pub(super) const SECOND: u64 = 1_000;
pub(super) const MINUTE: u64 = 60 * SECOND;
pub(super) const HOUR: u64 = 60 * MINUTE;
/// A failed delivery is tried again after 4 to 8 seconds, a failed call after 1 to 2.
pub(super) const BACKOFF: Backoff = Backoff { first: Duration::from_secs(8), most: Duration::from_secs(8) };
const CALLS_BACKOFF: Backoff = Backoff { first: Duration::from_secs(2), most: Duration::from_secs(2) };
pub(super) const MAX_ATTEMPTS: u32 = 3;

/// Message number `number` as its id.
pub(super) fn id(number: u32) -> String {
    format!("{number:024x}")
}

pub(super) fn told(number: u32, kind: &str, app: &str) -> Told {
    let content = serde_json::json!({
        "appId": format!("id of {app}"), "appKey": app, "appSubscriptionId": format!("subscription of {app}"),
    });
    Told { id: id(number), kind: kind.to_owned(), content: content.to_string(), back_service_id: None, resolved: false }
}

pub(super) fn subscribe(number: u32, app: &str) -> Told {
    told(number, "app_subscribe_service", app)
}

pub(super) fn cancel(number: u32, app: &str) -> Told {
    told(number, "app_cancel_service", app)
}

pub(super) fn unavailable() -> PlatformError {
    PlatformError::Unavailable("it is away".to_owned())
}

pub(super) fn bad_token() -> PlatformError {
    PlatformError::Token { code: "accessToken.Expired".to_owned() }
}

/// What happened, in its order.
#[derive(Default)]
pub(super) struct Events(watch::Sender<Vec<String>>);

impl Events {
    fn add(&self, event: String) {
        self.0.send_modify(|events| events.push(event));
    }

    pub(super) fn all(&self) -> Vec<String> {
        self.0.borrow().clone()
    }

    pub(super) fn count(&self, prefix: &str) -> usize {
        self.0.borrow().iter().filter(|event| event.starts_with(prefix)).count()
    }

    /// Waits until so many events begin so.
    pub(super) async fn until(&self, prefix: &str, count: usize) {
        let there = |events: &Vec<String>| events.iter().filter(|event| event.starts_with(prefix)).count() >= count;
        let found = tokio::time::timeout(Duration::from_secs(60), async { self.0.subscribe().wait_for(there).await.is_ok() });
        assert!(found.await.is_ok(), "{count} times `{prefix}` never came; there is {:?}", self.all());
    }
}

/// One service's platform.
#[derive(Default)]
pub(super) struct FakePlatform {
    key: String,
    events: Arc<Events>,
    state: Mutex<Cloud>,
}

#[derive(Default)]
struct Cloud {
    messages: Vec<Told>,
    /// What calls are answered instead, by the call's name, first first.
    answers: BTreeMap<&'static str, VecDeque<PlatformError>>,
    /// What all calls of a name are answered until told otherwise.
    always: BTreeMap<&'static str, PlatformError>,
    unknown_when_resolved: bool,
    /// Lists no more than so many.
    lists: Option<usize>,
}

impl FakePlatform {
    fn state(&self) -> MutexGuard<'_, Cloud> {
        self.state.lock().unwrap()
    }

    pub(super) fn has(&self, told: Told) {
        self.state().messages.push(told);
    }

    /// The next call of this name (`message`, `messages`, `resolve`) is answered so.
    pub(super) fn answers(&self, call: &'static str, error: PlatformError) {
        self.state().answers.entry(call).or_default().push_back(error);
    }

    pub(super) fn always(&self, call: &'static str, error: Option<PlatformError>) {
        match error {
            Some(error) => drop(self.state().always.insert(call, error)),
            None => drop(self.state().always.remove(call)),
        }
    }

    /// It forgets its messages before they are resolved.
    pub(super) fn forgets(&self) {
        self.state().unknown_when_resolved = true;
    }

    /// Its list is cut behind so many from now on; or no longer.
    pub(super) fn lists(&self, most: Option<usize>) {
        self.state().lists = most;
    }

    fn call<T>(&self, name: &'static str, what: &str, answer: impl FnOnce(&mut Cloud) -> T) -> Result<T, PlatformError> {
        let mut state = self.state();
        let error = state.answers.get_mut(name).and_then(VecDeque::pop_front).or_else(|| state.always.get(name).cloned());
        let result = match error {
            Some(error) => Err(error),
            None => Ok(answer(&mut state)),
        };
        drop(state);
        self.events.add(format!("{}{name}{what}", self.key));
        result
    }
}

/// The number of a message, as tests write it.
fn number(id: &str) -> u32 {
    u32::from_str_radix(id, 16).unwrap()
}

impl Platform for FakePlatform {
    fn messages(&self) -> BoxFuture<'_, Result<Unresolved, PlatformError>> {
        let list = |cloud: &mut Cloud| {
            let mut messages: Vec<Told> = cloud.messages.iter().filter(|told| !told.resolved).cloned().collect();
            let cut = cloud.lists.is_some_and(|most| most < messages.len());
            messages.truncate(cloud.lists.unwrap_or(usize::MAX));
            Unresolved { messages, cut }
        };
        async move { self.call("messages", "", list) }.boxed()
    }

    fn message<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<Told>, PlatformError>> {
        let what = format!(" {}", number(id));
        async move { self.call("message", &what, |cloud| cloud.messages.iter().find(|told| told.id == id).cloned()) }.boxed()
    }

    fn resolve<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Resolution, PlatformError>> {
        let what = format!(" {}", number(id));
        async move {
            self.call("resolve", &what, |cloud| match cloud.messages.iter_mut().find(|told| told.id == id) {
                Some(told) if !cloud.unknown_when_resolved => {
                    told.resolved = true;
                    Resolution::Resolved
                }
                _ => Resolution::Unknown,
            })
        }
        .boxed()
    }
}

/// The plugins of all services.
#[derive(Default)]
pub(super) struct FakePlugin {
    events: Arc<Events>,
    answers: Mutex<BTreeMap<String, VecDeque<Answer>>>,
}

/// What a plugin does with a delivery for which it was told what to do; with all others it is content.
pub(super) enum Answer {
    Ok(Delivered),
    Error(DeliverError),
    Panic,
    /// Waits until the semaphore has a permit for it.
    Wait(Arc<Semaphore>),
}

impl FakePlugin {
    /// What it does with the next delivery to this app.
    pub(super) fn answers(&self, app: &str, answer: Answer) {
        self.answers.lock().unwrap().entry(app.to_owned()).or_default().push_back(answer);
    }

    pub(super) fn fails(&self, app: &str, times: u32) {
        for _ in 0..times {
            let error = DeliverError::Failed { reason: "it says no".to_owned(), retry_after_ms: None };
            self.answers(app, Answer::Error(error));
        }
    }
}

impl Deliver for FakePlugin {
    fn deliver(&self, delivery: Delivery) -> BoxFuture<'_, Result<Delivered, DeliverError>> {
        async move {
            let word = match delivery.kind {
                Kind::Subscribe => "subscribe",
                Kind::Cancel => "cancel",
                Kind::Purge => "purge",
            };
            let key = if delivery.service == SERVICE { "" } else { "other " };
            let number = number(delivery.message_id.trim_start_matches("purge-"));
            self.events.add(format!("{key}deliver {number} {word} {} attempt {}", delivery.app_key, delivery.attempt));
            let answer = self.answers.lock().unwrap().get_mut(&delivery.app_key).and_then(VecDeque::pop_front);
            match answer {
                None => Ok(Delivered::default()),
                Some(Answer::Ok(delivered)) => Ok(delivered),
                Some(Answer::Error(error)) => Err(error),
                Some(Answer::Panic) => panic!("on purpose"),
                Some(Answer::Wait(semaphore)) => {
                    semaphore.acquire().await.unwrap().forget();
                    self.events.add(format!("returned {number}"));
                    Ok(Delivered::default())
                }
            }
        }
        .boxed()
    }

    fn completed<'a>(&'a self, service: &'a str, app_key: &'a str) -> BoxFuture<'a, ()> {
        async move {
            // As one that reads it from the store: the resolve loop has every chance to be faster.
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            if service == SERVICE {
                self.events.add(format!("completed {app_key}"));
            }
        }
        .boxed()
    }
}

/// All of it.
pub(super) struct Stage {
    folder: TempDir,
    pub(super) store: Store,
    pub(super) events: Arc<Events>,
    pub(super) platform: Arc<FakePlatform>,
    pub(super) other: Arc<FakePlatform>,
    pub(super) plugin: Arc<FakePlugin>,
    pub(super) service_id: Option<String>,
    time: watch::Sender<u64>,
    pub(super) line: Option<Line>,
}

impl Stage {
    /// Everything is there, but the line does not run yet.
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&DataDir::open(folder.path()).unwrap()).unwrap();
        let events = Arc::<Events>::default();
        let platform =
            |key: &str| Arc::new(FakePlatform { key: key.to_owned(), events: events.clone(), state: Mutex::default() });
        Self {
            platform: platform(""),
            other: platform("other "),
            plugin: Arc::new(FakePlugin { events: events.clone(), answers: Mutex::default() }),
            folder,
            store,
            events,
            service_id: None,
            time: watch::Sender::new(1_000_000),
            line: None,
        }
    }

    /// Starts the line, and waits for its first list.
    pub(super) async fn start(&mut self) {
        let lists = self.events.count("messages");
        self.start_only();
        self.events.until("messages", lists + 1).await;
    }

    pub(super) fn start_only(&mut self) {
        let served = |key: &str, platform: &Arc<FakePlatform>| Served {
            key: key.to_owned(),
            platform: platform.clone(),
            service_id: self.service_id.clone(),
            purge_after_cancel: Duration::from_hours(48),
        };
        let settings = Settings {
            poll_interval: Duration::from_mins(1),
            max_attempts: MAX_ATTEMPTS,
            backoff: BACKOFF,
            calls_backoff: CALLS_BACKOFF,
            lease: Duration::from_secs(30),
            deliveries: 8,
            calls: 8,
            notices: Quota::per_hour(NonZeroU32::MIN).allow_burst(NonZeroU32::new(100).unwrap()),
            keep: Keep { ms: 30 * 24 * HOUR, most: 1_000 },
        };
        let parts = Parts {
            store: self.store.clone(),
            clock: Clock::default(),
            services: vec![served(SERVICE, &self.platform), served(OTHER, &self.other)],
            deliver: self.plugin.clone(),
            settings,
        };
        self.line = Some(Line::start_with(parts, Timer::Set(self.time.subscribe())));
    }

    /// The same while time goes by, up to `most_ms`.
    pub(super) async fn until_later(&self, number: u32, state: State, most_ms: u64) -> Message {
        let going = async {
            for _ in 0..1_000 {
                self.later(most_ms / 1_000);
                // About as long as a loop takes to look around in the store.
                let _ = self.message(number).await;
                let _ = self.store.message_counts().await;
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = going => unreachable!("it never ends"),
            message = self.until(number, state) => message,
        }
    }

    /// Lets the time go by in which the line delivers nothing because nobody would take it.
    pub(super) async fn held(&self) {
        let handle = self.line().handle();
        let hold = &handle.service(SERVICE).unwrap().hold;
        while hold.get() <= self.now_ms() {
            tokio::task::yield_now().await;
        }
        self.later(hold.get() - self.now_ms());
    }

    pub(super) fn line(&self) -> &Line {
        self.line.as_ref().expect("the line runs")
    }

    pub(super) async fn receive(&self, number: u32) -> Result<Received, Refusal> {
        self.line().handle().receive(SERVICE, &id(number)).await
    }

    pub(super) fn now_ms(&self) -> u64 {
        *self.time.borrow()
    }

    /// Sets the time.
    pub(super) fn later(&self, by_ms: u64) {
        self.time.send_modify(|now| *now += by_ms);
    }

    /// Lets a message of another app through the whole line: what was to be done before it has been begun by then.
    pub(super) async fn pass(&self, number: u32) {
        self.platform.has(subscribe(number, &format!("passing {number}")));
        assert_eq!(self.receive(number).await.unwrap(), Received::Stored);
        self.events.until(&format!("resolve {number}"), 1).await;
        self.until(number, State::Resolved).await;
    }

    pub(super) async fn message(&self, number: u32) -> Option<Message> {
        self.store.message(SERVICE, &id(number)).await.unwrap()
    }

    /// Waits until a message has come to a state. The store tells nobody of changes, so this looks again and again.
    pub(super) async fn until(&self, number: u32, state: State) -> Message {
        let look = async {
            loop {
                if let Some(message) = self.message(number).await.filter(|message| message.state == state) {
                    return message;
                }
                tokio::task::yield_now().await;
            }
        };
        match tokio::time::timeout(Duration::from_secs(60), look).await {
            Ok(message) => message,
            Err(_) => panic!("message {number} is never {state}: {:?}, {:?}", self.message(number).await, self.events.all()),
        }
    }

    pub(super) async fn status(&self) -> Status {
        let all = self.line().handle().status().await.unwrap();
        all.into_iter().find(|status| status.service == SERVICE).unwrap()
    }

    /// Waits until the service's status is as wanted.
    pub(super) async fn until_status(&self, wanted: impl Fn(&Status) -> bool) {
        let look = async {
            while !wanted(&self.status().await) {
                tokio::task::yield_now().await;
            }
        };
        assert!(tokio::time::timeout(Duration::from_secs(60), look).await.is_ok(), "{:?}", self.status().await);
    }

    /// What kills a process: nothing under way is finished, and another line begins on the same files.
    pub(super) async fn kill(self) -> Self {
        let Self { folder, store, events, platform, other, plugin, service_id, time, line } = self;
        drop((line, store));
        // The aborted loops hold the store until the runtime has dropped them.
        let store = loop {
            match DataDir::open(folder.path()) {
                Ok(data) => break Store::open(&data).unwrap(),
                Err(_) => tokio::task::yield_now().await,
            }
        };
        Self { folder, store, events, platform, other, plugin, service_id, time, line: None }
    }
}
