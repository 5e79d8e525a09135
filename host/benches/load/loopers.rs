//! Calls that never end, as many as the plugin has permits.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use wharf::limits::Limits;

/// Turns in which all connections are looked at, each for ten milliseconds: some ten times the second after which the host
/// refuses.
const TURNS: usize = 20;

/// Connections whose calls loop; dropping it closes them, which ends the calls.
pub(crate) struct Loopers(Vec<TcpStream>);

impl Loopers {
    /// Takes all permits that a plugin has which asks for nothing, and makes sure of it: of one call more, one is refused.
    /// Which one that is depends on the order in which the host takes them.
    pub(crate) fn start(address: &str, path: &str) -> Self {
        let mut looping: Vec<TcpStream> = (0..=Limits::DEFAULT.concurrency).map(|_| ask(address, path)).collect();
        for _ in 0..TURNS {
            if let Some(refused) = looping.iter_mut().position(is_refused) {
                looping.remove(refused);
                return Self(looping);
            }
        }
        panic!("there are more permits than loops");
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }
}

fn ask(address: &str, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).expect("the host listens");
    stream.set_read_timeout(Some(Duration::from_millis(10))).expect("a timeout can be set");
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {address}\r\n\r\n").expect("it reads");
    stream
}

/// Whether the host has said no by now. Who loops is told nothing.
fn is_refused(stream: &mut TcpStream) -> bool {
    let mut answer = [0; 12];
    if stream.read_exact(&mut answer).is_err() {
        return false;
    }
    assert_eq!(String::from_utf8_lossy(&answer), "HTTP/1.1 503", "a loop has ended");
    true
}
