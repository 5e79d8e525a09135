//! The 70 vectors of `tests/data/ocean_auth.json`.

use serde::Deserialize;
use serde_json::Value;

use crate::support::{Answer, Running};

#[derive(Debug)]
pub(super) struct Vectors {
    /// The time by which they are to be judged.
    pub(super) now_ms: u64,
    all: Vec<Vector>,
}

/// One header, and whether it is valid.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Vector {
    pub(super) name: String,
    pub(super) security_key: String,
    json: Option<String>,
    /// The header's value; `None` where there is no header.
    pub(super) hex: Option<String>,
    pub(super) valid: bool,
    pub(super) expected_error: Option<String>,
    /// The setting without which it is refused.
    pub(super) requires: Option<String>,
    /// The setting with which it is accepted.
    pub(super) accept_with: Option<String>,
}

impl Vectors {
    pub(super) fn load() -> Self {
        #[derive(Deserialize)]
        struct File {
            meta: Meta,
            vectors: Vec<Vector>,
        }
        #[derive(Deserialize)]
        struct Meta {
            now: u64,
            count: usize,
        }
        let file: File = serde_json::from_str(include_str!("../../../../data/ocean_auth.json")).expect("the vectors can be read");
        assert_eq!(file.vectors.len(), file.meta.count, "vectors are missing");
        Self { now_ms: file.meta.now, all: file.vectors }
    }

    /// All but the one that is about starting, not about a request.
    pub(super) fn of_requests(&self) -> impl Iterator<Item = &Vector> {
        self.all.iter().filter(|vector| !vector.security_key.is_empty())
    }

    pub(super) fn named(&self, name: &str) -> &Vector {
        self.all.iter().find(|vector| vector.name == name).unwrap_or_else(|| panic!("no vector `{name}`"))
    }

    /// The securityKeys, each once, in the order of their services.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        let mut keys: Vec<&str> = Vec::new();
        for vector in self.of_requests() {
            if !keys.contains(&vector.security_key.as_str()) {
                keys.push(&vector.security_key);
            }
        }
        keys.into_iter()
    }

    /// Sends the vector's header to the service of its key.
    #[track_caller]
    pub(super) fn send(&self, host: &Running, vector: &Vector) -> Answer {
        let service = self.keys().position(|key| key == vector.security_key).expect("every key has a service");
        let request = host.get(&format!("/s/s{service}/"));
        match &vector.hex {
            Some(hex) => request.header("Ocean-Auth", hex),
            None => request,
        }
        .send()
    }
}

impl Vector {
    /// What the plugin must be given, from the JSON in the header.
    pub(super) fn identity(&self) -> Value {
        let claims: Value = serde_json::from_str(self.json.as_deref().expect("a valid vector has JSON")).expect("it is JSON");
        let text = |key: &str| claims.get(key).and_then(Value::as_str).unwrap_or_default();
        let login = claims["isClientLogin"] == true || claims["isClientLogin"] == "true";
        let user = login.then(|| {
            serde_json::json!({
                "id": text("appUserAccountId"), "account": text("appUserAccount"), "name": text("appUserName"),
                "authenticated_by": text("authBackServiceKey"),
            })
        });
        serde_json::json!({"scheme": "OceanAuth", "app": text("appKey"), "app_id": null, "user": user, "scopes": []})
    }
}

/// Asserts that the plugin ran, and was given this identity and no credential.
#[track_caller]
pub(super) fn assert_accepted(name: &str, answer: &Answer, identity: &Value) {
    assert_eq!(answer.status, 200, "{name}: {}", answer.text());
    let mut given = answer.json();
    let object = given.as_object_mut().expect("an identity is an object");
    let request_id = object.remove("request_id").expect("a caller has a request id");
    assert_eq!(request_id.as_str().map(str::len), Some(24), "{name}");
    let headers = object.remove("headers").expect("headers are listed").to_string();
    assert!(!headers.contains("ocean-auth"), "{name}: the plugin sees the header: {headers}");
    assert_eq!(given, *identity, "{name}");
}
