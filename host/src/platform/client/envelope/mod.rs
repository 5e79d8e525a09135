//! What an answer says: `{"success":true,"entity":{…}}`, `{"success":true,"entities":[…]}`, or
//! `{"success":false,"err":{"errCode":"…","errorMessage":"…"}}`.
//!
//! The envelope decides, not the status, which the reference does not mention: the platform's errors come with 200 as well as
//! with 401. Fields that are not known are passed over. What is no envelope is nobody's word: a proxy's page, or another server.

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::{PlatformError, token::blot, transport::Answer};

/// The longest text of an error that is passed on.
const MAX_TEXT: usize = 300;
/// Longer codes are none.
const MAX_CODE: usize = 100;
/// The platform's word for what it cannot name.
const UNKNOWN: &str = "common.unknown";
/// Its own failures: what was asked is all right, and may be asked again.
const ITS_OWN: [&str; 3] = ["common.database", "common.systemError", UNKNOWN];

/// Why a call came to nothing.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) error: PlatformError,
    /// Whether the next moment may bring another answer, as far as the network can tell.
    pub(super) passing: bool,
}

impl Failed {
    pub(super) fn passing(why: impl Into<String>) -> Self {
        Self { error: PlatformError::Unavailable(why.into()), passing: true }
    }

    pub(super) fn lasting(error: PlatformError) -> Self {
        Self { error, passing: false }
    }

    /// An answer that says nothing that could be used.
    pub(super) fn senseless(why: &str) -> Self {
        Self::lasting(PlatformError::Unavailable(format!("its answer makes no sense: {why}")))
    }
}

/// Reads an answer of which only the success counts.
pub(super) fn nothing(answer: &Answer) -> Result<(), Failed> {
    whole(answer).map(drop)
}

/// Reads an answer about one thing.
pub(super) fn entity(answer: &Answer) -> Result<Value, Failed> {
    match whole(answer)?.get_mut("entity").map(Value::take) {
        Some(entity) if entity.is_object() => Ok(entity),
        _ => Err(Failed::senseless("it has no entity")),
    }
}

fn whole(answer: &Answer) -> Result<Value, Failed> {
    let envelope: Option<Value> = serde_json::from_slice(&answer.body).ok();
    let envelope = envelope.filter(Value::is_object).filter(|_| !redirects(answer)).ok_or_else(|| no_envelope(answer))?;
    let success = envelope.get("success").and_then(Value::as_bool);
    judge(answer, success, envelope.get("err").unwrap_or(&Value::Null))?;
    Ok(envelope)
}

/// Reads a list. Of one that was cut, everything that is whole. `read` passes over what it can make nothing of.
pub(super) fn entities<T>(answer: &Answer, read: impl Fn(Value) -> Option<T>) -> Result<Vec<T>, Failed> {
    let mut list = List { success: None, err: Value::Null, read: &read, entities: Vec::new() };
    let mut json = serde_json::Deserializer::from_slice(&answer.body);
    match (&mut list).deserialize(&mut json).and_then(|()| json.end()) {
        _ if redirects(answer) => return Err(no_envelope(answer)),
        Ok(()) => judge(answer, list.success, &list.err)?,
        // Only a success has entities, wherever it says that it is one.
        Err(error) if answer.cut && error.is_eof() && list.success != Some(false) && !list.entities.is_empty() => {}
        Err(_) => return Err(no_envelope(answer)),
    }
    Ok(list.entities)
}

/// An answer that only says where to ask is not followed, whatever stands in it.
fn redirects(answer: &Answer) -> bool {
    answer.status.is_redirection()
}

/// Whether the platform did what it was asked.
fn judge(answer: &Answer, success: Option<bool>, err: &Value) -> Result<(), Failed> {
    match success {
        Some(true) => Ok(()),
        Some(false) => Err(Failed::lasting(refusal(answer, err))),
        None if err.is_object() => Err(Failed::lasting(refusal(answer, err))),
        None => Err(no_envelope(answer)),
    }
}

fn no_envelope(answer: &Answer) -> Failed {
    // What proxies say of a server that is away for a moment.
    let passing = [502, 503, 504].contains(&answer.status.as_u16());
    let status = answer.status.as_u16();
    let why = match answer {
        _ if redirects(answer) => format!("it answered {status}; redirects are not followed"),
        Answer { cut: true, .. } => format!("its answer with status {status} is longer than any there is"),
        _ => format!("its answer with status {status} is not one of the platform's"),
    };
    Failed { error: PlatformError::Unavailable(why), passing }
}

/// The platform's error. The JSON samples and the clients say `errCode` and `errorMessage`, the prose has other spellings.
///
/// The access token is blotted out before anything is cut, so that no part of it is left.
fn refusal(answer: &Answer, err: &Value) -> PlatformError {
    let field = |names: [&str; 2]| {
        let text = names.iter().find_map(|name| err.get(name)?.as_str())?;
        Some(answer.token.as_ref().map_or_else(|| text.to_owned(), |token| blot(token, text)))
    };
    let code = field(["errCode", "errorCode"]).filter(|code| is_code(code)).unwrap_or_else(|| UNKNOWN.to_owned());
    let message = shown(&field(["errorMessage", "errrorMessage"]).unwrap_or_default());
    if code.starts_with("accessToken.") {
        PlatformError::Token { code }
    } else if ITS_OWN.contains(&code.as_str()) {
        PlatformError::Unavailable(format!("it answered {code}: {message}"))
    } else {
        PlatformError::Refused { code, message }
    }
}

fn is_code(text: &str) -> bool {
    (1..=MAX_CODE).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

/// The text as it may be shown: on one line, and not without end.
fn shown(text: &str) -> String {
    text.chars().take(MAX_TEXT).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// A list on its way in, element by element: as values all at once it would take many times its bytes.
struct List<'r, T, R> {
    success: Option<bool>,
    err: Value,
    read: &'r R,
    entities: Vec<T>,
}

impl<'de, T, R: Fn(Value) -> Option<T>> DeserializeSeed<'de> for &mut List<'_, T, R> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de, T, R: Fn(Value) -> Option<T>> Visitor<'de> for &mut List<'_, T, R> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an envelope")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "success" => self.success = map.next_value::<Value>()?.as_bool(),
                "err" => self.err = map.next_value()?,
                "entities" => map.next_value_seed(Elements { read: self.read, entities: &mut self.entities })?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

struct Elements<'r, T, R> {
    read: &'r R,
    entities: &'r mut Vec<T>,
}

impl<'de, T, R: Fn(Value) -> Option<T>> DeserializeSeed<'de> for Elements<'_, T, R> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de, T, R: Fn(Value) -> Option<T>> Visitor<'de> for Elements<'_, T, R> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(element) = list.next_element::<Value>()? {
            self.entities.extend((self.read)(element));
        }
        Ok(())
    }

    /// Some say `null` where they have nothing.
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
