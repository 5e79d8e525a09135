//! What callers send, as a form or as JSON. Fields that nobody knows are ignored: pages send some.

use wharf_sdk::ocean;
use wharf_sdk::prelude::*;

use crate::account::{MAX_NAME, MAX_TEXT};
use crate::answer::Refusal;
use crate::password;

/// A body, or what is wrong with it.
pub(crate) type Sent<T> = Result<FormOrJson<T>>;

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Register {
    pub(crate) account_name: Text,
    pub(crate) password: Text,
    pub(crate) display_name: Text,
    pub(crate) email: Text,
    pub(crate) cellphone: Text,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Login {
    pub(crate) account_name: Text,
    pub(crate) password: Text,
    pub(crate) remember_me: Word,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Update {
    pub(crate) display_name: Text,
    pub(crate) email: Text,
    pub(crate) cellphone: Text,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct UpdatePassword {
    pub(crate) old_password: Text,
    pub(crate) new_password: Text,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ForgetPassword {
    pub(crate) account_name: Text,
    pub(crate) account_email: Text,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ResetPassword {
    pub(crate) reset_token: Text,
    pub(crate) new_password: Text,
}

/// A text that may be missing. In a form null arrives as the empty text, so that is what it is in JSON too.
#[derive(Default)]
pub(crate) struct Text(Option<String>);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text: Option<String> = Deserialize::deserialize(deserializer)?;
        Ok(Self(Some(text.unwrap_or_default())))
    }
}

impl Text {
    /// The name of an account.
    pub(crate) fn name(self) -> Result<String, Refusal> {
        match self.0 {
            Some(name) if name.trim().is_empty() => Err(Refusal::BadRequest("The account's name is missing.")),
            Some(name) if name.len() > MAX_NAME => Err(Refusal::BadRequest("The account's name is too long.")),
            Some(name) if !ocean::is_line(&name) => Err(Refusal::BadRequest("The account's name is not one line.")),
            Some(name) => Ok(name),
            None => Err(Refusal::BadRequest("The account's name is missing.")),
        }
    }

    /// A password: whatever it is, but not nothing.
    pub(crate) fn password(self) -> Result<String, Refusal> {
        match self.0 {
            Some(text) if text.len() > password::MAX => Err(Refusal::BadRequest("The password is too long.")),
            Some(text) if !text.is_empty() => Ok(text),
            _ => Err(Refusal::BadRequest("The password is missing.")),
        }
    }

    /// What is said of an account, if it is said.
    pub(crate) fn said(self) -> Result<Option<String>, Refusal> {
        match self.0 {
            Some(text) if text.len() > MAX_TEXT => Err(Refusal::BadRequest("A field is too long.")),
            Some(text) if !ocean::is_line(&text) => Err(Refusal::BadRequest("A field is not one line.")),
            said => Ok(said),
        }
    }

    /// What is said, if it is more than nothing.
    pub(crate) fn filled(self) -> Option<String> {
        self.0.filter(|text| !text.is_empty())
    }
}

/// A yes, or anything else: `true` in JSON, the word `true` in a form. Absent, empty and unknown are no.
#[derive(Default)]
pub(crate) struct Word(pub(crate) bool);

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value: serde_json::Value = Deserialize::deserialize(deserializer)?;
        Ok(Self(value == true || value == "true"))
    }
}

/// The body, if it can be read. Why not goes to the log: what was sent has no place in an answer.
pub(crate) fn read<T>(sent: Sent<T>) -> Result<T, Refusal> {
    match sent {
        Ok(FormOrJson(body)) => Ok(body),
        Err(error) => {
            debug!("{error}");
            Err(Refusal::BadRequest("The request cannot be read."))
        }
    }
}
