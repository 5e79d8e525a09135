//! The log of a host: what it writes to standard error, line by line.

use std::{
    io::{BufRead, BufReader, Read},
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread,
    time::Instant,
};

use serde_json::Value;

use super::wait::PATIENCE;

/// The lines so far; grows while the host runs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Log(Arc<(Mutex<Lines>, Condvar)>);

#[derive(Debug, Default)]
struct Lines {
    lines: Vec<String>,
    ended: bool,
}

/// One line; hosts of tests log JSON.
#[derive(Debug, Clone)]
pub(crate) struct Line(Value);

impl Log {
    /// Keeps everything that arrives on the stream.
    pub(crate) fn of(stream: impl Read + Send + 'static) -> Self {
        let log = Self::default();
        let writer = log.clone();
        thread::spawn(move || {
            for line in BufReader::new(stream).split(b'\n') {
                let Ok(line) = line else { break };
                writer.change(|lines| lines.lines.push(String::from_utf8_lossy(&line).into_owned()));
            }
            writer.change(|lines| lines.ended = true);
        });
        log
    }

    fn change(&self, change: impl FnOnce(&mut Lines)) {
        change(&mut self.0.0.lock().unwrap_or_else(PoisonError::into_inner));
        self.0.1.notify_all();
    }

    /// Everything so far.
    pub(crate) fn text(&self) -> String {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).lines.join("\n")
    }

    /// All lines so far.
    pub(crate) fn lines(&self) -> Vec<Line> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).lines.iter().map(|line| Line::parse(line)).collect()
    }

    /// Waits for the first line of which `wanted` holds.
    #[track_caller]
    pub(crate) fn find(&self, what: &str, wanted: impl Fn(&Line) -> bool) -> Line {
        let deadline = Instant::now() + PATIENCE;
        let (lines, arrived) = &*self.0;
        let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
        let mut seen = 0;
        loop {
            if let Some(found) = lines.lines[seen..].iter().map(|line| Line::parse(line)).find(|line| wanted(line)) {
                return found;
            }
            seen = lines.lines.len();
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero() && !lines.ended, "the log never says {what}:\n{}", lines.lines.join("\n"));
            lines = arrived.wait_timeout(lines, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Waits for a line with this code of the host's, and returns it.
    #[track_caller]
    pub(crate) fn code(&self, code: &str) -> Line {
        self.find(code, |line| line.field("code") == code)
    }

    /// Waits until there are `count` lines of which `wanted` holds; more are a failure.
    ///
    /// What is written a moment later cannot be seen here: [`super::Running::stop`] returns a log to which nothing is added.
    #[track_caller]
    pub(crate) fn expect(&self, count: usize, what: &str, wanted: impl Fn(&Line) -> bool) {
        let found = || self.lines().iter().filter(|line| wanted(line)).count();
        super::wait::until(&format!("the log says {what} {count} times"), || (found() >= count).then_some(()));
        assert_eq!(found(), count, "the log says {what} too often:\n{}", self.text());
    }

    /// How many lines so far have this message.
    pub(crate) fn count(&self, message: &str) -> usize {
        self.lines().iter().filter(|line| line.message() == message).count()
    }

    /// Waits until nothing more can come.
    #[track_caller]
    pub(crate) fn to_the_end(&self) -> Self {
        super::wait::until("standard error is closed", || {
            self.0.0.lock().unwrap_or_else(PoisonError::into_inner).ended.then_some(())
        });
        self.clone()
    }
}

impl Line {
    fn parse(line: &str) -> Self {
        Self(serde_json::from_str(line).unwrap_or_else(|_| serde_json::json!({"message": line})))
    }

    /// A field as text; empty when there is none.
    pub(crate) fn field(&self, name: &str) -> String {
        match self.0.get(name) {
            None => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        }
    }

    pub(crate) fn message(&self) -> String {
        self.field("message")
    }

    /// The whole line, for looking for what must or must not be in it.
    pub(crate) fn text(&self) -> String {
        self.0.to_string()
    }
}
