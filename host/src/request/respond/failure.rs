//! Calls that failed: what the client is told, and what the log says.

use std::time::Duration;

use http::StatusCode;

use crate::{
    codes::{self, Code},
    reader::ReadError,
    request::record::Record,
    runtime::{
        meter::Limit,
        outcome::{Details, Failure},
    },
};

/// Status, code and Retry-After for each failure of a call.
pub(super) fn code(failure: &Failure) -> (StatusCode, &'static Code, Option<Duration>) {
    match failure {
        Failure::Error { retry_after: Some(after), .. } => (StatusCode::SERVICE_UNAVAILABLE, &codes::GUEST_FAILED, Some(*after)),
        Failure::Error { retry_after: None, .. } => (StatusCode::BAD_GATEWAY, &codes::GUEST_FAILED, None),
        Failure::Trapped { .. } => (StatusCode::BAD_GATEWAY, &codes::GUEST_TRAPPED, None),
        Failure::Wall { .. } => (StatusCode::GATEWAY_TIMEOUT, &codes::GUEST_WALL, None),
        Failure::Invalid(_) => (StatusCode::BAD_GATEWAY, &codes::GUEST_INVALID, None),
        Failure::BodyTooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, &codes::BODY_TOO_LARGE, None),
        Failure::BodyLate { .. } | Failure::BodyLost(ReadError::Slow(_)) => {
            (StatusCode::REQUEST_TIMEOUT, &codes::SLOW_BODY, None)
        }
        Failure::BodyLost(_) => (StatusCode::BAD_REQUEST, &codes::BAD_REQUEST, None),
        Failure::Host(_) => (StatusCode::INTERNAL_SERVER_ERROR, &codes::HOST_FAILED, None),
        Failure::Breached(breach) => match breach.limit {
            Limit::Cpu => (StatusCode::GATEWAY_TIMEOUT, &codes::GUEST_CPU, None),
            Limit::Memory | Limit::TableElements => (StatusCode::BAD_GATEWAY, &codes::GUEST_MEMORY, None),
            Limit::HostCalls | Limit::HostCallBytes | Limit::Handles => (StatusCode::BAD_GATEWAY, &codes::GUEST_HOST_CALLS, None),
            // Of another server, whose body the plugin hands on.
            Limit::BodyOut | Limit::BodyIn => (StatusCode::BAD_GATEWAY, &codes::GUEST_BODY_OUT, None),
        },
    }
}

pub(super) fn log(record: &Record, code: &Code, failure: &Failure) {
    let (request_id, service, plugin, app) = (record.id.as_str(), record.service(), record.plugin(), record.app());
    let (method, route) = record.route();
    let Details { limit, asked, allowed, said, at } = failure.details();
    if failure.is_clients() {
        tracing::info!(
            request_id, service, plugin, app, method, route, code = code.id, limit, asked, allowed, failure = %failure.text(),
            "the call was given up"
        );
    } else {
        tracing::error!(
            request_id, service, plugin, app, method, route, code = code.id, limit, asked, allowed, failure = %failure.text(), said, at,
            "the call failed"
        );
    }
}
