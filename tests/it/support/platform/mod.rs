//! A platform for tests: answers the calls of back services as the public one is thought to have done, and wherever its test
//! says so, otherwise. It remembers every call in the order in which they came.
//!
//! ```ignore
//! let platform = Platform::new();
//! let host = TestHost::new().section(&platform.section()).with(Service::of(&KEEP).access_token(TOKEN)).start();
//! platform.message(Message::subscribe());
//! platform.on("GET /v1.0/service/message/*").once(error("common.systemError"));   // then as ever
//! let gate = platform.on("POST /v1.0/service/message/*/resolved").hold();          // nothing is answered until `gate.open()`
//! gate.arrived();
//! assert_eq!(platform.lines(), [..]);
//! ```

mod rules;
mod world;

use std::sync::Arc;

use serde_json::{Value, json};

use self::{rules::Rules, world::World};
use super::{
    server::{Reply, Sent, Server},
    wait::until,
};

pub(crate) use self::{rules::On, world::Message};

/// The access token of the one service that the platform knows from the start.
pub(crate) const TOKEN: &str = "5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e";
/// The app of the reference's examples.
pub(crate) const APP_ID: &str = "55b88eef4df03bab3307c0ff";
pub(crate) const APP_KEY: &str = "test_app";

/// One call that a platform was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    /// `GET /path`, with the query.
    pub(crate) line: String,
    pub(crate) token: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) body: String,
}

/// A platform on loopback; it ends with its test.
#[derive(Debug)]
pub(crate) struct Platform {
    server: Server,
    world: Arc<World>,
    rules: Arc<Rules>,
}

impl Platform {
    /// Knows the service of [`TOKEN`], and that the app [`APP_KEY`] has subscribed to it.
    pub(crate) fn new() -> Self {
        let (world, rules) = (Arc::new(World::default()), Arc::new(Rules::default()));
        let (answering, told) = (world.clone(), rules.clone());
        let server = Server::new(move |sent| told.reply(&sent.line).unwrap_or_else(|| ok_or_error(answering.answer(sent))));
        let platform = Self { server, world, rules };
        platform.service(TOKEN);
        platform.app(APP_ID, APP_KEY, "Test App");
        platform
    }

    /// The table of a host's configuration that names this platform.
    pub(crate) fn section(&self) -> String {
        format!("[platform]\nmode = \"remote\"\napi-base = \"{}\"\n", self.server.url(""))
    }

    pub(crate) fn url(&self, path: &str) -> String {
        self.server.url(path)
    }

    /// How many connections were made to it.
    pub(crate) fn connections(&self) -> usize {
        self.server.connections()
    }

    /// Knows another service, by its access token.
    pub(crate) fn service(&self, token: &str) {
        self.world.service(token);
    }

    /// No longer knows a service: its token is `accessToken.Expired` from now on.
    pub(crate) fn expire(&self, token: &str) {
        self.world.expire(token);
    }

    /// Knows an app that has subscribed.
    pub(crate) fn app(&self, id: &str, key: &str, name: &str) {
        self.world.app(id, key, name);
    }

    /// Knows an auth code for an app.
    pub(crate) fn auth_code(&self, code: &str, app_id: &str) {
        self.world.auth_code(code, app_id);
    }

    /// Has a message for the service of [`TOKEN`], behind those it has already. It announces nothing.
    pub(crate) fn message(&self, message: Message) {
        self.message_for(TOKEN, message);
    }

    pub(crate) fn message_for(&self, token: &str, message: Message) {
        self.world.message(token, message);
    }

    /// The ids of the messages that were resolved, in the order in which they first were.
    pub(crate) fn resolved(&self) -> Vec<String> {
        self.world.resolved()
    }

    /// Whether it has made this user of an app.
    pub(crate) fn knows_user(&self, app_id: &str, user_id: &str) -> bool {
        self.world.knows_user(app_id, user_id)
    }

    /// Forgets which messages were resolved.
    pub(crate) fn forget_resolved(&self) {
        self.world.forget_resolved();
    }

    /// What is to happen to calls like `"GET /v1.0/service/message/*"`: method and path, where `*` is any one segment, or
    /// `"*"` for all calls. Rules count in the order in which they were made.
    pub(crate) fn on(&self, calls: &str) -> On<'_> {
        On::new(&self.rules, calls)
    }

    /// Forgets all rules: it answers as ever.
    pub(crate) fn as_ever(&self) {
        self.rules.clear();
    }

    /// Every call so far.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.server.sent().iter().map(Call::of).collect()
    }

    /// Every call so far but those for the list of messages, which a running host makes when it likes.
    pub(crate) fn asked(&self) -> Vec<Call> {
        let mut calls = self.calls();
        calls.retain(|call| call.line != "GET /v1.0/service/messages");
        calls
    }

    /// The lines of all calls so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.server.sent().into_iter().map(|sent| sent.line).collect()
    }

    /// How many calls like this came so far; see [`Platform::on`].
    pub(crate) fn count(&self, calls: &str) -> usize {
        self.lines().iter().filter(|line| rules::means(calls, line)).count()
    }

    /// Waits until so many calls like this have come.
    #[track_caller]
    pub(crate) fn wait_for(&self, count: usize, calls: &str) {
        until(&format!("the platform was called {count} times by {calls}"), || (self.count(calls) >= count).then_some(()));
    }
}

impl Call {
    fn of(sent: &Sent) -> Self {
        let header = |name: &str| sent.header(name).map(str::to_owned);
        Self {
            line: sent.line.clone(),
            token: header("accesstoken"),
            content_type: header("content-type"),
            body: String::from_utf8_lossy(&sent.body).into_owned(),
        }
    }
}

/// An answer with this status and JSON.
pub(crate) fn answer(status: u16, json: &Value) -> Reply {
    Reply::new(&format!("{status} As Told\r\ncontent-type: application/json"), json.to_string())
}

/// The platform's error of this code, with the status 200.
pub(crate) fn error(code: &str) -> Reply {
    answer(200, &refusal(code))
}

fn ok_or_error(result: Result<Value, &'static str>) -> Reply {
    match result {
        Ok(entity) => answer(200, &entity),
        Err(code) => error(code),
    }
}

pub(crate) fn refusal(code: &str) -> Value {
    json!({"success": false, "err": {"name": "Ocean Error", "errCode": code, "errorMessage": format!("it is {code}")}})
}
