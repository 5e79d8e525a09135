//! The request line: listen → client → address → authenticate → route → limit → call → respond.
//!
//! Each stop is a file and hands on what only it can make: an [`address::Addressed`] request, a [`crate::caller::Caller`], a
//! [`route::Target`], a [`crate::runtime::permit::Permit`]. A stop that says no returns a [`respond::Refusal`] and nothing
//! behind it runs.

pub mod listen;
pub mod record;
pub mod client;
pub mod service;
pub mod apps;
pub mod address;
pub mod own;
pub mod notice;
pub mod platform;
pub mod authenticate;
pub mod route;
pub mod body;
pub mod budget;
pub mod limit;
pub mod headers;
pub mod respond;
pub mod page;

use std::{net::IpAddr, sync::Arc};

use axum::{body::Body, response::Response};
use http::{Method, request::Parts};

use crate::{app::App, runtime};

use authenticate::console::{Entered, Visit};
use record::Record;
use respond::{Answer, End, Refusal};
use service::{Hosted, Origin};

/// Behind the public listener are the services.
impl listen::Handler for Arc<App> {
    async fn handle(&self, peer: IpAddr, request: http::Request<Body>) -> (Response, Option<Record>) {
        let (response, record) = serve(self, peer, request).await;
        (response, Some(record))
    }
}

/// Answers one request. Never fails: whatever goes wrong is an answer. The record is to be kept until the answer is sent.
///
/// Dropping the future (the client has left) ends the guest at its next tick at the latest.
pub async fn serve(app: &App, peer: IpAddr, request: http::Request<Body>) -> (Response, Record) {
    let (parts, body) = request.into_parts();
    let address = client::address(peer, &parts.headers, &app.trusted_proxies);
    let mut record = Record::begin(app.next_request_id(), address, &parts);
    let hosted = address::hosted(&app.services, &parts);
    let response = if respond::is_preflight(&parts) && !is_console(hosted) {
        record.unaddressed(&app.metrics);
        respond::preflight()
    } else {
        let mut context = respond::Context::new(hosted, &parts);
        let answer = travel(app, hosted, parts, body, &mut record, &mut context).await;
        record.unaddressed(&app.metrics);
        respond::respond(&context, answer, &record)
    };
    record.answered(response.status());
    (response, record)
}

/// Pages of other origins may call services, and may not look into consoles.
fn is_console(hosted: Option<&Hosted>) -> bool {
    hosted.is_some_and(|hosted| hosted.origin == Origin::Console)
}

/// The stops, in order.
async fn travel(
    app: &App,
    hosted: Option<&Hosted>,
    parts: Parts,
    body: Body,
    record: &mut Record,
    context: &mut respond::Context,
) -> Answer {
    headers::within(&parts.headers)?;
    address::is_named(&parts)?;
    let addressed = match address::address(&app.services, hosted, &parts) {
        // Boxed, like a console's visit below, so that the futures of all other requests do not grow by it: every request's
        // is copied to its place on the heap.
        Err(Refusal::NoService) => return Box::pin(own::answer(app, parts, body, record)).await,
        addressed => addressed?,
    };
    context.addressed(&addressed);
    record.addressed(addressed.service);
    let (address, now_ms) = (record.address, app.clock.now_ms());
    let caller = match addressed.console() {
        None => authenticate::authenticate(&app.bearer, addressed.service, &parts.headers, address, now_ms).await?,
        Some(console) => {
            let visit = Visit { request_id: &record.id, addressed: &addressed, parts: &parts, address, now_ms };
            match Box::pin(app.consoles.enter(console, visit)).await? {
                Entered::Caller(caller) => caller,
                Entered::Answered(response) => return Ok(End::Host(response)),
            }
        }
    };
    let caller = record.caller.insert(addressed.service.known(caller));
    let (installed, target) = match route::route(&addressed, caller, &parts.method, &mut record.route) {
        Err(Refusal::NoMethod { allow }) if parts.method == Method::OPTIONS => {
            return Ok(End::Host(respond::options(&allow)));
        }
        found => found?,
    };
    let installed = record.installed.insert(installed);
    limit::budget(&app.budgets, addressed.service, caller)?;
    let incoming = body::incoming(&parts.headers, body, &target).await?;
    let permit = limit::limit(installed, &target, app.wait).await?;
    let authority = parts.uri.into_parts().authority;
    let request = runtime::call::Request {
        id: &record.id,
        method: target.method,
        path_with_query: addressed.path_with_query,
        route: target.pattern,
        params: target.params,
        headers: headers::for_guest(parts.headers, addressed.origin, authority.as_ref()),
        authority,
        secure: app.secure,
        body: incoming,
        timeout: target.timeout,
    };
    Ok(End::Call(runtime::call::call(&app.lanes, &installed.plugin, permit, caller, request).await))
}
