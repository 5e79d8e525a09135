//! The request on its way into a handler: what the extractors take their part from.

use std::any::Any;
use std::fmt::Display;
use std::str::FromStr;

use crate::{Body, Call, Caller, Error, Result};

/// One request. The route macros hand it to the extractors, in the order of the handler's parameters; a handler sees it only
/// through them. Implement [`Extract`](crate::Extract) to add one.
#[derive(Debug)]
pub struct Request<'a> {
    pub(crate) method: String,
    pub(crate) path_with_query: String,
    pub(crate) route: Option<String>,
    pub(crate) params: Vec<(String, String)>,
    pub(crate) body: Option<Body>,
    pub(crate) caller: Option<Caller>,
    pub(crate) call: Call<'a>,
}

impl<'a> Request<'a> {
    /// The method, in capitals.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The path below the service's own root, percent-encoded as it came.
    #[must_use]
    pub fn path(&self) -> &str {
        self.split().0
    }

    /// What follows the `?`, or the empty string.
    #[must_use]
    pub fn query(&self) -> &str {
        self.split().1
    }

    /// The pattern that matched, e.g. `/items/{id}`.
    #[must_use]
    pub fn route(&self) -> Option<&str> {
        self.route.as_deref()
    }

    /// The call in progress.
    #[must_use]
    pub fn call(&self) -> Call<'a> {
        self.call
    }

    /// The caller. By value, because it arrives so and copying it costs as much as the rest of a small call.
    ///
    /// # Errors
    /// A second taking fails with `plugin.failed`: a handler has one `Caller` parameter.
    pub fn take_caller(&mut self) -> Result<Caller> {
        self.caller.take().ok_or_else(|| Error::failure("plugin.failed", "the handler takes its `Caller` twice"))
    }

    /// The body. The route macros let only one parameter take it.
    #[must_use]
    pub fn take_body(&mut self) -> Body {
        self.body.take().unwrap_or_default()
    }

    /// The value of the pattern's parameter number `index`, called `name`.
    #[doc(hidden)]
    pub fn param<T>(&mut self, index: usize, name: &str) -> Result<T>
    where
        T: FromStr<Err: Display> + 'static,
    {
        let text = match self.params.get_mut(index) {
            Some((_, value)) => std::mem::take(value),
            None => return Err(Error::failure("plugin.failed", format!("the host gave no value for `{{{name}}}`"))),
        };
        // A `String` parameter is the text itself; the compiler folds this test away.
        let mut slot = Some(text);
        if let Some(same) = (&mut slot as &mut dyn Any).downcast_mut::<Option<T>>().and_then(Option::take) {
            return Ok(same);
        }
        let text = slot.unwrap_or_default();
        text.parse().map_err(|error| Error::bad_request(format!("the path's `{name}` is not valid: {error}")))
    }

    fn split(&self) -> (&str, &str) {
        self.path_with_query.split_once('?').unwrap_or((&self.path_with_query, ""))
    }
}
