//! The DevTools protocol over two pipes: documents of JSON, each with a zero behind it.

use std::{
    io::{BufRead, BufReader, Read, Write},
    process::ChildStdin,
    sync::mpsc::{Receiver, channel},
    thread,
    time::Instant,
};

use serde_json::{Value, json};

use crate::support::wait::PATIENCE;

/// Events by which a page says that something is the matter, or says anything at all.
const CONSOLE: [&str; 3] = ["Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"];

#[derive(Debug)]
pub(super) struct Pipe {
    to: ChildStdin,
    from: Receiver<Value>,
    calls: u64,
    /// Those events, as they came.
    pub(super) console: Vec<Value>,
}

impl Pipe {
    pub(super) fn new(to: ChildStdin, from: impl Read + Send + 'static) -> Self {
        let (sender, receiver) = channel();
        thread::spawn(move || {
            for document in BufReader::new(from).split(0) {
                let document = document.ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
                // The pipe ends with the browser, and nobody reads any more when the test has ended.
                let Some(document) = document else { break };
                if sender.send(document).is_err() {
                    break;
                }
            }
        });
        Self { to, from: receiver, calls: 0, console: Vec::new() }
    }

    /// What the browser answers, or why it does not do it. Nothing if it has ended or is silent for too long.
    pub(super) fn call(&mut self, session: Option<&str>, method: &str, parameters: Value) -> Option<Result<Value, Value>> {
        self.calls += 1;
        let mut call = json!({"id": self.calls, "method": method, "params": parameters});
        if let Some(session) = session {
            call["sessionId"] = session.into();
        }
        self.to.write_all(format!("{call}\0").as_bytes()).ok()?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            let mut document = self.from.recv_timeout(deadline.saturating_duration_since(Instant::now())).ok()?;
            if document["id"] == self.calls {
                return Some(match document.get_mut("error") {
                    Some(error) => Err(error.take()),
                    None => Ok(document["result"].take()),
                });
            }
            if document["method"].as_str().is_some_and(|method| CONSOLE.contains(&method)) {
                self.console.push(document);
            }
        }
    }
}
