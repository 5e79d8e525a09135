//! The host of the tests: what it is told before a call, and what can be asked after it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value};

use super::apps::Apps;
use super::current::{self, Current};
use super::http::{Fake, Sent};
use super::kv::Stores;
use super::outbox::Outbox;
use super::platform::{IssuedToken, Platform, Trouble};
use super::request::TestRequest;
use super::response::TestResponse;
use crate::lifecycle::Lifecycle;
use crate::log::Level;
use crate::mail::Letter;
use crate::{App, AppUser, Caller, Response, Result, Route, Scheme, app_users};

/// A host in memory for one service. A clone is the same host with the same stores, so that another caller can come:
/// `host.clone().app("other_app").get("/items")`.
#[derive(Clone)]
pub struct TestHost {
    pub(crate) routes: &'static [Route],
    pub(crate) lifecycle: Lifecycle,
    pub(crate) caller: Caller,
    /// Whether the caller stands for itself, or gets the app's id from what the host knows.
    pub(crate) caller_as_is: bool,
    pub(crate) body_limit: Option<u64>,
    pub(crate) state: Rc<RefCell<State>>,
}

/// What outlives a call.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) settings: Map<String, Value>,
    pub(crate) secrets: BTreeMap<String, Vec<u8>>,
    pub(crate) stores: Stores,
    pub(crate) fakes: Vec<Fake>,
    pub(crate) apps: Apps,
    pub(crate) platform: Platform,
    pub(crate) outbox: Outbox,
    /// The time, where a test has set it.
    pub(crate) clock: Option<Duration>,
    pub(crate) log: Vec<LogLine>,
    pub(crate) log_level: Option<Level>,
}

impl State {
    pub(crate) fn now(&self) -> Duration {
        self.clock.unwrap_or_else(now)
    }

    pub(crate) fn now_ms(&self) -> u64 {
        u64::try_from(self.now().as_millis()).unwrap_or(u64::MAX)
    }
}

/// The machine's time since 1970.
pub(crate) fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// A line the plugin wrote with `info!` and its siblings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// How much it matters.
    pub level: Level,
    /// The text.
    pub message: String,
    /// The fields: name and value.
    pub fields: Vec<(String, String)>,
}

impl TestHost {
    /// A host for the service with these routes, which `service!` put into the function `routes()`. The caller is anonymous.
    #[must_use]
    pub fn new(routes: &'static [Route]) -> Self {
        Self {
            routes,
            lifecycle: Lifecycle::default(),
            caller: Caller::anonymous(),
            caller_as_is: false,
            body_limit: None,
            state: Rc::default(),
        }
    }

    /// The app with this key calls, proven by Ocean-Auth. Its id is there once it has subscribed ([`TestHost::subscribe`]).
    #[must_use]
    pub fn app(mut self, key: &str) -> Self {
        self.caller_as_is = false;
        self.caller.scheme = Scheme::OceanAuth;
        self.caller.app = Some(App { key: key.to_owned(), id: None });
        self
    }

    /// The app calls for this user, whose account and name are the same as the id.
    #[must_use]
    pub fn user(mut self, id: &str) -> Self {
        let text = || id.to_owned();
        self.caller.user = Some(AppUser { id: text(), account: text(), name: text(), authenticated_by: "test".to_owned() });
        self
    }

    /// The caller's token has this scope too.
    #[must_use]
    pub fn scope(mut self, scope: &str) -> Self {
        self.caller.scopes.push(scope.to_owned());
        self
    }

    /// This caller calls, as it stands.
    #[must_use]
    pub fn caller(mut self, caller: Caller) -> Self {
        self.caller_as_is = true;
        self.caller = caller;
        self
    }

    /// The operator has set this key of the plugin's `[config]`.
    #[must_use]
    pub fn setting(self, key: &str, value: impl Into<Value>) -> Self {
        self.state.borrow_mut().settings.insert(key.to_owned(), value.into());
        self
    }

    /// The operator has given this secret.
    #[must_use]
    pub fn secret(self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.state.borrow_mut().secrets.insert(name.to_owned(), value.as_ref().to_vec());
        self
    }

    /// The operator does not grant the store of this name: opening it fails with `kv.denied`.
    #[must_use]
    pub fn deny_store(self, name: &str) -> Self {
        self.state.borrow_mut().stores.deny(name);
        self
    }

    /// The operator does not grant `app-users`, `apps` or `mail`: all of it fails, with `app-users.denied` and so on.
    #[must_use]
    pub fn deny(self, capability: &str) -> Self {
        self.state.borrow_mut().platform.deny(capability);
        self
    }

    /// The letters the outbox holds at most (else 1,000); further ones fail with `mail.full`.
    #[must_use]
    pub fn outbox_limit(self, letters: usize) -> Self {
        self.state.borrow_mut().outbox.limit = letters;
        self
    }

    /// It is this time, in milliseconds since 1970, and it stays so.
    #[must_use]
    pub fn at(self, ms: u64) -> Self {
        self.state.borrow_mut().clock = Some(Duration::from_millis(ms));
        self
    }

    /// Time goes on by so much.
    pub fn advance(&self, time: Duration) {
        let mut state = self.state.borrow_mut();
        state.clock = Some(state.now().saturating_add(time));
    }

    /// The bytes the service's keys and values may have together (else 64 MiB); a write beyond them fails with `kv.quota`.
    #[must_use]
    pub fn kv_quota(self, bytes: usize) -> Self {
        self.state.borrow_mut().stores.set_quota(bytes);
        self
    }

    /// Requests to URLs that begin with `url` are answered by `answer`, where an error stands for a request that failed. Of
    /// several that fit, the first answers; a request that none fits fails with `http-out.denied`.
    #[must_use]
    pub fn http(self, url: &str, answer: impl Fn(&Sent) -> Result<Response> + 'static) -> Self {
        self.state.borrow_mut().fakes.push(Fake { url: url.to_owned(), answer: Rc::new(answer) });
        self
    }

    /// The most bytes a request's body may have, as the manifest's `body-limit` says it.
    #[must_use]
    pub fn body_limit(mut self, bytes: u64) -> Self {
        self.body_limit = Some(bytes);
        self
    }

    /// Lines below this level are read by nobody. Without it, every line is.
    #[must_use]
    pub fn log_level(self, level: Level) -> Self {
        self.state.borrow_mut().log_level = Some(level);
        self
    }

    /// The lines the plugin wrote so far.
    #[must_use]
    pub fn log(&self) -> Vec<LogLine> {
        self.state.borrow().log.clone()
    }

    /// The users that the platform keeps for the app with this key, in the order in which they were made.
    #[must_use]
    pub fn app_users(&self, app_key: &str) -> Vec<app_users::AppUser> {
        let state = self.state.borrow();
        let id = state.apps.subscription(app_key).and_then(|subscription| subscription.app.id);
        id.map(|id| state.platform.users(&id)).unwrap_or_default()
    }

    /// The access tokens of app users that the plugin fetched, in that order.
    #[must_use]
    pub fn issued_tokens(&self) -> Vec<IssuedToken> {
        self.state.borrow().platform.tokens()
    }

    /// The platform has lost the users of this account name.
    pub fn forget_app_user(&self, account: &str) {
        self.state.borrow_mut().platform.forget(account);
    }

    /// From now on the platform cannot be reached: `app-users.unavailable`, `apps.unavailable`.
    pub fn platform_down(&self) {
        self.state.borrow_mut().platform.trouble(Some(Trouble::Down));
    }

    /// From now on the platform answers everything with this error of its own: `app-users.refused`, `apps.refused`.
    pub fn platform_refuses(&self, code: &str) {
        self.state.borrow_mut().platform.trouble(Some(Trouble::Refuses(code.to_owned())));
    }

    /// From now on the platform works again.
    pub fn platform_up(&self) {
        self.state.borrow_mut().platform.trouble(None);
    }

    /// The letters the plugin sent, each with the key of the app it is from.
    #[must_use]
    pub fn outbox(&self) -> Vec<(String, Letter)> {
        self.state.borrow().outbox.letters.clone()
    }

    /// A request to be completed and sent. `path` is what follows the service's own root, with the query.
    pub fn request(&self, method: &str, path: &str) -> TestRequest {
        TestRequest::new(self.clone(), method, path)
    }

    /// Sends a `GET`.
    #[must_use]
    pub fn get(&self, path: &str) -> TestResponse {
        self.request("GET", path).send()
    }

    /// Sends a `POST` with this body.
    #[must_use]
    pub fn post(&self, path: &str, body: impl Into<Vec<u8>>) -> TestResponse {
        self.request("POST", path).body(body).send()
    }

    /// Sends a `PUT` with this body.
    #[must_use]
    pub fn put(&self, path: &str, body: impl Into<Vec<u8>>) -> TestResponse {
        self.request("PUT", path).body(body).send()
    }

    /// Sends a `PATCH` with this body.
    #[must_use]
    pub fn patch(&self, path: &str, body: impl Into<Vec<u8>>) -> TestResponse {
        self.request("PATCH", path).body(body).send()
    }

    /// Sends a `DELETE`.
    #[must_use]
    pub fn delete(&self, path: &str) -> TestResponse {
        self.request("DELETE", path).send()
    }

    /// Runs `body` as if it were a handler: with the host's functions (`kv`, `http`, `app_users`, `settings`, `info!`, …) at
    /// hand, on behalf of the caller.
    pub fn run<T>(&self, body: impl FnOnce() -> T) -> T {
        let app = self.caller.app.as_ref().map(|app| app.key.clone());
        current::enter(Current { state: self.state.clone(), app }, body)
    }

    /// The caller as the host proves it to a handler.
    pub(crate) fn proven(&self) -> Caller {
        let mut caller = self.caller.clone();
        if !self.caller_as_is
            && let Some(app) = &mut caller.app
        {
            app.id = self.state.borrow().apps.subscription(&app.key).and_then(|subscription| subscription.app.id);
        }
        caller
    }
}
