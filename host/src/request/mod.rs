//! The request line: listen → address → authenticate → route → limit → call → respond.
//!
//! Each stop is a file and hands on what only it can make: an [`address::Addressed`] request, a [`crate::caller::Caller`], a
//! [`route::Target`], a [`crate::runtime::permit::Permit`]. A stop that says no returns a [`respond::Refusal`] and nothing
//! behind it runs.

pub mod listen;
pub mod service;
pub mod address;
pub mod authenticate;
pub mod route;
pub mod body;
pub mod budget;
pub mod limit;
pub mod headers;
pub mod respond;

use std::{net::IpAddr, sync::Arc};

use axum::{body::Body, response::Response};
use http::request::Parts;

use crate::{app::App, runtime};

use respond::Answer;

/// Answers one request. Never fails: whatever goes wrong is an answer.
///
/// Dropping the future (the client has left) ends the guest at its next tick at the latest.
pub async fn serve(app: Arc<App>, peer: IpAddr, request: http::Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    if respond::is_preflight(&parts) {
        return respond::preflight();
    }
    let request_id = app.next_request_id();
    let (context, answer) = travel(&app, peer, parts, body, &request_id).await;
    respond::respond(&context, answer, &request_id)
}

/// The stops, in order.
async fn travel(app: &App, peer: IpAddr, parts: Parts, body: Body, request_id: &str) -> (respond::Context, Answer) {
    let mut context = respond::Context::default();
    let answer = async {
        let addressed = address::address(&app.services, &parts)?;
        context.addressed(&addressed);
        let now_ms = app.clock.now_ms();
        let caller = authenticate::authenticate(&app.bearer, &addressed.service, &parts.headers, peer, now_ms).await?;
        let target = route::route(&addressed, &caller, &parts.method)?;
        limit::budget(&app.budgets, &addressed.service, &caller)?;
        let incoming = body::incoming(&parts.headers, body, &target, app.body_timeout).await?;
        let permit = limit::limit(&target, &app.permits, app.wait).await?;
        let request = runtime::call::Request {
            id: request_id.to_owned(),
            method: target.method,
            path_with_query: addressed.path_with_query,
            route: target.route.pattern.clone(),
            params: target.params,
            headers: headers::for_guest(parts.headers, addressed.own_host),
            body: incoming,
            timeout: target.route.timeout,
        };
        Ok(runtime::call::call(&app.lanes, target.plugin, permit, &caller, request).await)
    }
    .await;
    (context, answer)
}
