//! Typed data in and out: `Json`, `Query`, `Form`.

use serde::de::DeserializeOwned;

use crate::extract::{Extract, ExtractOptional};
use crate::{Error, Request, Result, urlencoded};

/// JSON. As a parameter: the body, which must be JSON that fits `T`; anything else is answered 400. As an answer: 200 with
/// `T` as its JSON body.
///
/// The content type of the request is not looked at: the body either is such JSON or is not. The route's `body-limit` bounds it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Json<T>(pub T);

/// The query, as a flat struct: `?page=2&tag=a&tag=b` fits `{ page: u32, tag: Vec<String> }`. A query that does not fit is
/// answered 400, naming the field. Fields may be text, numbers, `bool`, `char`, unit enums, `Option` and `Vec` of these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Query<T>(pub T);

/// The body as an HTML form sends it (`application/x-www-form-urlencoded`), as a flat struct under the rules of [`Query`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Form<T>(pub T);

impl<T: DeserializeOwned> Extract<'_> for Json<T> {
    const TAKES_BODY: bool = true;

    fn extract(request: &mut Request<'_>) -> Result<Self> {
        from_json(&Vec::extract(request)?)
    }
}

impl<T: DeserializeOwned> ExtractOptional<'_> for Json<T> {
    fn extract_optional(request: &mut Request<'_>) -> Result<Option<Self>> {
        let bytes = Vec::extract(request)?;
        if bytes.is_empty() { Ok(None) } else { from_json(&bytes).map(Some) }
    }
}

fn from_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<Json<T>> {
    serde_json::from_slice(bytes)
        .map(Json)
        .map_err(|error| Error::bad_request(format!("the body is not the expected JSON: {error}")))
}

impl<T: DeserializeOwned> Extract<'_> for Query<T> {
    fn extract(request: &mut Request<'_>) -> Result<Self> {
        from_query(request.query())
    }
}

impl<T: DeserializeOwned> ExtractOptional<'_> for Query<T> {
    fn extract_optional(request: &mut Request<'_>) -> Result<Option<Self>> {
        if request.query().is_empty() { Ok(None) } else { from_query(request.query()).map(Some) }
    }
}

fn from_query<T: DeserializeOwned>(query: &str) -> Result<Query<T>> {
    urlencoded::parse(query.as_bytes()).map(Query).map_err(|error| Error::bad_request(format!("the query does not fit: {error}")))
}

impl<T: DeserializeOwned> Extract<'_> for Form<T> {
    const TAKES_BODY: bool = true;

    fn extract(request: &mut Request<'_>) -> Result<Self> {
        from_form(&Vec::extract(request)?)
    }
}

impl<T: DeserializeOwned> ExtractOptional<'_> for Form<T> {
    fn extract_optional(request: &mut Request<'_>) -> Result<Option<Self>> {
        let bytes = Vec::extract(request)?;
        if bytes.is_empty() { Ok(None) } else { from_form(&bytes).map(Some) }
    }
}

fn from_form<T: DeserializeOwned>(bytes: &[u8]) -> Result<Form<T>> {
    urlencoded::parse(bytes).map(Form).map_err(|error| Error::bad_request(format!("the form does not fit: {error}")))
}
