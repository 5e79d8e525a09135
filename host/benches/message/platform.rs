//! A platform of this process: to each of its services it lists what is not resolved, and takes the word that a message is.

use std::{
    collections::BTreeMap,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::HeaderMap,
    routing::{get, post},
};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// The platform, on loopback.
pub(crate) struct Platform {
    cloud: Arc<Cloud>,
    pub(crate) url: String,
}

#[derive(Default)]
struct Cloud {
    /// By the services' access tokens.
    services: Mutex<BTreeMap<String, World>>,
    changed: Condvar,
}

/// A service's messages, in their order.
#[derive(Default)]
struct World {
    messages: Vec<Listed>,
    /// When messages were asked for, while there were some, for the first time.
    began: Option<Instant>,
    resolved: usize,
}

struct Listed {
    json: Value,
    resolved: bool,
}

/// What a platform has for a service.
pub(crate) struct Messages<'a> {
    pub(crate) count: usize,
    /// Each of so many apps has a message in turn.
    pub(crate) apps: usize,
    /// What the keys of the apps begin with.
    pub(crate) app: &'a str,
    /// Of the first message of each app, of its second, and so on.
    pub(crate) kinds: &'a [&'a str],
}

impl Platform {
    pub(crate) fn start(runtime: &Runtime) -> Self {
        let cloud: Arc<Cloud> = Arc::default();
        let router = Router::new()
            .route("/v1.0/service/messages", get(list))
            .route("/v1.0/service/message/{id}", get(one))
            .route("/v1.0/service/message/{id}/resolved", post(resolve))
            .with_state(cloud.clone());
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        runtime.spawn(async move { axum::serve(listener, router).await });
        Self { cloud, url }
    }

    /// Has messages for the service of this token from now on.
    pub(crate) fn has(&self, token: &str, messages: &Messages<'_>) {
        let Messages { count, apps, app, kinds } = messages;
        let message = |number: usize| {
            let (key, kind) = (number % apps, kinds[number / apps % kinds.len()]);
            let content = json!({
                "appId": format!("{key:024x}"), "appKey": format!("{app}-{key}"), "appSubscriptionId": format!("{key:024x}"),
            });
            let json = json!({
                "_id": id(number), "backServiceId": id(0), "type": kind, "content": content.to_string(), "status": "init", "__v": 0,
            });
            Listed { json, resolved: false }
        };
        self.cloud.lock().entry(token.to_owned()).or_default().messages = (0..*count).map(message).collect();
    }

    /// Waits until the messages of a service were listed to it.
    pub(crate) fn until_listed(&self, token: &str) {
        self.until(token, |world| world.began.is_some());
    }

    /// Waits until so many messages of a service are resolved; returns how long that took since they were listed.
    pub(crate) fn until_resolved(&self, token: &str, count: usize) -> Duration {
        self.until(token, |world| world.resolved >= count)
    }

    fn until(&self, token: &str, there: impl Fn(&World) -> bool) -> Duration {
        let waiting = |services: &mut BTreeMap<String, World>| !services.get(token).is_some_and(&there);
        let services = self.cloud.lock();
        let waited = self.cloud.changed.wait_timeout_while(services, Duration::from_mins(5), waiting);
        let (services, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        let world = &services[token];
        assert!(!timeout.timed_out(), "{} of {} messages are resolved", world.resolved, world.messages.len());
        world.began.expect("somebody asked").elapsed()
    }
}

impl Cloud {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, World>> {
        self.services.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What `work` makes of the messages of the service whose token the request has.
    fn answer(&self, headers: &HeaderMap, work: impl FnOnce(&mut World) -> Value) -> Json<Value> {
        let token = headers["accesstoken"].to_str().expect("ASCII");
        let answer = work(self.lock().entry(token.to_owned()).or_default());
        self.changed.notify_all();
        Json(answer)
    }
}

fn id(number: usize) -> String {
    format!("{number:024x}")
}

fn number(id: &str) -> usize {
    usize::from_str_radix(id, 16).expect("one of ours")
}

async fn list(State(cloud): State<Arc<Cloud>>, headers: HeaderMap) -> Json<Value> {
    cloud.answer(&headers, |world| {
        if !world.messages.is_empty() {
            world.began.get_or_insert_with(Instant::now);
        }
        let open: Vec<&Value> = world.messages.iter().filter(|listed| !listed.resolved).map(|listed| &listed.json).collect();
        json!({"success": true, "rows": open.len(), "entities": open})
    })
}

async fn one(State(cloud): State<Arc<Cloud>>, headers: HeaderMap, Path(id): Path<String>) -> Json<Value> {
    cloud.answer(&headers, |world| json!({"success": true, "entity": world.messages[number(&id)].json}))
}

async fn resolve(State(cloud): State<Arc<Cloud>>, headers: HeaderMap, Path(id): Path<String>) -> Json<Value> {
    cloud.answer(&headers, |world| {
        let listed = &mut world.messages[number(&id)];
        assert!(!std::mem::replace(&mut listed.resolved, true), "{id} is resolved twice");
        world.resolved += 1;
        json!({"success": true})
    })
}
