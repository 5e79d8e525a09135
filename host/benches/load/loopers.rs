//! Calls that never end, as many as the plugin has permits.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use wharf::limits::Limits;

/// Connections whose calls loop; dropping it closes them, which ends the calls.
pub(crate) struct Loopers(Vec<TcpStream>);

impl Loopers {
    /// Takes all permits that a plugin has which asks for nothing, and makes sure of it: one call more is refused.
    pub(crate) fn start(address: &str, path: &str) -> Self {
        let looping: Vec<TcpStream> = (0..Limits::DEFAULT.concurrency).map(|_| ask(address, path)).collect();
        let mut answer = [0; 12];
        ask(address, path).read_exact(&mut answer).expect("an answer");
        assert_eq!(String::from_utf8_lossy(&answer), "HTTP/1.1 503", "there are more permits than loops");
        Self(looping)
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }
}

fn ask(address: &str, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).expect("the host listens");
    // Who is refused is told within the host's `wait`, a second; a bench that is told nothing is to fail, not to wait for ever.
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout can be set");
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {address}\r\n\r\n").expect("it reads");
    stream
}
