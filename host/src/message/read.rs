//! What a message says: the platform's JSON was read once already, and its `content` is JSON inside a string.

use serde::Deserialize;

use super::{Kind, Told};
use crate::store::messages::{About, Letter};

/// Longer content is no message of this platform; three ids have about a hundred bytes.
const MAX_CONTENT: usize = 64 << 10;
/// The longest id or key in it.
const MAX_NAME: usize = 256;

#[derive(Deserialize)]
struct Content {
    #[serde(rename = "appId")]
    app_id: String,
    #[serde(rename = "appKey")]
    app_key: String,
    #[serde(rename = "appSubscriptionId")]
    subscription_id: String,
}

/// Reads a message as far as it can be read. What no plugin can be told has a fault, and is kept as the platform sent it.
pub(super) fn letter(told: Told) -> Letter {
    let Told { id, kind, mut content, back_service_id, resolved: _ } = told;
    let (about, unreadable) = match about(&content) {
        Ok(about) => (Some(about), None),
        Err(why) => (None, Some(format!("its content cannot be read: {why}"))),
    };
    let unknown = Kind::of_platform(&kind).is_none().then(|| "its type is not known to this version of Wharf".to_owned());
    if content.len() > MAX_CONTENT {
        content.truncate(content.floor_char_boundary(MAX_CONTENT));
    }
    let kind = kind.chars().take(MAX_NAME).collect();
    Letter { id, kind, content, back_service_id, about, fault: unknown.or(unreadable) }
}

fn about(content: &str) -> Result<About, String> {
    if content.len() > MAX_CONTENT {
        return Err(format!("it has {} bytes", content.len()));
    }
    let Content { app_id, app_key, subscription_id } = serde_json::from_str(content).map_err(|error| error.to_string())?;
    for (name, value) in [("appId", &app_id), ("appKey", &app_key), ("appSubscriptionId", &subscription_id)] {
        if value.is_empty() || value.len() > MAX_NAME || value.chars().any(char::is_control) {
            return Err(format!("`{name}` is empty, too long, or no text"));
        }
    }
    Ok(About { app_key, app_id, subscription_id })
}

/// Whether this can be the id of a message: 24 hex digits.
pub(super) fn is_id(text: &str) -> bool {
    text.len() == 24 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTENT: &str =
        r#"{"appId":"55b88eef4df03bab3307c0ff","appKey":"test_app","appSubscriptionId":"55b89ba34df03bab3307c10e"}"#;

    fn read(kind: &str, content: &str) -> Letter {
        letter(Told {
            id: "55b89ba34df03bab3307c10f".to_owned(),
            kind: kind.to_owned(),
            content: content.to_owned(),
            back_service_id: None,
            resolved: false,
        })
    }

    #[test]
    fn the_content_is_read_out_of_its_string() {
        let letter = read("app_subscribe_service", CONTENT);
        let about = letter.about.unwrap();
        assert_eq!(
            (about.app_id.as_str(), about.app_key.as_str(), about.subscription_id.as_str(), letter.fault),
            ("55b88eef4df03bab3307c0ff", "test_app", "55b89ba34df03bab3307c10e", None)
        );
    }

    #[test]
    fn an_unknown_type_is_a_fault_and_holds_its_app_all_the_same() {
        // The host's own word is none of the platform's.
        for kind in ["app_renamed", "", "purge", "APP_SUBSCRIBE_SERVICE"] {
            let letter = read(kind, CONTENT);
            assert!(letter.fault.is_some() && letter.about.is_some(), "{kind}");
        }
    }

    #[test]
    fn unreadable_content_is_a_fault() {
        let long = format!(r#"{{"appId":"1","appKey":"{}","appSubscriptionId":"1"}}"#, "k".repeat(MAX_NAME + 1));
        let huge = format!(r#"{{"appId":"1","appKey":"1","appSubscriptionId":"1","more":"{}"}}"#, "é".repeat(MAX_CONTENT));
        for content in [
            "",
            "{}",
            "null",
            "[]",
            "\"text\"",
            r#"{"appId":"1","appKey":"","appSubscriptionId":"1"}"#,
            r#"{"appId":"1","appKey":"a\nb","appSubscriptionId":"1"}"#,
            r#"{"appId":1,"appKey":"1","appSubscriptionId":"1"}"#,
            r#"{"appId":"1","appKey":"1"}"#,
            &long,
            &huge,
        ] {
            let letter = read("app_cancel_service", content);
            assert!(letter.fault.is_some() && letter.about.is_none() && letter.content.len() <= MAX_CONTENT, "{content:.80}");
        }
    }
}
