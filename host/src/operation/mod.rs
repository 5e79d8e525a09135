//! How those who run the host look at it: `/healthz`, `/readyz` and `/metrics`, on an address of their own.
//!
//! An address of its own, because no route of a plugin may ever hide them, and because they are not for clients. They are
//! served on the control threads, where no guest runs: a host that is busy still answers.
//!
//! | path | answer |
//! |---|---|
//! | `/healthz` | 200 while the threads that serve requests make progress, else 503: restart it |
//! | `/readyz` | 200 if clients may come, else 503 with the reasons: send them elsewhere |
//! | `/metrics` | the numbers, as Prometheus reads them |

mod health;
mod page;

use std::{net::IpAddr, sync::Arc};

use axum::body::Body;
use http::{
    HeaderValue, Method, Request, Response, StatusCode,
    header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE},
};

pub use health::{Health, Phase};

use crate::{
    observe::exposition,
    request::{listen::Handler, record::Record},
};

/// What the listener of `[operation]` serves.
#[derive(Debug, Clone)]
pub struct Endpoint {
    health: Arc<Health>,
}

impl Endpoint {
    pub fn new(health: Arc<Health>) -> Self {
        Self { health }
    }

    async fn answer(&self, method: &Method, path: &str) -> Response<Body> {
        if !matches!(*method, Method::GET | Method::HEAD) {
            let mut response = text(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n");
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return response;
        }
        match path {
            "/healthz" if self.health.makes_progress().await => text(StatusCode::OK, "ok\n"),
            "/healthz" => text(StatusCode::SERVICE_UNAVAILABLE, "the threads that serve requests make no progress\n"),
            "/readyz" => match self.health.unready() {
                reasons if reasons.is_empty() => text(StatusCode::OK, "ready\n"),
                reasons => text(StatusCode::SERVICE_UNAVAILABLE, reasons.join("\n") + "\n"),
            },
            "/metrics" => {
                let mut response = text(StatusCode::OK, page::page(&self.health).await);
                response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(exposition::CONTENT_TYPE));
                response
            }
            _ => text(StatusCode::NOT_FOUND, "there are /healthz, /readyz and /metrics\n"),
        }
    }
}

impl Handler for Endpoint {
    async fn handle(&self, _: IpAddr, request: Request<Body>) -> (Response<Body>, Option<Record>) {
        let (head, _) = request.into_parts();
        (self.answer(&head.method, head.uri.path()).await, None)
    }
}

fn text(status: StatusCode, text: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(text.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
