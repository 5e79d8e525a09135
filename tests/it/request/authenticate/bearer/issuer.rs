//! An issuer of access tokens: its keys, the tokens it signs, and the address at which it publishes the keys.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{SocketAddr, TcpListener},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

pub(super) const ISS: &str = "https://login.example.com/";

/// A key of the issuer's.
pub(super) struct Key {
    kid: &'static str,
    pair: Ed25519KeyPair,
}

impl Key {
    pub(super) fn new(kid: &'static str) -> Self {
        Self { kid, pair: Ed25519KeyPair::generate().expect("a key can be made") }
    }

    /// The issuer's set, with this key alone.
    pub(super) fn set(&self) -> String {
        let x = URL_SAFE_NO_PAD.encode(self.pair.public_key().as_ref());
        json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "use": "sig", "kid": self.kid, "x": x}]}).to_string()
    }

    /// A token for `audience` that was made at `now_s` for a minute, but for the claims in `changes`.
    pub(super) fn sign(&self, audience: &str, now_s: u64, changes: &Value) -> String {
        let mut claims = json!({
            "iss": ISS, "aud": audience, "sub": "u1", "client_id": "a1", "iat": now_s, "exp": now_s + 60, "jti": "1",
            "scope": "notes:read notes:write",
        });
        for (name, value) in changes.as_object().expect("changes are an object") {
            claims[name] = value.clone();
        }
        let header = json!({"typ": "at+jwt", "alg": "EdDSA", "kid": self.kid});
        let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let signed = format!("{}.{}", encode(&header), encode(&claims));
        let signature = URL_SAFE_NO_PAD.encode(self.pair.sign(signed.as_bytes()).as_ref());
        format!("{signed}.{signature}")
    }
}

/// An address on this machine with a text behind it; answers until the test's process ends.
pub(super) struct Published {
    pub(super) address: SocketAddr,
    text: Arc<Mutex<String>>,
}

impl Published {
    pub(super) fn new(text: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("a listener has an address");
        let text = Arc::new(Mutex::new(text));
        let shared = text.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { continue };
                let Ok(reading) = stream.try_clone() else { continue };
                // The request has no body: it ends with an empty line.
                let _ = BufReader::new(reading).lines().map_while(Result::ok).find(String::is_empty);
                let text = shared.lock().unwrap_or_else(PoisonError::into_inner).clone();
                let head = format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", text.len());
                // Who asked may have left.
                let _ = stream.write_all(format!("{head}{text}").as_bytes());
            }
        });
        Self { address, text }
    }

    pub(super) fn set(&self, text: String) {
        *self.text.lock().unwrap_or_else(PoisonError::into_inner) = text;
    }
}
