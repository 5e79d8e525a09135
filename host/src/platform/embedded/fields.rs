//! What a call was sent: JSON or a form, as names and values.
//!
//! The reference says JSON, real clients send forms; both are read whatever the call. Unknown fields are ignored, a name that
//! occurs twice is refused.

use std::collections::BTreeMap;

use axum::extract::{FromRequest, Request};
use http::header::CONTENT_TYPE;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use zeroize::Zeroizing;

use super::{form, refusal::Refusal};
use crate::{
    json::{Object, Value},
    toml_reader::names,
};

/// The longest body: several times what the longest fields together take.
const MAX_BODY: usize = 64 << 10;
/// More fields than any call has.
const MAX_FIELDS: usize = 256;

/// What one field may hold at most, in bytes.
pub(super) const MAX_LINE: usize = 256;
const MAX_ADDRESS: usize = 2 << 10;
const MAX_TEXT: usize = 4 << 10;
pub(super) const MAX_SECRET: usize = 1 << 10;

/// The fields of a call's body. Among them may be passwords, so none shows itself, and all are wiped when dropped.
#[derive(Debug)]
pub(super) struct Fields(BTreeMap<String, Field>);

enum Field {
    Text(Zeroizing<String>),
    Bool(bool),
    /// There, and of a type that no call asks for.
    Other,
}

impl std::fmt::Debug for Field {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

impl<S: Sync> FromRequest<S> for Fields {
    type Rejection = Refusal;

    /// Fails with [`Refusal::TooLarge`] or [`Refusal::Malformed`].
    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        let (parts, body) = request.into_parts();
        let kind = parts.headers.get(CONTENT_TYPE).map(|kind| kind.as_bytes().to_ascii_lowercase());
        let body = match Limited::new(body, MAX_BODY).collect().await {
            Ok(collected) => Zeroizing::new(collected.to_bytes().to_vec()),
            Err(error) if error.is::<LengthLimitError>() => return Err(Refusal::TooLarge),
            Err(_) => return Err(Refusal::Malformed),
        };
        let kind = kind.as_deref().map(|kind| kind.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii());
        match kind {
            _ if body.trim_ascii().is_empty() => Ok(Self(BTreeMap::new())),
            Some(b"application/x-www-form-urlencoded") => Self::of_form(&body),
            // Whoever says nothing, or plain text, as some clients do, means JSON.
            _ => Self::of_json(&body),
        }
        .and_then(|fields| if fields.0.len() <= MAX_FIELDS { Ok(fields) } else { Err(Refusal::Malformed) })
    }
}

impl Fields {
    fn of_form(body: &[u8]) -> Result<Self, Refusal> {
        let mut fields = BTreeMap::new();
        for (name, value) in form::parse(body).ok_or(Refusal::Malformed)? {
            if fields.insert(name, Field::Text(Zeroizing::new(value))).is_some() {
                return Err(Refusal::Malformed);
            }
        }
        Ok(Self(fields))
    }

    fn of_json(body: &[u8]) -> Result<Self, Refusal> {
        let text = str::from_utf8(body).map_err(|_| Refusal::Malformed)?;
        let object = Object::parse(text).map_err(|_| Refusal::Malformed)?;
        let fields = object.into_iter().filter_map(|(name, value)| {
            let field = match value {
                Value::Null => return None,
                Value::Bool(value) => Field::Bool(value),
                Value::Text(text) => Field::Text(Zeroizing::new(text.into_owned())),
                Value::Integer(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => Field::Other,
            };
            Some((name.into_owned(), field))
        });
        Ok(Self(fields.collect()))
    }

    /// A text as it was sent, if it was: at most `max` bytes of it.
    fn text(&self, name: &str, max: usize) -> Result<Option<&str>, Refusal> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Field::Text(text)) if text.len() <= max => Ok(Some(text)),
            Some(_) => Err(Refusal::Malformed),
        }
    }

    /// One line that people read; may be empty.
    pub(super) fn line(&self, name: &str) -> Result<Option<&str>, Refusal> {
        self.checked(name, MAX_LINE, names::is_shown)
    }

    /// The same, which must be there and say something.
    pub(super) fn must_line(&self, name: &str) -> Result<&str, Refusal> {
        self.line(name)?.filter(|line| !line.trim().is_empty()).ok_or(Refusal::Malformed)
    }

    /// A key for ever, of an app or a service.
    pub(super) fn key(&self, name: &str) -> Result<&str, Refusal> {
        self.line(name)?.filter(|key| names::is_key(key)).ok_or(Refusal::Malformed)
    }

    /// Some lines that people read; may be empty.
    pub(super) fn lines(&self, name: &str) -> Result<Option<&str>, Refusal> {
        self.checked(name, MAX_TEXT, |c| names::is_shown(c) || matches!(c, '\n' | '\r' | '\t'))
    }

    /// A URL or nothing.
    pub(super) fn address(&self, name: &str) -> Result<Option<&str>, Refusal> {
        let Some(address) = self.checked(name, MAX_ADDRESS, names::is_shown)? else { return Ok(None) };
        let is_url = |text: &str| {
            reqwest::Url::parse(text).is_ok_and(|url| {
                matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none()
            })
        };
        if address.is_empty() || is_url(address) { Ok(Some(address)) } else { Err(Refusal::Malformed) }
    }

    /// A password or key: any bytes, but not none.
    pub(super) fn secret(&self, name: &str) -> Result<Option<&str>, Refusal> {
        match self.text(name, MAX_SECRET)? {
            Some("") => Err(Refusal::Malformed),
            secret => Ok(secret),
        }
    }

    /// A boolean, which a form spells out; what is absent, empty or another word is no.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.maybe_flag(name).unwrap_or_default()
    }

    /// The same, where it matters whether it was sent.
    pub(super) fn maybe_flag(&self, name: &str) -> Option<bool> {
        match self.0.get(name)? {
            Field::Bool(value) => Some(*value),
            Field::Text(word) => Some(word.as_str() == "true"),
            Field::Other => None,
        }
    }

    fn checked(&self, name: &str, max: usize, is_good: impl Fn(char) -> bool) -> Result<Option<&str>, Refusal> {
        match self.text(name, max)? {
            Some(text) if !text.chars().all(is_good) => Err(Refusal::Malformed),
            text => Ok(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    async fn read(kind: &str, body: impl Into<Body>) -> Result<Fields, Refusal> {
        let request = Request::builder().header(CONTENT_TYPE, kind).body(body.into()).unwrap();
        Fields::from_request(request, &()).await
    }

    #[tokio::test]
    async fn json_and_forms_say_the_same() {
        for (kind, body) in [
            ("application/json;charset=utf-8", r#"{"name":"张三","key":"k","remember":true,"gone":null}"#),
            ("text/plain", r#"{"name":"张三","key":"k","remember":"true"}"#),
            ("application/x-www-form-urlencoded; charset=UTF-8", "name=%E5%BC%A0%E4%B8%89&key=k&remember=true&other=1"),
        ] {
            let fields = read(kind, body).await.unwrap();
            assert_eq!((fields.must_line("name"), fields.line("key")), (Ok("张三"), Ok(Some("k"))), "{kind}");
            assert_eq!((fields.flag("remember"), fields.flag("other"), fields.line("gone")), (true, false, Ok(None)), "{kind}");
        }
        assert_eq!(read("application/json", "").await.unwrap().line("name"), Ok(None));
    }

    #[tokio::test]
    async fn what_has_two_readings_or_none_is_refused() {
        for (kind, body) in [
            ("application/json", r#"{"a":1,"a":2}"#),
            ("application/json", "[]"),
            ("application/json", "null"),
            ("application/json", "{\"a\":"),
            ("application/json", "{} {}"),
            ("application/json", "a=1"),
            ("application/x-www-form-urlencoded", "a=1&a=2"),
            ("application/x-www-form-urlencoded", "a=%ff"),
            ("multipart/form-data; boundary=x", "--x"),
        ] {
            assert_eq!(read(kind, body).await.unwrap_err(), Refusal::Malformed, "{body}");
        }
        let nested = format!("{{\"a\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
        assert_eq!(read("application/json", nested).await.unwrap_err(), Refusal::Malformed);
        let many: String = (0..=MAX_FIELDS).map(|number| format!("a{number}=&")).collect();
        assert_eq!(read("application/x-www-form-urlencoded", many).await.unwrap_err(), Refusal::Malformed);
        assert_eq!(read("application/json", vec![b' '; MAX_BODY + 1]).await.unwrap_err(), Refusal::TooLarge);
    }

    #[tokio::test]
    async fn a_field_of_the_wrong_type_or_length_is_refused() {
        let body = serde_json::json!({
            "number": 1, "long": "x".repeat(MAX_LINE + 1), "control": "a\u{0}b", "bidi": "a\u{202e}b", "empty": "",
            "url": "javascript:alert(1)", "user": "https://a:b@c/", "good": "https://example.com/x",
        });
        let fields = read("application/json", body.to_string()).await.unwrap();
        for name in ["number", "long", "control", "bidi"] {
            assert_eq!(fields.line(name), Err(Refusal::Malformed), "{name}");
        }
        assert_eq!((fields.line("empty"), fields.must_line("empty")), (Ok(Some("")), Err(Refusal::Malformed)));
        assert_eq!((fields.secret("empty"), fields.secret("none")), (Err(Refusal::Malformed), Ok(None)));
        for name in ["url", "user"] {
            assert_eq!(fields.address(name), Err(Refusal::Malformed), "{name}");
        }
        assert_eq!(fields.address("good"), Ok(Some("https://example.com/x")));
        assert!(!format!("{fields:?}").contains("example.com"), "what was sent does not show itself");
    }
}
