//! Every call against a platform that answers well: what is sent, and what is made of the answer.

use std::{fs, path::Path, sync::Arc};

use serde_json::json;
use tokio::runtime::{Builder, Runtime};
use wharf::{
    config::Config,
    message::{Resolution, Unresolved},
    platform::client::{Client, Clients, PlatformError, apps::App, users},
};

use crate::support::{
    Platform,
    platform::{APP_ID, APP_KEY, Call, Message, TOKEN, answer},
};

/// A service's client, and where its calls are waited for.
pub(super) struct Service {
    runtime: Runtime,
    clients: Clients,
    directory: tempfile::TempDir,
}

impl Service {
    /// With this table `[platform]`, and [`TOKEN`].
    pub(super) fn new(platform: &str) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        fs::write(directory.path().join("token"), format!("{TOKEN}\n")).expect("a token can be written");
        let text = format!(
            "{platform}\n[services.notes]\nplugin = \"test/notes\"\naccess-token = {{ file = \"token\" }}\n\
             [services.other]\nplugin = \"test/notes\"\n"
        );
        let config = Config::parse(&text, &directory.path().join("wharf.toml")).unwrap_or_else(|problems| panic!("{problems}"));
        let clients = Clients::open(&config, None).unwrap_or_else(|problems| panic!("{problems}"));
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime can be made");
        Self { runtime, clients, directory }
    }

    pub(super) fn of(platform: &Platform) -> Self {
        Self::new(&platform.section())
    }

    pub(super) fn client(&self) -> Arc<Client> {
        self.clients.get("notes").expect("the service has a platform").clone()
    }

    pub(super) fn path(&self) -> &Path {
        self.directory.path()
    }

    pub(super) fn wait<T>(&self, call: impl Future<Output = T>) -> T {
        self.runtime.block_on(call)
    }

    /// How often a call ended in this way.
    pub(super) fn counted(&self, call: &str, outcome: &str) -> u64 {
        let (_, outcomes) = self.clients.calls().get().find(|(name, _)| *name == call).expect("there is such a call");
        outcomes.get().into_iter().find(|(word, _)| *word == outcome).map_or(0, |(_, count)| count)
    }
}

/// A call as the reference has it: its line, and its body.
#[track_caller]
fn assert_sent(platform: &Platform, expected: &[(&str, &str)]) {
    let expected: Vec<Call> = expected
        .iter()
        .map(|(line, body)| Call {
            line: (*line).to_owned(),
            token: Some(TOKEN.to_owned()),
            content_type: Some("application/json;charset=utf-8".to_owned()),
            body: (*body).to_owned(),
        })
        .collect();
    assert_eq!(platform.calls(), expected);
}

#[test]
fn messages_are_listed_fetched_and_resolved() {
    let platform = Platform::new();
    platform.message(Message::subscribe());
    platform.message(Message::cancel());
    let service = Service::of(&platform);
    let client = service.client();
    let all = service.wait(client.messages()).expect("there is a list").messages;
    let (subscribe, cancel) = (&all[0], &all[1]);
    // In the platform's order, which is not that of the ids.
    assert_eq!((subscribe.id.as_str(), cancel.id.as_str()), ("55b89ba34df03bab3307c10f", "55b8963d4df03bab3307c105"));
    assert_eq!((subscribe.kind.as_str(), cancel.kind.as_str()), ("app_subscribe_service", "app_cancel_service"));
    assert_eq!(
        (&subscribe.content, &cancel.back_service_id),
        (&Message::subscribe().content, &Some(Message::cancel().back_service_id))
    );
    // However the id is written.
    let fetched = service.wait(client.message(&cancel.id.to_ascii_uppercase())).expect("there is an answer");
    assert_eq!(fetched.as_ref(), Some(cancel));
    for _ in 0..2 {
        assert_eq!(service.wait(client.resolve(&subscribe.id)), Ok(Resolution::Resolved));
    }
    assert_eq!(platform.resolved().join(" "), subscribe.id);
    let rest = service.wait(client.messages()).expect("there is a list").messages;
    assert_eq!(rest.iter().collect::<Vec<_>>(), [cancel]);
    let resolved = format!("POST /v1.0/service/message/{}/resolved", subscribe.id);
    assert_sent(
        &platform,
        &[
            ("GET /v1.0/service/messages", ""),
            ("GET /v1.0/service/message/55b8963d4df03bab3307c105", ""),
            (&resolved, ""),
            (&resolved, ""),
            ("GET /v1.0/service/messages", ""),
        ],
    );
    assert_eq!((service.counted("messages", "ok"), service.counted("resolve-message", "ok")), (2, 2));
}

#[test]
fn a_message_that_is_unknown_or_anothers_is_none() {
    let platform = Platform::new();
    platform.service("another");
    platform.message_for("another", Message::subscribe());
    let service = Service::of(&platform);
    let client = service.client();
    for id in [Message::subscribe().id, Message::cancel().id] {
        assert_eq!(service.wait(client.message(&id)), Ok(None));
        assert_eq!(service.wait(client.resolve(&id)), Ok(Resolution::Unknown));
    }
    // What is no id is nobody's message, and nobody is asked.
    for id in ["", "../x", "55b89ba34df03bab3307c10", "55b89ba34df03bab3307c10g", "55b89ba34df03bab3307c10f0"] {
        assert_eq!(service.wait(client.message(id)), Ok(None));
    }
    assert_eq!(platform.calls().len(), 4);
}

#[test]
fn a_list_is_read_as_far_as_it_can_be() {
    let platform = Platform::new();
    let handled = json!({"_id": "55b89ba34df03bab3307c111", "type": "t", "content": "{}", "status": "resolved"});
    let whole = json!({"_id": "55B89BA34DF03BAB3307C10F", "type": "app_subscribe_service", "content": {"appId": APP_ID}, "x": 1});
    let bare = json!({"_id": "55b89ba34df03bab3307c110"});
    let list = json!({"success": true, "rows": 9, "extra": {}, "entities": [whole, 7, null, {}, {"_id": "../x"}, {"_id": 3}, bare, handled]});
    platform.on("GET /v1.0/service/messages").once(answer(200, &list));
    let service = Service::of(&platform);
    let Unresolved { messages: all, cut } = service.wait(service.client().messages()).expect("there is a list");
    assert!(!cut);
    let seen: Vec<_> = all.iter().take(2).map(|told| (told.id.as_str(), told.kind.as_str(), told.content.as_str())).collect();
    let content = format!("{{\"appId\":\"{APP_ID}\"}}");
    assert_eq!(
        seen,
        [("55b89ba34df03bab3307c10f", "app_subscribe_service", content.as_str()), ("55b89ba34df03bab3307c110", "", "")]
    );
    assert_eq!(all.iter().map(|told| told.resolved).collect::<Vec<_>>(), [false, false, true]);
}

#[test]
fn of_a_list_without_end_the_beginning_is_taken() {
    let platform = Platform::new();
    let message = |n: usize| json!({"_id": format!("{n:024x}"), "type": "t", "content": "c".repeat(100_000)});
    let list = json!({"success": true, "rows": 100, "entities": (0..100).map(message).collect::<Vec<_>>()});
    platform.on("GET /v1.0/service/messages").once(answer(200, &list));
    let service = Service::of(&platform);
    let Unresolved { messages: all, cut } = service.wait(service.client().messages()).expect("there is a list");
    // 8 MiB of it.
    assert_eq!((all.len(), cut), (83, true));
    assert!(all.iter().enumerate().all(|(n, told)| told.id == format!("{n:024x}") && told.content.len() == 100_000));
}

#[test]
fn apps_are_found_by_id_and_by_auth_code() {
    let platform = Platform::new();
    let code = "0efc46c1584e5d51c58a0f3317491f09f9047c55";
    platform.auth_code(code, APP_ID);
    let service = Service::of(&platform);
    let client = service.client();
    let app = App { id: APP_ID.to_owned(), key: APP_KEY.to_owned(), name: "Test App".to_owned() };
    assert_eq!(service.wait(client.app(APP_ID)), Ok(Some(app.clone())));
    assert_eq!(service.wait(client.app_by_auth_code(code)), Ok(app));
    for code in ["common.database.dataNotFound", "backService.noSubscribeRecordFound"] {
        platform.on("GET /v1.0/service/app/*").once(crate::support::platform::error(code));
        assert_eq!(service.wait(client.app("55b88eef4df03bab3307c0aa")), Ok(None));
    }
    assert_eq!(service.wait(client.app("test_app")), Ok(None));
    let refused = service.wait(client.app_by_auth_code("a/b?c")).expect_err("there is no such code");
    assert!(matches!(&refused, PlatformError::Refused { code, .. } if code == "authCode.NotExist"), "{refused}");
    let app = format!("GET /v1.0/service/app/{APP_ID}");
    let by_code = format!("GET /v1.0/service/app/by_auth_code/{code}");
    let unknown = "GET /v1.0/service/app/55b88eef4df03bab3307c0aa";
    assert_eq!(platform.lines(), [&app, &by_code, unknown, unknown, "GET /v1.0/service/app/by_auth_code/a%2Fb%3Fc"]);
}

#[test]
fn app_users_are_made_changed_and_given_tokens() {
    let platform = Platform::new();
    let service = Service::of(&platform);
    let client = service.client();
    let text = |text: &str| Some(text.to_owned());
    let new = users::NewUser {
        account: "test_app_user".into(),
        name: "张三".into(),
        email: text("test@atest.com"),
        cellphone: text(""),
    };
    let made = service.wait(client.create_app_user(APP_ID, &new)).expect("a user is made");
    let id = "55b891fb4df03bab3307c101".to_owned();
    let expected = users::AppUser {
        id: id.clone(),
        account: new.account.clone(),
        name: new.name.clone(),
        email: new.email.clone(),
        cellphone: text(""),
    };
    assert_eq!(made, expected);
    let changes = users::Changes { name: "\"李四\"".into(), email: None, cellphone: text("123") };
    let changed = service.wait(client.update_app_user(APP_ID, &id, &changes)).expect("a user is changed");
    assert_eq!(changed, users::AppUser { name: "\"李四\"".into(), cellphone: text("123"), ..expected });
    // What no other platform knows, it is not told.
    let token = service.wait(client.app_user_access_token(APP_ID, &id, true)).expect("there is a token");
    assert_eq!((token.code.len(), token.expires_ms), (40, Some(1_440_836_400_000)));
    assert!(!format!("{token:?}").contains(&token.code));
    assert_sent(
        &platform,
        &[
            (
                &format!("POST /v1.0/service/app/{APP_ID}/users"),
                r#"{"accountName":"test_app_user","displayName":"张三","email":"test@atest.com","cellphone":""}"#,
            ),
            (&format!("PUT /v1.0/service/app/{APP_ID}/user/{id}"), r#"{"displayName":"\"李四\"","cellphone":"123"}"#),
            (&format!("GET /v1.0/service/app/{APP_ID}/user/{id}/access_token"), ""),
        ],
    );
}

#[test]
fn a_path_can_be_another_one() {
    let platform = Platform::new();
    platform.on("GET /api/inbox").once(answer(200, &json!({"success": true, "entities": []})));
    let service = Service::new(&format!("{}paths = {{ messages = \"/api/inbox\" }}\n", platform.section()));
    assert_eq!(service.wait(service.client().messages()), Ok(Unresolved::default()));
    assert_eq!(platform.lines(), ["GET /api/inbox"]);
}

#[test]
fn a_token_that_was_replaced_is_used_from_the_next_poll_on() {
    let platform = Platform::new();
    platform.service("another");
    let service = Service::of(&platform);
    let client = service.client();
    fs::write(service.path().join("token"), "another").expect("a token can be written");
    service.wait(client.app(APP_ID)).expect("the old one is still good");
    service.wait(client.messages()).expect("the new one is good");
    service.wait(client.app(APP_ID)).expect("the new one is good");
    fs::remove_file(service.path().join("token")).expect("a token can be removed");
    service.wait(client.messages()).expect("the one that was read stays");
    let tokens: Vec<_> = platform.calls().into_iter().filter_map(|call| call.token).collect();
    assert_eq!(tokens, [TOKEN, "another", "another", "another"]);
}

#[test]
fn only_a_service_with_a_token_has_a_platform() {
    let platform = Platform::new();
    let service = Service::of(&platform);
    assert!(service.clients.get("other").is_none() && service.clients.get("nobody").is_none());
    let none = Config::parse("", Path::new("wharf.toml")).expect("nothing is a configuration");
    assert!(Clients::open(&none, None).expect("there is nothing to open").get("notes").is_none());
}

#[test]
fn calls_share_connections() {
    let platform = Platform::new();
    let service = Service::of(&platform);
    for _ in 0..5 {
        service.wait(service.client().messages()).expect("there is a list");
    }
    assert_eq!(platform.connections(), 1);
}
