//! Answers as the clients of OceanClouds expect them: one envelope, always `application/json`, never empty.
//!
//! ```
//! use wharf_sdk::ocean;
//! use wharf_sdk::prelude::*;
//!
//! #[derive(Serialize)]
//! struct Pet { name: String }
//!
//! #[get("/pet/{name}")]
//! fn pet(name: String) -> Result<Response> {
//!     if name == "rex" {
//!         return ocean::entity(&Pet { name });
//!     }
//!     Ok(ocean::refusal("PET Error", "pet.notExist", "There is no such pet.").into_response(401))
//! }
//!
//! service!(pet);
//!
//! # fn main() {
//! let host = wharf_sdk::testing::TestHost::new(routes());
//! assert_eq!(host.get("/pet/rex").text(), r#"{"success":true,"entity":{"name":"rex"}}"#);
//! let refused = host.get("/pet/tom");
//! assert_eq!(refused.status, 404);
//! assert_eq!(
//!     refused.text(),
//!     r#"{"success":false,"err":{"name":"PET Error","errCode":"pet.notExist","errorMessage":"There is no such pet."}}"#
//! );
//! # }
//! ```

use serde::ser::Serialize;

use crate::{Response, Result, Serialize};

/// Whether a text is one line that can be shown as it is: no control characters, nothing that breaks a line or turns its
/// direction. The platform in the host takes no other names, mail addresses and numbers for app users, so a service that
/// refuses them itself can say why.
#[must_use]
pub fn is_line(text: &str) -> bool {
    let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    !text.chars().any(|c| c.is_control() || turns(c) || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}'))
}

/// `{"success":true}`: done, and there is nothing to show.
///
/// # Errors
/// None; siblings have some.
pub fn done() -> Result<Response> {
    Response::new(200).json(&Done { success: true })
}

/// `{"success":true,"entity":…}`: one thing.
///
/// # Errors
/// A value that JSON has no form for.
#[track_caller]
pub fn entity<T: Serialize>(entity: &T) -> Result<Response> {
    Response::new(200).json(&One { success: true, entity })
}

/// `{"success":true,"rows":2,"entities":[…]}`: so many things, of which `rows` is the number.
///
/// # Errors
/// A value that JSON has no form for.
#[track_caller]
pub fn entities<T: Serialize>(entities: &[T]) -> Result<Response> {
    Response::new(200).json(&Many { success: true, rows: entities.len(), entities })
}

/// `{"success":false,"err":{…}}`, to be made a response by [`Refusal::into_response`].
#[must_use]
pub fn refusal<'a>(name: &'a str, code: &'a str, message: &'a str) -> Refusal<'a> {
    Refusal { name, code, message }
}

/// Why a request is not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal<'a> {
    /// `name`: whose error it is, such as `USER Error`.
    pub name: &'a str,
    /// `errCode`: the stable word.
    pub code: &'a str,
    /// `errorMessage`: a sentence. Clients put it into their pages as HTML: it must never hold anything a caller sent.
    pub message: &'a str,
}

impl Refusal<'_> {
    /// The response. `error_status` is the setting of that name: 200 answers every refusal with 200, because clients of 2015
    /// hear of nothing else; 401 answers each with the status that fits its code ([`status`]).
    #[must_use]
    pub fn into_response(self, error_status: u16) -> Response {
        let Self { name, code, message } = self;
        let status = if error_status == 200 { 200 } else { status(code) };
        let refused = Refused { success: false, err: Reason { name, err_code: code, error_message: message } };
        // Three texts always have a form in JSON.
        let body = serde_json::to_vec(&refused).unwrap_or_default();
        Response::new(status).header("content-type", "application/json").body(body)
    }
}

#[derive(Serialize)]
struct Done {
    success: bool,
}

#[derive(Serialize)]
struct One<'a, T> {
    success: bool,
    entity: &'a T,
}

#[derive(Serialize)]
struct Many<'a, T> {
    success: bool,
    rows: usize,
    entities: &'a [T],
}

#[derive(Serialize)]
struct Refused<'a> {
    success: bool,
    err: Reason<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Reason<'a> {
    name: &'a str,
    err_code: &'a str,
    error_message: &'a str,
}

/// What a part of a code says about the status; the first line that fits counts.
const STATUSES: &[(u16, &[&str])] = &[
    (401, &["accessToken.", "notAuthorizeByOcean", "signNotCorrect", "notLogin", "loginFailed", "noAccount"]),
    (401, &["accountOrPasswordNotRight"]),
    (403, &["doNotHaveRight", "donNotHave", "dataCanNotAccessed", "notOwner", "notSubscribedApp"]),
    (403, &["subscribeBackServiceIsPrivate", "wrongOceanAuthBackServiceKey", "passwordNotRight"]),
    (404, &["NotFound", "notFound", "NotExist", "notExist", "noSubscribeRecordFound", "appNotHaveThisBackService", "common.404"]),
    (409, &["Already", "already", "WrongStatus", "canNotDelete", "token.used"]),
    (429, &["maxNumPerDay", "tooMany"]),
    (502, &["saveUserInfoFailed", "getEndUserAccessTokenFailed", "getAccessTokenFailed", "oceanMessageFail"]),
    (502, &["messageSendFailed", "mail.failed", "accessFailed", "infoFailed"]),
    (500, &["common.database", "common.systemError", "common.unknow"]),
];

/// The HTTP status that fits an error code of the platform or of a back service; 400 for those that say nothing about it.
#[must_use]
pub fn status(code: &str) -> u16 {
    let fits = |parts: &&[&str]| parts.iter().any(|part| code.contains(part));
    STATUSES.iter().find(|(_, parts)| fits(parts)).map_or(400, |(status, _)| *status)
}
