//! Another server: answers as its test says, and remembers what it was sent.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
};

/// What a server was sent.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    /// `GET /path`.
    pub(crate) line: String,
    /// The head, as it came.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Sent {
    /// The value of a header, as it came; the name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().skip(1);
        lines
            .filter_map(|line| line.split_once(':'))
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
    }
}

/// How a request is answered.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// What follows `HTTP/1.1 ` up to the body, and the body. The connection stays open, unless the head says otherwise or
    /// announces a length of its own.
    Sent(String, Vec<u8>),
    /// The caller is left waiting until it goes.
    Never,
    /// The connection is closed without an answer.
    Cut,
}

impl Reply {
    pub(crate) fn new(head: &str, body: impl AsRef<[u8]>) -> Self {
        Self::Sent(head.to_owned(), body.as_ref().to_vec())
    }
}

/// A server on loopback; it ends with its test.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    sent: Arc<Mutex<Vec<Sent>>>,
    connections: Arc<AtomicUsize>,
    stopping: Arc<AtomicBool>,
    accepting: Option<thread::JoinHandle<()>>,
}

impl Server {
    /// Answers each request with what `answer` makes of it.
    pub(crate) fn new(answer: impl Fn(&Sent) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        let address = listener.local_addr().expect("a listener has an address");
        let (sent, stopping) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let connections = Arc::new(AtomicUsize::new(0));
        let (answer, remembered, stopped) = (Arc::new(answer), sent.clone(), stopping.clone());
        let counted = connections.clone();
        let accepting = thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                let (answer, remembered) = (answer.clone(), remembered.clone());
                let stream = stream.expect("a connection can be accepted");
                counted.fetch_add(1, Ordering::Relaxed);
                // Ends with its connection, which the host closes at its end.
                thread::spawn(move || serve(&stream, &remembered, &*answer));
            }
        });
        Self { address, sent, connections, stopping, accepting: Some(accepting) }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// How many connections were made to it.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    pub(crate) fn sent(&self) -> Vec<Sent> {
        self.sent.lock().expect("no test fails while it holds this").clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::Relaxed);
        // Wakes it up.
        drop(TcpStream::connect(self.address));
        if let Some(accepting) = self.accepting.take() {
            // A test that fails already need not fail twice.
            drop(accepting.join());
        }
    }
}

/// The requests of a connection, one after another.
fn serve(stream: &TcpStream, sent: &Mutex<Vec<Sent>>, answer: &dyn Fn(&Sent) -> Reply) {
    // Answers are small, and somebody waits for each.
    let _ = stream.set_nodelay(true);
    let (mut reader, mut writer) = (BufReader::new(stream), stream);
    while let Some(one) = read(&mut reader) {
        // Before it is answered: whoever has the answer can look at what was sent.
        sent.lock().expect("no test fails while it holds this").push(one.clone());
        let (head, body) = match answer(&one) {
            Reply::Sent(head, body) => (head, body),
            Reply::Cut => return,
            Reply::Never => {
                // Until the caller goes.
                let _ = reader.read(&mut [0]);
                return;
            }
        };
        let closes = head.contains("content-length") || head.contains("connection: close");
        let mut text = format!("HTTP/1.1 {head}\r\n");
        if !head.contains("content-length") && !head.contains("transfer-encoding") {
            text.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        text.push_str("\r\n");
        // A caller that goes early is what some tests are about.
        if writer.write_all(&[text.as_bytes(), &body].concat()).is_err() || closes {
            return;
        }
    }
}

/// The next request of a connection; none where it ends.
fn read(reader: &mut BufReader<&TcpStream>) -> Option<Sent> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        reader.read_line(&mut head).ok().filter(|read| *read > 0)?;
    }
    let line = head.split(" HTTP/").next().unwrap_or_default().to_owned();
    let mut sent = Sent { line, head, body: Vec::new() };
    if let Some(length) = sent.header("content-length").and_then(|length| length.parse().ok()) {
        sent.body.resize(length, 0);
        reader.read_exact(&mut sent.body).ok()?;
    } else if sent.header("transfer-encoding").is_some() {
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok()?;
            let length = usize::from_str_radix(line.trim(), 16).ok()?;
            let mut chunk = vec![0; length + 2];
            reader.read_exact(&mut chunk).ok()?;
            sent.body.extend_from_slice(&chunk[..length]);
            if length == 0 {
                break;
            }
        }
    }
    Some(sent)
}
