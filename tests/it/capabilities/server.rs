//! Another server: answers as its test says, and remembers what it was sent.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
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

/// What follows `HTTP/1.1 ` up to the body, and the body; none for a caller that is left waiting until it goes.
pub(crate) type Reply = Option<(&'static str, Vec<u8>)>;

/// A server on loopback; it ends with its test.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    sent: Arc<Mutex<Vec<Sent>>>,
    stopping: Arc<AtomicBool>,
    accepting: Option<thread::JoinHandle<()>>,
}

impl Server {
    /// Answers each request with what `answer` makes of it.
    pub(crate) fn new(answer: impl Fn(&Sent) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        let address = listener.local_addr().expect("a listener has an address");
        let (sent, stopping) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (answer, remembered, stopped) = (Arc::new(answer), sent.clone(), stopping.clone());
        let accepting = thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                let (answer, remembered) = (answer.clone(), remembered.clone());
                let stream = stream.expect("a connection can be accepted");
                // Ends with its connection, which the host closes at its end.
                thread::spawn(move || serve(&stream, &remembered, &*answer));
            }
        });
        Self { address, sent, stopping, accepting: Some(accepting) }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
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

/// One request of a connection, which is closed with the answer.
fn serve(mut stream: &TcpStream, sent: &Mutex<Vec<Sent>>, answer: &dyn Fn(&Sent) -> Reply) {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).is_ok_and(|read| read > 0) {
            continue;
        }
        return;
    }
    let lower = head.to_ascii_lowercase();
    let header = |name: &str| lower.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    let mut body = Vec::new();
    if let Some(length) = header("content-length").and_then(|length| length.parse().ok()) {
        body.resize(length, 0);
        if reader.read_exact(&mut body).is_err() {
            return;
        }
    } else if header("transfer-encoding").is_some() {
        loop {
            let mut line = String::new();
            let length = reader.read_line(&mut line).ok().and_then(|_| usize::from_str_radix(line.trim(), 16).ok());
            let Some(length) = length else { return };
            let mut chunk = vec![0; length + 2];
            if reader.read_exact(&mut chunk).is_err() {
                return;
            }
            body.extend_from_slice(&chunk[..length]);
            if length == 0 {
                break;
            }
        }
    }
    let line = head.split(" HTTP/").next().unwrap_or_default().to_owned();
    let one = Sent { line, head, body };
    let answered = answer(&one);
    sent.lock().expect("no test fails while it holds this").push(one);
    let Some((head, body)) = answered else {
        // Until the caller goes.
        let _ = reader.read(&mut [0]);
        return;
    };
    let length = if head.contains("content-length") { String::new() } else { format!("content-length: {}\r\n", body.len()) };
    // A caller that goes early is what some tests are about.
    let _ = stream.write_all(format!("HTTP/1.1 {head}\r\n{length}connection: close\r\n\r\n").as_bytes());
    let _ = stream.write_all(&body);
}
