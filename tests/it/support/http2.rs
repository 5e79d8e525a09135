//! An HTTP/2 client for one connection.

use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    runtime::Runtime,
    task::JoinHandle,
    time::timeout,
};

use super::wait::PATIENCE;

/// An open connection.
#[derive(Debug)]
pub(crate) struct Http2 {
    runtime: Runtime,
    sender: http2::SendRequest<Empty<Bytes>>,
    connection: JoinHandle<Result<(), hyper::Error>>,
}

/// A response whose body nobody has read yet.
pub(crate) type Unread = http::Response<hyper::body::Incoming>;

impl Http2 {
    /// Speaks HTTP/2 from the first byte on, in clear text.
    pub(crate) fn to(address: SocketAddr) -> Self {
        let runtime = runtime();
        let stream = runtime.block_on(TcpStream::connect(address)).expect("the host accepts connections");
        Self::over(runtime, stream)
    }

    /// Over a stream that belongs to `runtime`.
    pub(crate) fn over(runtime: Runtime, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) -> Self {
        let (sender, connection) = runtime.block_on(async {
            let mut builder = http2::Builder::new(TokioExecutor::new());
            // So little that a body which is not read soon stands still.
            builder.initial_stream_window_size(16 << 10);
            let (sender, connection) = builder.handshake(TokioIo::new(stream)).await.expect("the host speaks HTTP/2");
            (sender, tokio::spawn(connection))
        });
        Self { runtime, sender, connection }
    }

    /// Sends a request and waits for the head of its answer; `None` when none comes. `target` may name a host.
    pub(crate) fn open(&mut self, target: &str, headers: &[(&str, &str)]) -> Option<Unread> {
        self.send(request(target, headers))
    }

    /// The head of the answer, which is all that may come.
    pub(crate) fn head(&mut self, target: &str) -> Unread {
        let mut request = request(target, &[]);
        *request.method_mut() = http::Method::HEAD;
        self.send(request).expect("the host answers")
    }

    fn send(&mut self, request: http::Request<Empty<Bytes>>) -> Option<Unread> {
        let answer = self.sender.send_request(request);
        self.runtime.block_on(async { timeout(PATIENCE, answer).await }).expect("the host answers").ok()
    }

    /// Reads what is left of an answer.
    #[track_caller]
    pub(crate) fn read(&self, answer: Unread) -> Bytes {
        let body = async { timeout(PATIENCE, answer.into_body().collect()).await };
        self.runtime.block_on(body).expect("the answer ends").expect("the answer is whole").to_bytes()
    }

    /// Sends a request and reads its answer: the status, and the body as text.
    #[track_caller]
    pub(crate) fn get(&mut self, target: &str, headers: &[(&str, &str)]) -> (u16, String) {
        let answer = self.open(target, headers).expect("the host answers");
        let status = answer.status().as_u16();
        (status, String::from_utf8_lossy(&self.read(answer)).into_owned())
    }

    /// Sends a request and takes it back. Returns whether the connection still took it.
    pub(crate) fn cancel(&mut self, target: &str) -> bool {
        let sender = &mut self.sender;
        self.runtime.block_on(async {
            if sender.ready().await.is_err() {
                return false;
            }
            let answer = sender.send_request(request(target, &[]));
            // The task of the connection has its turn at each of them.
            for _ in 0..4 {
                tokio::task::yield_now().await;
            }
            drop(answer);
            for _ in 0..4 {
                tokio::task::yield_now().await;
            }
            true
        })
    }

    /// Waits until the host has closed the connection.
    pub(crate) fn ends(mut self) {
        let ended = self.runtime.block_on(async { timeout(PATIENCE, &mut self.connection).await });
        // Whether it ended in an error is not for every test to say.
        let _ = ended.expect("the host closes the connection");
    }
}

/// What a client of a test runs on.
pub(crate) fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime can be made")
}

fn request(target: &str, headers: &[(&str, &str)]) -> http::Request<Empty<Bytes>> {
    let own = if target.starts_with('/') { "http://localhost" } else { "" };
    let request = http::Request::get(format!("{own}{target}"));
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    request.body(Empty::new()).expect("a request can be made")
}
