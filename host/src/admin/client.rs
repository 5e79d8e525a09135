//! The command's side of the control socket.

use std::{io::ErrorKind, path::PathBuf};

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::UnixStream;

use crate::{
    codes,
    problem::{Problem, Problems},
};

/// The most of an answer that is read, in bytes.
const MAX_ANSWER: usize = 64 << 20;

/// A running host.
#[derive(Debug)]
pub struct Client {
    socket: PathBuf,
}

impl Client {
    pub fn new(socket: PathBuf) -> Self {
        Self { socket }
    }

    /// Whether somebody listens there, or it cannot be told: then [`Client::send`] says why. A socket that is not there, or that
    /// nobody listens on, belongs to a host that has not got so far, or has ended.
    ///
    /// Cancellation: harmless.
    pub async fn is_expected(&self) -> bool {
        let connected = UnixStream::connect(&self.socket).await;
        !connected.is_err_and(|error| matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused))
    }

    /// Sends one command and returns its result. Cancelled, the host finishes what it has begun to change.
    pub async fn send(&self, method: Method, path: &str, body: Vec<u8>) -> Result<Value, Problems> {
        let failed = |why: String| {
            Problem::new(&codes::CONTROL_FAILED, format!("the host at `{}` did not answer", self.socket.display()))
                .why(why)
                .fix("see whether the host is still running, then repeat the command")
        };
        let stream = UnixStream::connect(&self.socket).await.map_err(|error| failed(error.to_string()))?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|error| failed(error.to_string()))?;
        let talking = tokio::spawn(connection);
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(http::header::HOST, "wharf")
            .body(Full::new(Bytes::from(body)))
            .map_err(|error| failed(error.to_string()))?;
        let response = sender.send_request(request).await.map_err(|error| failed(error.to_string()))?;
        let status = response.status();
        let body = http_body_util::Limited::new(response.into_body(), MAX_ANSWER)
            .collect()
            .await
            .map_err(|error| failed(error.to_string()))?;
        talking.abort();
        if status == StatusCode::NOT_FOUND || status == StatusCode::METHOD_NOT_ALLOWED {
            return Err(Problem::new(
                &codes::CONTROL_FAILED,
                format!("the host at `{}` does not know the command", self.socket.display()),
            )
            .why("it is of another version")
            .fix("use the `wharf` that the host was started with")
            .into());
        }
        let answer: Value = serde_json::from_slice(&body.to_bytes()).map_err(|error| failed(format!("{status}: {error}")))?;
        if status.is_success() {
            return Ok(answer);
        }
        let errors =
            answer.get("errors").and_then(Value::as_array).map(|errors| errors.iter().filter_map(Problem::from_json).collect());
        Err(errors
            .map(Problems)
            .filter(|problems| !problems.0.is_empty())
            .unwrap_or_else(|| failed(format!("it answered {status}")).into()))
    }
}
