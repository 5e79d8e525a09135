//! The call in progress: what a handler may ask the host about the request, beyond what came by value.

use std::time::Duration;

use crate::sys;

/// The call in progress. Take it as a parameter of a handler: `call: Call`.
///
/// Headers stay with the host until they are asked for: a handler that reads none pays for none, and one header costs about
/// a quarter of a microsecond.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a>(pub(crate) sys::Call<'a>);

impl Call<'_> {
    /// The first value of a request header, as text; names match without regard to case. `None` when there is none, or when
    /// it is not UTF-8 (see [`Call::header_bytes`]).
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        String::from_utf8(self.0.header(name)?).ok()
    }

    /// The first value of a request header, as the bytes it came in.
    #[must_use]
    pub fn header_bytes(&self, name: &str) -> Option<Vec<u8>> {
        self.0.header(name)
    }

    /// All request headers the plugin may see. Those that carry credentials are not among them.
    #[must_use]
    pub fn headers(&self) -> Headers {
        Headers(self.0.headers())
    }

    /// How long the host still waits for the answer.
    #[must_use]
    pub fn remaining(&self) -> Duration {
        Duration::from_millis(self.0.remaining_ms())
    }
}

/// Headers by value: all of a request's (take it as a parameter, `headers: Headers`), or all of a response's from `http`.
///
/// Names are lower case, and a name may occur more than once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers(pub(crate) Vec<(String, Vec<u8>)>);

impl Headers {
    /// The first value of a header, if it is UTF-8; names match without regard to case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(one, _)| one.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(value).ok()
    }

    /// Every header, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_slice()))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
