//! An HTTP/1.1 client of the tests' own, which shows every byte: what is asserted here no client library may tidy up.

use std::{
    io::{ErrorKind, Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{flow::Chunks, wait::PATIENCE};

/// A request, sent on a connection of its own.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    address: SocketAddr,
    head: Vec<u8>,
    body: Vec<u8>,
}

impl Request {
    pub(crate) fn new(address: SocketAddr, method: &str, target: &str) -> Self {
        let head = format!("{method} {target} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n");
        Self { address, head: head.into_bytes(), body: Vec::new() }
    }

    /// With a header more; its bytes are sent as they are.
    pub(crate) fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.head.extend_from_slice(name.as_bytes());
        self.head.extend_from_slice(b": ");
        self.head.extend_from_slice(value.as_ref());
        self.head.extend_from_slice(b"\r\n");
        self
    }

    /// To this host name, at the host's own port.
    pub(crate) fn at(mut self, name: &str) -> Self {
        let (own, named) = (format!("host: {}\r\n", self.address), format!("host: {name}:{}\r\n", self.address.port()));
        self.head = String::from_utf8(self.head).expect("a head so far is text").replacen(&own, &named, 1).into_bytes();
        self
    }

    /// With a body of announced length.
    pub(crate) fn body(mut self, body: impl AsRef<[u8]>) -> Self {
        self.body.extend_from_slice(body.as_ref());
        let length = self.body.len().to_string();
        self.header("content-length", length)
    }

    /// With a body in one chunk, whose length nobody knows before its end.
    pub(crate) fn chunked(mut self, body: impl AsRef<[u8]>) -> Self {
        self.body.extend_from_slice(&chunk(body.as_ref()));
        self.body.extend_from_slice(&chunk(b""));
        self.header("transfer-encoding", "chunked")
    }

    /// Sends it and reads the answer to its end.
    #[track_caller]
    pub(crate) fn send(self) -> Answer {
        self.open().finish()
    }

    /// Sends it, reads the status and leaves; `None` when the connection ended before it came, or nobody listens any more.
    #[track_caller]
    pub(crate) fn probe(self) -> Option<u16> {
        let mut connection = self.sent_on(Connection::try_to(self.address)?);
        while !connection.arrived.windows(2).any(|window| window == b"\r\n") {
            if !connection.read() {
                return None;
            }
        }
        let status = String::from_utf8_lossy(&connection.arrived).split(' ').nth(1).and_then(|status| status.parse().ok());
        connection.leave();
        status
    }

    /// Sends it and leaves the connection open.
    #[track_caller]
    pub(crate) fn open(self) -> Connection {
        self.sent_on(Connection::to(self.address))
    }

    fn sent_on(&self, mut connection: Connection) -> Connection {
        connection.write(&[self.head.as_slice(), b"\r\n", self.body.as_slice()].concat());
        connection
    }
}

/// One chunk of a chunked body; an empty one is its end.
pub(crate) fn chunk(bytes: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}

/// An open connection and what has arrived on it.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    arrived: Vec<u8>,
}

impl Connection {
    #[track_caller]
    pub(crate) fn to(address: SocketAddr) -> Self {
        Self::try_to(address).expect("the host accepts connections")
    }

    /// `None` where nobody listens.
    #[track_caller]
    fn try_to(address: SocketAddr) -> Option<Self> {
        let stream = match TcpStream::connect(address) {
            // One that is killed between the handshake and its accepting resets the connection.
            Err(error) if [ErrorKind::ConnectionRefused, ErrorKind::ConnectionReset].contains(&error.kind()) => return None,
            connected => connected.expect("the host can be connected to"),
        };
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout can be set");
        stream.set_write_timeout(Some(PATIENCE)).expect("a timeout can be set");
        stream.set_nodelay(true).expect("nodelay can be set");
        Some(Self { stream, arrived: Vec::new() })
    }

    /// Sends bytes. A host that has answered and closed is not wrong: its answer tells.
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        match self.stream.write_all(bytes) {
            Err(error) if ![ErrorKind::BrokenPipe, ErrorKind::ConnectionReset].contains(&error.kind()) => {
                panic!("the host takes no bytes: {error}")
            }
            _ => {}
        }
    }

    /// The same connection once more, to send from another thread.
    pub(crate) fn twin(&self) -> Self {
        Self { stream: self.stream.try_clone().expect("a socket can be shared"), arrived: Vec::new() }
    }

    /// Reads until `bytes` have arrived somewhere in the answer.
    #[track_caller]
    pub(crate) fn read_until(&mut self, bytes: &[u8]) {
        while !self.arrived.windows(bytes.len()).any(|window| window == bytes) {
            assert!(self.read(), "the connection ended before {:?} came: {:?}", show(bytes), show(&self.arrived));
        }
    }

    /// Whether what has arrived begins with this.
    pub(crate) fn starts_with(&self, text: &str) -> bool {
        self.arrived.starts_with(text.as_bytes())
    }

    /// Forgets what has arrived, and says how many bytes it was.
    pub(crate) fn take(&mut self) -> usize {
        std::mem::take(&mut self.arrived).len()
    }

    /// Reads on; `false` at the end of the connection, however it ended.
    #[track_caller]
    pub(crate) fn read(&mut self) -> bool {
        let mut buffer = vec![0; 64 << 10];
        match self.stream.read(&mut buffer) {
            Ok(0) => false,
            Ok(read) => {
                self.arrived.extend_from_slice(&buffer[..read]);
                true
            }
            Err(error) if error.kind() == ErrorKind::ConnectionReset => false,
            Err(error) => panic!("the host does not answer: {error}; so far came {:?}", show(&self.arrived)),
        }
    }

    /// Sends a piece whenever the host has said nothing for a while, until it does or leaves.
    pub(crate) fn drip(&mut self, piece: &[u8]) {
        self.stream.set_read_timeout(Some(Duration::from_millis(20))).expect("a timeout can be set");
        let deadline = Instant::now() + PATIENCE;
        let mut byte = [0];
        loop {
            self.write(piece);
            match self.stream.peek(&mut byte) {
                Err(error) if [ErrorKind::WouldBlock, ErrorKind::TimedOut].contains(&error.kind()) => {}
                // The answer, or the end.
                Ok(_) | Err(_) => break,
            }
            assert!(Instant::now() < deadline, "the host takes what drips for ever");
        }
        self.stream.set_read_timeout(Some(PATIENCE)).expect("a timeout can be set");
    }

    /// Reads to the end, and returns what came.
    #[track_caller]
    pub(crate) fn rest(mut self) -> String {
        while self.read() {}
        String::from_utf8_lossy(&self.arrived).into_owned()
    }

    /// Reads a chunked body without keeping it: its data is handed to `take` as it comes. Whether it came to its end.
    #[track_caller]
    pub(crate) fn pour(mut self, mut take: impl FnMut(&[u8])) -> bool {
        self.read_until(b"\r\n\r\n");
        let body = self.arrived.windows(4).position(|window| window == b"\r\n\r\n").expect("it was read until there") + 4;
        let mut chunks = Chunks::default();
        let mut ended = chunks.pass(&self.arrived[body..], &mut take);
        let mut buffer = vec![0; 256 << 10];
        while !ended {
            match self.stream.read(&mut buffer) {
                Ok(0) => return false,
                Ok(read) => ended = chunks.pass(&buffer[..read], &mut take),
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return false,
                Err(error) => panic!("the host does not go on: {error}"),
            }
        }
        true
    }

    /// Leaves at once, without reading what may still come.
    pub(crate) fn leave(self) {
        // The host may have left first.
        let _ = self.stream.shutdown(Shutdown::Both);
    }

    /// Reads to the end, and says whether that was a reset: without a length or chunks nothing else tells a cut from an end.
    #[track_caller]
    pub(crate) fn ends_in_a_reset(mut self) -> bool {
        let mut buffer = vec![0; 64 << 10];
        loop {
            match self.stream.read(&mut buffer) {
                Ok(0) => return false,
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return true,
                Err(error) => panic!("the host does not go on: {error}"),
            }
        }
    }

    /// Reads to the end, and asserts that it is not one that a complete response has.
    #[track_caller]
    pub(crate) fn breaks_off(mut self) {
        while self.read() {}
        let whole = self.arrived.windows(4).any(|window| window == b"\r\n\r\n");
        assert!(!whole || !Answer::parse(self.arrived.clone()).complete, "a clean end: {:?}", show(&self.arrived));
    }

    /// Reads to the end, and asserts that it is not one that a complete response has, unless that has this status.
    #[track_caller]
    pub(crate) fn breaks_off_or(mut self, status: u16) {
        while self.read() {}
        if self.arrived.windows(4).any(|window| window == b"\r\n\r\n") {
            let answer = Answer::parse(self.arrived.clone());
            assert!(answer.status == status || !answer.complete, "a clean end: {:?}", show(&self.arrived));
        }
    }

    /// Reads to the end.
    #[track_caller]
    pub(crate) fn finish(mut self) -> Answer {
        while self.read() {}
        Answer::parse(self.arrived)
    }
}

/// A response to its last byte.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    /// As it came.
    pub(crate) raw: Vec<u8>,
    pub(crate) status: u16,
    /// Names in lower case, in the order they came.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// Whether the body came to the end that its framing announced.
    pub(crate) complete: bool,
}

impl Answer {
    #[track_caller]
    fn parse(raw: Vec<u8>) -> Self {
        let end = raw.windows(4).position(|window| window == b"\r\n\r\n");
        let end = end.unwrap_or_else(|| panic!("no whole response came: {:?}", show(&raw)));
        let head = String::from_utf8_lossy(&raw[..end]).into_owned();
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|status| status.parse().ok());
        let status = status.unwrap_or_else(|| panic!("not a response: {head:?}"));
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let rest = &raw[end + 4..];
        let header = |wanted: &str| headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
        let (body, complete) = if header("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
            join_chunks(rest)
        } else {
            let length = header("content-length").and_then(|length| length.parse().ok());
            (rest.to_vec(), length.is_none_or(|length: usize| length == rest.len()))
        };
        Self { status, body, complete, headers, raw }
    }

    /// The first value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(one, _)| one == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {:?}", show(&self.raw)))
    }

    /// The bytes as they came, without the header that tells the time.
    pub(crate) fn without_date(&self) -> Vec<u8> {
        let text = self.raw.split_inclusive(|byte| *byte == b'\n');
        text.filter(|line| !line.to_ascii_lowercase().starts_with(b"date:")).flatten().copied().collect()
    }

    /// Asserts status and code, that the answer tells nothing else, and that a browser's page may read it.
    #[track_caller]
    pub(crate) fn assert(&self, status: u16, code: &str) {
        assert_eq!(self.status, status, "{:?}", show(&self.raw));
        let body = self.json();
        assert_eq!(body["error"]["code"], code, "{body}");
        let mut keys: Vec<&String> = body["error"].as_object().expect("an error is an object").keys().collect();
        keys.sort_unstable();
        assert_eq!(keys, ["code", "message", "request_id"], "{body}");
        assert_eq!(self.header("access-control-allow-origin"), Some("*"));
        assert_eq!(self.header("content-type"), Some("application/json"));
    }
}

/// The chunks as one, and whether the last of them came.
fn join_chunks(mut rest: &[u8]) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    loop {
        let Some(end) = rest.windows(2).position(|window| window == b"\r\n") else { return (body, false) };
        let length = std::str::from_utf8(&rest[..end]).ok().and_then(|length| usize::from_str_radix(length, 16).ok());
        let length = length.unwrap_or_else(|| panic!("not a chunk: {:?}", show(rest)));
        rest = &rest[end + 2..];
        let whole = rest.len() >= length + 2;
        body.extend_from_slice(&rest[..length.min(rest.len())]);
        if !whole || length == 0 {
            return (body, whole && length == 0);
        }
        rest = &rest[length + 2..];
    }
}

/// Bytes as a failure shows them.
fn show(bytes: &[u8]) -> String {
    const SHOWN: usize = 2_000;
    let cut = &bytes[..bytes.len().min(SHOWN)];
    format!("{}{}", String::from_utf8_lossy(cut), if bytes.len() > SHOWN { " …" } else { "" })
}
