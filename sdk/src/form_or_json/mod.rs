//! A body that is a form or JSON, whichever the client speaks.

mod form;
mod json;
mod node;

use serde::de::DeserializeOwned;

use crate::extract::Extract;
use crate::{Error, Request, Result};

/// The most bytes of such a body, unless the route's `body-limit` is smaller.
const LIMIT: usize = 1 << 20;

/// The body as a form (`application/x-www-form-urlencoded`) or as JSON, as its content type says; where that says neither, text
/// that begins like JSON is JSON. No body is an object without fields.
///
/// A form may be nested by brackets, at most 5 deep: `user[name]=Ada`, `tags[]=a&tags[]=b`. All that a form holds is text; where
/// `T` wants a number or a `bool`, the text is read as one, in JSON too. An empty field is the empty text and not a missing one.
///
/// A body that does not fit is answered 400: longer than 1 MiB (413), not readable, nested too deeply (32 in JSON), a field or
/// key given twice. A handler that takes `Result<FormOrJson<T>>` gets the error, and answers in its own words.
///
/// ```
/// use wharf_sdk::prelude::*;
///
/// #[derive(Deserialize)]
/// struct Login {
///     name: String,
///     remember: bool,
/// }
///
/// #[post("/login")]
/// fn login(body: Result<FormOrJson<Login>>) -> String {
///     match body {
///         Ok(FormOrJson(login)) => format!("{} {}", login.name, login.remember),
///         Err(error) => format!("no: {}", error.message()),
///     }
/// }
///
/// service!(login);
///
/// # fn main() {
/// let host = wharf_sdk::testing::TestHost::new(routes());
/// assert_eq!(host.post("/login", "name=ada&remember=true").text(), "ada true");
/// assert_eq!(host.post("/login", r#"{"name":"ada","remember":false}"#).text(), "ada false");
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FormOrJson<T>(pub T);

impl<T: DeserializeOwned> Extract<'_> for FormOrJson<T> {
    const TAKES_BODY: bool = true;

    fn extract(request: &mut Request<'_>) -> Result<Self> {
        let content_type = request.call().header("content-type").unwrap_or_default();
        let bytes = request.take_body().into_bytes(LIMIT)?;
        let node = match kind(&content_type, &bytes)? {
            Kind::Form => form::parse(&bytes),
            Kind::Json => json::parse(&bytes),
        };
        let wrong = |wrong: node::Wrong| Error::bad_request(format!("the body does not fit: {wrong}"));
        T::deserialize(node.map_err(wrong)?).map(Self).map_err(wrong)
    }
}

enum Kind {
    Form,
    Json,
}

fn kind(content_type: &str, bytes: &[u8]) -> Result<Kind> {
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match essence.as_str() {
        "application/x-www-form-urlencoded" => Ok(Kind::Form),
        // Neither says what it is.
        "" | "text/plain" | "application/octet-stream" => {
            let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
            Ok(if matches!(first, Some(b'{' | b'[')) { Kind::Json } else { Kind::Form })
        }
        json if json == "application/json" || json.ends_with("+json") => Ok(Kind::Json),
        _ => Err(Error::status(415, "unsupported_media_type", "the body must be a form or JSON")),
    }
}
