//! What a test's platform knows: services, apps and their users, messages.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde_json::{Value, json};

use super::{super::server::Sent, APP_ID, APP_KEY};

/// 2015-08-28, as in the reference.
const NOW_MS: u64 = 1_440_750_000_000;

#[derive(Debug, Default)]
pub(crate) struct World(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// Whether a token is still good.
    tokens: BTreeMap<String, bool>,
    /// With the token of the service each is for, in their order.
    messages: Vec<(String, Message)>,
    resolved: Vec<String>,
    apps: BTreeMap<String, Value>,
    codes: BTreeMap<String, String>,
    /// By app and account.
    users: BTreeMap<(String, String), Value>,
    end_tokens: u64,
}

/// A message as the platform lists it.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) id: String,
    /// `app_subscribe_service`, `app_cancel_service`, or what a test makes up.
    pub(crate) kind: String,
    /// JSON in a string.
    pub(crate) content: String,
    pub(crate) back_service_id: String,
}

impl Message {
    pub(crate) fn new(id: &str, kind: &str, app_id: &str, app_key: &str, subscription_id: &str) -> Self {
        let content = json!({"appId": app_id, "appKey": app_key, "appSubscriptionId": subscription_id}).to_string();
        Self { id: id.to_owned(), kind: kind.to_owned(), content, back_service_id: "55b88fb84df03bab3307c100".to_owned() }
    }

    /// The reference's own example of a subscription.
    pub(crate) fn subscribe() -> Self {
        Self::new("55b89ba34df03bab3307c10f", "app_subscribe_service", APP_ID, APP_KEY, "55b89ba34df03bab3307c10e")
    }

    /// The reference's own example of a cancel: its id is older than that of the subscription, and it names another service.
    pub(crate) fn cancel() -> Self {
        let cancel = Self::new("55b8963d4df03bab3307c105", "app_cancel_service", APP_ID, APP_KEY, "55b89ba34df03bab3307c10e");
        Self { back_service_id: "55b88f944df03bab3307c0fe".to_owned(), ..cancel }
    }

    fn to_json(&self) -> Value {
        let Self { id, kind, content, back_service_id } = self;
        json!({"_id": id, "backServiceId": back_service_id, "type": kind, "content": content, "status": "init", "__v": 0})
    }
}

type Answer = Result<Value, &'static str>;

impl World {
    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn service(&self, token: &str) {
        self.lock().tokens.insert(token.to_owned(), true);
    }

    pub(super) fn expire(&self, token: &str) {
        self.lock().tokens.insert(token.to_owned(), false);
    }

    pub(super) fn app(&self, id: &str, key: &str, name: &str) {
        self.lock().apps.insert(id.to_owned(), json!({"_id": id, "key": key, "name": name}));
    }

    pub(super) fn auth_code(&self, code: &str, app_id: &str) {
        self.lock().codes.insert(code.to_owned(), app_id.to_owned());
    }

    pub(super) fn message(&self, token: &str, message: Message) {
        self.lock().messages.push((token.to_owned(), message));
    }

    pub(super) fn resolved(&self) -> Vec<String> {
        self.lock().resolved.clone()
    }

    pub(super) fn knows_user(&self, app: &str, id: &str) -> bool {
        self.lock().user(app, id).is_ok()
    }

    pub(super) fn forget_resolved(&self) {
        self.lock().resolved.clear();
    }

    /// The envelope of a success, or the code of an error.
    pub(super) fn answer(&self, sent: &Sent) -> Answer {
        let mut known = self.lock();
        let token = sent.header("accesstoken").ok_or("accessToken.NotEmpty")?;
        match known.tokens.get(token) {
            Some(true) => {}
            Some(false) => return Err("accessToken.Expired"),
            None => return Err("accessToken.NotExist"),
        }
        let (method, path) = sent.line.split_once(' ').unwrap_or_default();
        let path = path.split('?').next().unwrap_or_default();
        let segments: Vec<&str> = path.strip_prefix("/v1.0/service/").ok_or("common.404")?.split('/').collect();
        let body: Value = serde_json::from_slice(&sent.body).unwrap_or_default();
        match (method, &segments[..]) {
            ("GET", ["messages"]) => known.messages_of(token),
            ("GET", ["message", id]) => known.message(token, id).map(|message| entity(message.to_json())),
            ("POST", ["message", id, "resolved"]) => known.resolve(token, id),
            ("GET", ["app", "by_auth_code", code]) => known.by_code(code),
            ("GET", ["app", id]) => known.app(id),
            ("POST", ["app", app, "users"]) => known.create(app, &body),
            ("PUT", ["app", app, "user", user]) => known.update(app, user, &body),
            ("GET", ["app", app, "user", user, "access_token"]) => known.end_token(app, user),
            _ => Err("common.404"),
        }
    }
}

impl Known {
    fn messages_of(&self, token: &str) -> Answer {
        let open = self.messages.iter().filter(|(of, message)| of == token && !self.resolved.contains(&message.id));
        let list: Vec<Value> = open.map(|(_, message)| message.to_json()).collect();
        Ok(json!({"success": true, "rows": list.len(), "entities": list}))
    }

    fn message(&self, token: &str, id: &str) -> Result<&Message, &'static str> {
        let (of, message) = self.messages.iter().find(|(_, message)| message.id == id).ok_or("common.database.dataNotFound")?;
        if of == token { Ok(message) } else { Err("common.database.dataCanNotAccessed") }
    }

    fn resolve(&mut self, token: &str, id: &str) -> Answer {
        self.message(token, id)?;
        if !self.resolved.iter().any(|resolved| resolved == id) {
            self.resolved.push(id.to_owned());
        }
        Ok(json!({"success": true}))
    }

    fn app(&self, id: &str) -> Answer {
        self.apps.get(id).cloned().map(entity).ok_or("backService.noSubscribeRecordFound")
    }

    fn by_code(&self, code: &str) -> Answer {
        self.app(self.codes.get(code).ok_or("authCode.NotExist")?)
    }

    fn create(&mut self, app: &str, body: &Value) -> Answer {
        self.app(app)?;
        let account = body["accountName"].as_str().unwrap_or_default().to_owned();
        // The first is the reference's own.
        let id = format!("55b891fb4df03bab3307{:04x}", 0xc101 + self.users.len());
        let user = self.users.entry((app.to_owned(), account)).or_insert_with(|| {
            let mut user = json!({"_id": id, "__v": 0, "createTime": NOW_MS, "updateTime": NOW_MS, "createBy": APP_ID});
            merge(&mut user, body);
            user
        });
        Ok(entity(user.clone()))
    }

    fn update(&mut self, app: &str, id: &str, body: &Value) -> Answer {
        let user = self.user(app, id)?;
        merge(user, body);
        Ok(entity(user.clone()))
    }

    fn end_token(&mut self, app: &str, id: &str) -> Answer {
        self.user(app, id)?;
        self.end_tokens += 1;
        let code = format!("{:040x}", 0xe4d0_0000 + self.end_tokens);
        Ok(entity(json!({
            "_id": "55b891fb4df03bab3307c1ff", "accessTokenCode": code, "type": "end", "userAccountId": "", "resourceKey": "test",
            "resourceId": app, "expireTime": NOW_MS + 86_400_000, "expired": false, "__v": 0,
        })))
    }

    fn user(&mut self, app: &str, id: &str) -> Result<&mut Value, &'static str> {
        let mut users = self.users.iter_mut().filter(|((of, _), user)| of == app && user["_id"] == id);
        users.next().map(|(_, user)| user).ok_or("common.database.dataNotFound")
    }
}

fn entity(entity: Value) -> Value {
    json!({"success": true, "entity": entity})
}

fn merge(into: &mut Value, body: &Value) {
    for (name, value) in body.as_object().into_iter().flatten() {
        into[name] = value.clone();
    }
}
