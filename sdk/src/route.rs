//! The table of a plugin's routes, and the way from a request to its handler.

use crate::error::Failure;
use crate::response::Response;
use crate::{Error, Request, Result};

/// One route of a plugin: made by `#[get("…")]` and its siblings, collected by `service!`.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    method: &'static str,
    pattern: &'static str,
    run: Run,
}

type Run = fn(&mut Request<'_>) -> Result<Option<Response>>;

impl Route {
    #[doc(hidden)]
    #[must_use]
    pub const fn new(method: &'static str, pattern: &'static str, run: Run) -> Self {
        Self { method, pattern, run }
    }

    /// The method, in capitals.
    #[must_use]
    pub const fn method(&self) -> &'static str {
        self.method
    }

    /// The pattern, e.g. `/items/{id}`.
    #[must_use]
    pub const fn pattern(&self) -> &'static str {
        self.pattern
    }
}

/// A function that stands below `#[get("…")]` or one of its siblings.
#[doc(hidden)]
pub trait Endpoint {
    const ROUTE: Route;
}

/// The plugin: `service!` implements it.
#[doc(hidden)]
pub trait Plugin {
    const ROUTES: &'static [Route];
}

/// From a request to what the host is told.
pub(crate) fn handle(routes: &[Route], mut request: Request<'_>) -> std::result::Result<Option<Response>, Failure> {
    let outcome = match find(routes, &request) {
        Some(route) => (route.run)(&mut request),
        // The host compared the table with the manifest when it installed the plugin.
        None => Err(Error::failure("plugin.no-route", format!("no handler for {} {:?}", request.method, request.route))),
    };
    outcome.or_else(|error| error.settle().map(Some))
}

fn find<'r>(routes: &'r [Route], request: &Request<'_>) -> Option<&'r Route> {
    let pattern = request.route.as_deref()?;
    routes.iter().find(|route| route.pattern == pattern && route.method == request.method)
}

/// Whether no route before this one has its method and pattern.
#[doc(hidden)]
#[must_use]
pub const fn is_first(routes: &[Route], index: usize) -> bool {
    let this = &routes[index];
    let mut earlier = 0;
    while earlier < index {
        if same(routes[earlier].method, this.method) && same(routes[earlier].pattern, this.pattern) {
            return false;
        }
        earlier += 1;
    }
    true
}

const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut index = 0;
    while index < a.len() {
        if a[index] != b[index] {
            return false;
        }
        index += 1;
    }
    true
}

/// The table as the component carries it: a line `METHOD PATTERN` for each route.
#[doc(hidden)]
#[must_use]
pub const fn table<const LENGTH: usize>(routes: &[Route]) -> [u8; LENGTH] {
    let mut out = [0; LENGTH];
    let (mut at, mut index) = (0, 0);
    while index < routes.len() {
        at = put(&mut out, at, routes[index].method);
        at = put(&mut out, at, " ");
        at = put(&mut out, at, routes[index].pattern);
        at = put(&mut out, at, "\n");
        index += 1;
    }
    out
}

/// The length of that table.
#[doc(hidden)]
#[must_use]
pub const fn table_length(routes: &[Route]) -> usize {
    let (mut length, mut index) = (0, 0);
    while index < routes.len() {
        length += routes[index].method.len() + routes[index].pattern.len() + 2;
        index += 1;
    }
    length
}

const fn put(out: &mut [u8], mut at: usize, text: &str) -> usize {
    let mut index = 0;
    while index < text.len() {
        out[at] = text.as_bytes()[index];
        at += 1;
        index += 1;
    }
    at
}
