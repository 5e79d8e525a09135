//! A platform in the same process: what reaches it, and by what it knows whom it serves.

use std::{
    path::Path,
    sync::{Arc, Mutex},
};

use axum::{Router, body::to_bytes, extract::Request, response::IntoResponse};
use serde_json::json;
use tokio::runtime::Builder;
use wharf::{
    config::Config,
    platform::{
        ServiceIdentity,
        client::{Clients, PlatformError, users::NewUser},
    },
};

use crate::support::platform::{APP_ID, refusal};

/// What a platform saw of a call: service, method and target, `content-type`, `accesstoken`, body.
type Seen = (String, String, String, String, String);

fn config(text: &str) -> Config {
    let text = format!("[platform]\nmode = \"embedded\"\n{text}");
    Config::parse(&text, Path::new("wharf.toml")).unwrap_or_else(|problems| panic!("{problems}"))
}

fn service(key: &str) -> String {
    format!("[services.{key}]\nplugin = \"test/{key}\"\nsecurity-key = {{ file = \"{key}.key\" }}\n")
}

async fn see(request: Request) -> Seen {
    let (head, body) = request.into_parts();
    let header = |name: &str| head.headers.get(name).map_or("none", |value| value.to_str().expect("it is text")).to_owned();
    let identity = head.extensions.get::<ServiceIdentity>();
    let who = identity.map_or_else(|| "nobody".to_owned(), |ServiceIdentity(service)| service.clone());
    let (line, kind, token) = (format!("{} {}", head.method, head.uri), header("content-type"), header("accesstoken"));
    let body = to_bytes(body, 1 << 20).await.expect("there is a body");
    (who, line, kind, token, String::from_utf8(body.to_vec()).expect("it is text"))
}

#[test]
fn a_service_is_known_by_its_name_and_shows_no_token() {
    let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
    let seeing = seen.clone();
    let router = Router::new().fallback(move |request: Request| async move {
        let one = see(request).await;
        let entity = json!({"_id": APP_ID, "key": "k", "accessTokenCode": "c0de", "expireTime": "1440750000000"});
        seeing.lock().expect("no test fails while it holds this").push(one);
        axum::Json(json!({"success": true, "entity": entity, "entities": []})).into_response()
    });
    let clients = Clients::open(&config(&(service("one") + &service("two"))), Some(router)).expect("there is a platform");
    let runtime = Builder::new_current_thread().build().expect("a runtime can be made");
    let (one, two) = (clients.get("one").expect("it has a platform"), clients.get("two").expect("it has a platform"));
    let user = NewUser { account: "张三".into(), name: "n".into(), email: None, cellphone: None };
    runtime.block_on(async {
        one.messages().await.expect("there is a list");
        two.create_app_user(APP_ID, &user).await.expect("a user is made");
        let token = two.app_user_access_token(APP_ID, APP_ID, false).await.expect("there is a token");
        assert_eq!((token.code.as_str(), token.expires_ms), ("c0de", Some(1_440_750_000_000)));
        // Here it is known what that means.
        one.app_user_access_token(APP_ID, APP_ID, true).await.expect("there is a token");
    });
    let token = format!("GET /v1.0/service/app/{APP_ID}/user/{APP_ID}/access_token");
    let expected = [
        ("one", "GET /v1.0/service/messages".to_owned(), ""),
        ("two", format!("POST /v1.0/service/app/{APP_ID}/users"), r#"{"accountName":"张三","displayName":"n"}"#),
        ("two", token.clone(), ""),
        ("one", format!("{token}?rememberMe=true"), ""),
    ];
    let expected = expected.map(|(service, line, body)| {
        let json = "application/json;charset=utf-8".to_owned();
        (service.to_owned(), line, json, "none".to_owned(), body.to_owned())
    });
    assert_eq!(*seen.lock().expect("no test fails while it holds this"), expected);
}

#[test]
fn its_errors_are_read_like_any_platforms() {
    let router = Router::new().fallback(|| async { (http::StatusCode::UNAUTHORIZED, axum::Json(refusal("app.doNotHaveRight"))) });
    let clients = Clients::open(&config(&service("one")), Some(router)).expect("there is a platform");
    let runtime = Builder::new_current_thread().build().expect("a runtime can be made");
    let refused = runtime.block_on(clients.get("one").expect("it has a platform").app(APP_ID));
    assert!(matches!(&refused, Err(PlatformError::Refused { code, .. }) if code == "app.doNotHaveRight"), "{refused:?}");
}

#[test]
fn a_service_without_a_key_is_none_of_its() {
    let text = service("one") + "[services.two]\nplugin = \"test/two\"\n";
    let clients = Clients::open(&config(&text), Some(Router::new())).expect("there is a platform");
    let keys: Vec<_> = clients.iter().map(|client| client.service()).collect();
    assert_eq!(keys, ["one"]);
}
