//! What is for the platform in this host: a branch of the line that ends here.

use std::net::IpAddr;

use axum::{body::Body, response::Response};
use http::{Method, Request, request::Parts};

use super::{budget::Budgets, respond};
use crate::{app::App, caller::Caller, platform::embedded::Server};

/// Whose budget the callers of the platform spend; no service has such a key.
const BUDGET: &str = "/v1.0";

/// The platform, if there is one in this host and the request is for it, as far as its path says.
pub fn of<'a>(app: &'a App, parts: &Parts) -> Option<&'a Server> {
    app.embedded.as_ref().filter(|_| Server::is_for(parts.uri.path()))
}

/// Answers a request for the platform. Anybody may send one, so it counts against the budget of the address it came from.
///
/// Cancellation: a write that has begun takes place all the same.
pub async fn answer(platform: &Server, budgets: &Budgets, address: IpAddr, parts: Parts, body: Body) -> Response {
    if parts.method == Method::OPTIONS {
        // Without the header that would make it a preflight; what it asks is answered alike.
        respond::preflight()
    } else if budgets.spend(BUDGET, &Caller::anonymous(address)).is_err() {
        platform.too_many_requests()
    } else {
        platform.answer(Request::from_parts(parts, body)).await
    }
}
