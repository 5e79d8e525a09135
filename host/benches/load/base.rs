//! What everything is compared with: `axum::serve` that answers the same bytes.

use std::net::SocketAddr;

use axum::{Router, body::Bytes, routing::any};
use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::{net::TcpListener, runtime::Runtime, task::JoinHandle};

/// A bare server; ends when dropped.
pub(crate) struct Base {
    pub(crate) url: String,
    task: JoinHandle<()>,
}

/// An answer of the host, to be repeated by the base.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Base {
    pub(crate) fn start(runtime: &Runtime, sample: Sample) -> Self {
        let body = Bytes::from(sample.body);
        let headers: HeaderMap = sample
            .headers
            .into_iter()
            .filter(|(name, _)| name != "date" && name != "content-length")
            .map(|(name, value)| (HeaderName::try_from(name).expect("a name"), HeaderValue::try_from(value).expect("a value")))
            .collect();
        let router = Router::new().fallback(any(move || {
            let answer = (headers.clone(), body.clone());
            async move { answer }
        }));
        let listener = runtime.block_on(TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))).expect("a port");
        let url = format!("http://{}/s/hello/hello/Ada", listener.local_addr().expect("an address"));
        let task = runtime.spawn(async move { axum::serve(listener, router).await.expect("it serves") });
        Self { url, task }
    }
}

impl Drop for Base {
    fn drop(&mut self) {
        self.task.abort();
    }
}
