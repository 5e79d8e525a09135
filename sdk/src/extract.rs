//! How a handler's parameters are made from a request.

use crate::{Body, Call, Caller, Error, Headers, Request, Result};

/// A type that a handler can take as a parameter.
///
/// A parameter whose name stands in the route's pattern is parsed from the path; every other one is made by this trait. The
/// SDK has it for [`Caller`], [`Call`], [`Headers`], [`Reply`](crate::Reply), [`Query`](crate::Query), and for the body as
/// [`Json`](crate::Json), [`Form`](crate::Form), [`FormOrJson`](crate::FormOrJson), [`Body`], `Vec<u8>` or `String`.
///
/// ```
/// use wharf_sdk::prelude::*;
/// use wharf_sdk::{Extract, Request};
///
/// /// The version a conditional request names.
/// struct IfMatch(String);
///
/// impl Extract<'_> for IfMatch {
///     fn extract(request: &mut Request<'_>) -> Result<Self> {
///         let tag = request.call().header("if-match");
///         tag.map(IfMatch).ok_or_else(|| Error::status(428, "precondition_required", "send `If-Match`"))
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a parameter of a handler",
    label = "made neither from the path nor from the request",
    note = "a parameter named like one in the pattern (`{{id}}`) is parsed from the path",
    note = "from the request come: `Caller`, `Call`, `Headers`, `Reply`, `Query<T>`, and once the body as `Json<T>`, `Form<T>`, `FormOrJson<T>`, `Body`, `Vec<u8>` or `String`",
    note = "for `Json<T>`, `Query<T>`, `Form<T>` and `FormOrJson<T>`, `T` must derive `Deserialize`"
)]
pub trait Extract<'a>: Sized {
    /// Whether it takes the body. Only one parameter of a handler may, which is checked when the plugin is compiled.
    const TAKES_BODY: bool = false;

    /// Takes its part of the request.
    ///
    /// # Errors
    /// What the caller did wrong, as an answer (mostly 400); or a failure of the host.
    fn extract(request: &mut Request<'a>) -> Result<Self>;
}

/// An extractor that knows when its part is missing, so that a handler can take `Option` of it: [`Json`](crate::Json) and
/// [`Form`](crate::Form) (no body), [`Query`](crate::Query) (no query). What is there but wrong is still refused.
#[diagnostic::on_unimplemented(
    message = "`Option<{Self}>` cannot be a parameter of a handler",
    note = "`Option` is for `Json<T>`, `Form<T>` (no body) and `Query<T>` (no query)"
)]
pub trait ExtractOptional<'a>: Extract<'a> {
    /// Takes its part of the request, if it is there.
    ///
    /// # Errors
    /// As [`Extract::extract`].
    fn extract_optional(request: &mut Request<'a>) -> Result<Option<Self>>;
}

/// Whether a parameter leaves the body alone, or is the first to take it.
#[doc(hidden)]
#[must_use]
pub const fn body_once(earlier: &[bool], this: bool) -> bool {
    let mut index = 0;
    while index < earlier.len() {
        if this && earlier[index] {
            return false;
        }
        index += 1;
    }
    true
}

impl<'a, T: ExtractOptional<'a>> Extract<'a> for Option<T> {
    const TAKES_BODY: bool = T::TAKES_BODY;

    fn extract(request: &mut Request<'a>) -> Result<Self> {
        T::extract_optional(request)
    }
}

/// What the caller did wrong is handed to the handler, so that it answers in its service's own shape. A failure of the host is
/// not the handler's to answer, and ends the call as ever.
impl<'a, T: Extract<'a>> Extract<'a> for Result<T> {
    const TAKES_BODY: bool = T::TAKES_BODY;

    fn extract(request: &mut Request<'a>) -> Result<Self> {
        match T::extract(request) {
            Err(error) if error.answer_status().is_none() => Err(error),
            outcome => Ok(outcome),
        }
    }
}

impl Extract<'_> for Caller {
    fn extract(request: &mut Request<'_>) -> Result<Self> {
        request.take_caller()
    }
}

impl<'a> Extract<'a> for Call<'a> {
    fn extract(request: &mut Request<'a>) -> Result<Self> {
        Ok(request.call())
    }
}

impl Extract<'_> for Headers {
    fn extract(request: &mut Request<'_>) -> Result<Self> {
        Ok(request.call().headers())
    }
}

impl Extract<'_> for Body {
    const TAKES_BODY: bool = true;

    fn extract(request: &mut Request<'_>) -> Result<Self> {
        Ok(request.take_body())
    }
}

/// The whole body. The route's `body-limit` bounds it.
impl Extract<'_> for Vec<u8> {
    const TAKES_BODY: bool = true;

    fn extract(request: &mut Request<'_>) -> Result<Self> {
        // No second limit here: the manifest's `body-limit` is the place where an author sets it and an operator sees it.
        request.take_body().into_bytes(usize::MAX)
    }
}

/// The whole body, which must be UTF-8. The route's `body-limit` bounds it.
impl Extract<'_> for String {
    const TAKES_BODY: bool = true;

    fn extract(request: &mut Request<'_>) -> Result<Self> {
        String::from_utf8(Vec::extract(request)?).map_err(|_| Error::bad_request("the body is not UTF-8"))
    }
}
