//! `wharf:service/log`: a plugin's lines in the operator's log, bounded in number and length.

use std::sync::Arc;

use serde_json::Value;
use wasmtime::component::{HasSelf, Linker};

use super::Granted;
use crate::{
    bindings::log::{Host, Level, add_to_linker},
    observe::metrics::Requests,
    platform::client::PlatformError,
    problem::Problem,
    runtime::state::CallState,
};

/// The longest message or field that is written, in bytes; the rest is cut and counted.
pub const MAX_TEXT: usize = 8 << 10;

/// The longest name that is written of what was denied, in bytes.
const MAX_ASKED: usize = 256;

/// The most fields of a line.
const MAX_FIELDS: usize = 32;

/// A version of a plugin that runs for a service: who writes, and where is counted what it runs into.
#[derive(Debug)]
pub struct Running {
    /// `id@version`.
    pub plugin: Arc<str>,
    /// The service's key; `-` where the plugin is only tried.
    pub service: Arc<str>,
    pub requests: Arc<Requests>,
}

/// What a call is about, so that its lines are found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    Request { id: String, app: Option<String> },
    Message { id: String, app: String },
}

impl About {
    /// The ids of the request and of the message, one of which there is, and the app.
    fn names(&self) -> (Option<&str>, Option<&str>, Option<&str>) {
        match self {
            Self::Request { id, app } => (Some(id), None, app.as_deref()),
            Self::Message { id, app } => (None, Some(id), Some(app)),
        }
    }
}

/// A line with the names that all of them have.
macro_rules! line {
    ($log:ident, $level:ident, $target:expr, $($rest:tt)+) => {{
        let (Running { plugin, service, .. }, (request_id, message_id, app)) = (&*$log.running, $log.about.names());
        tracing::$level!(
            target: $target, plugin = &**plugin, service = &**service, request_id, message_id, app, $($rest)+
        )
    }};
}

/// The log of one call.
#[derive(Debug)]
pub struct LogCtx {
    running: Arc<Running>,
    about: About,
    lines: u32,
    lines_left: u32,
    dropped: u32,
    /// A trouble of the host's was told.
    troubled: bool,
}

impl LogCtx {
    pub fn new(running: Arc<Running>, about: About, lines: u32) -> Self {
        Self { running, about, lines, lines_left: lines, dropped: 0, troubled: false }
    }

    /// Who writes.
    pub fn running(&self) -> &Running {
        &self.running
    }

    /// Takes one of the call's lines; without one left, the line is dropped and counted.
    fn has_a_line(&mut self) -> bool {
        let left = self.lines_left.checked_sub(1);
        match left {
            Some(left) => self.lines_left = left,
            None => self.dropped = self.dropped.saturating_add(1),
        }
        left.is_some()
    }

    /// Writes one line, unless the call has used up its lines.
    pub fn write(&mut self, level: Level, message: &str, fields: &[(String, String)]) {
        if !enabled(level) || !self.has_a_line() {
            return;
        }
        let (text, fields) = (cut(message, MAX_TEXT), show_fields(fields));
        let fields = fields.as_ref().map(tracing::field::display);
        match level {
            Level::Trace => line!(self, trace, "plugin", fields, "{text}"),
            Level::Debug => line!(self, debug, "plugin", fields, "{text}"),
            Level::Info => line!(self, info, "plugin", fields, "{text}"),
            Level::Warn => line!(self, warn, "plugin", fields, "{text}"),
            Level::Error => line!(self, error, "plugin", fields, "{text}"),
        }
    }
}

impl LogCtx {
    /// Tells the operator what the plugin wanted and did not get: the plugin itself is told no more than that. One of its lines.
    ///
    /// `asked` is its own text: a name, or a method and a server.
    pub fn denied(&mut self, capability: &'static str, asked: &str, why: &str, granted: Granted) {
        if self.has_a_line() {
            let (asked, table) = (cut(asked, MAX_ASKED), granted.table(&self.running.service, capability));
            line!(self, warn, module_path!(), capability, asked, why, table, "the plugin was denied what it asked for");
        }
    }

    /// Tells the operator why a request of the plugin's to another server came to nothing; the plugin is told the kind alone. One of
    /// its lines.
    pub fn unanswered(&mut self, host: &str, cause: &str) {
        if self.has_a_line() {
            line!(self, info, module_path!(), host, cause, "a plugin's request failed");
        }
    }

    /// What is the host's trouble is told once in each call, however much its plugin writes; then it takes one of its lines.
    fn has_a_line_for_trouble(&mut self) -> bool {
        !std::mem::replace(&mut self.troubled, true) || self.has_a_line()
    }

    /// Tells the operator why the host's store was of no use to the plugin, which is told `code`.
    pub(super) fn store_failed(&mut self, code: &str, problem: &Problem) {
        if self.has_a_line_for_trouble() {
            line!(self, error, module_path!(), code, %problem, "a plugin's store failed");
        }
    }

    /// Tells the operator why the platform was of no use to the plugin, which is told `code`.
    pub(super) fn platform_failed(&mut self, code: &str, failed: &PlatformError) {
        if self.has_a_line_for_trouble() {
            line!(self, warn, module_path!(), code, "a plugin's call to the platform came to nothing: {failed}");
        }
    }

    /// Tells the operator of a limit that is no more than an error to the plugin, and counts it. One of its lines.
    pub fn limited(&mut self, limit: &'static str, asked: u64, allowed: u64) {
        self.running.requests.limit_hits.add(limit);
        if self.has_a_line() {
            line!(self, warn, module_path!(), limit, asked, allowed, "the plugin ran into a limit and was told so");
        }
    }
}

/// Says at the call's end how many lines were dropped.
impl Drop for LogCtx {
    fn drop(&mut self) {
        if self.dropped > 0 {
            let (limit, dropped) = ("log-lines", self.dropped);
            self.running.requests.limit_hits.add(limit);
            let (asked, allowed) = (u64::from(self.lines) + u64::from(dropped), self.lines);
            let what = "the plugin wrote more log lines than its limit `log-lines` allows in one call";
            line!(self, warn, "plugin", limit, asked, allowed, dropped, "{what}");
        }
    }
}

fn enabled(level: Level) -> bool {
    match level {
        Level::Trace => tracing::enabled!(target: "plugin", tracing::Level::TRACE),
        Level::Debug => tracing::enabled!(target: "plugin", tracing::Level::DEBUG),
        Level::Info => tracing::enabled!(target: "plugin", tracing::Level::INFO),
        Level::Warn => tracing::enabled!(target: "plugin", tracing::Level::WARN),
        Level::Error => tracing::enabled!(target: "plugin", tracing::Level::ERROR),
    }
}

/// At most `most` bytes of a text; control characters are escaped, so that a plugin cannot forge a line of the host's log.
pub fn cut(text: &str, most: usize) -> String {
    let end = text.floor_char_boundary(most);
    let mut shown = String::with_capacity(end);
    for c in text[..end].chars() {
        if c.is_control() { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    if end < text.len() {
        shown.push_str(&format!("… ({} bytes more)", text.len() - end));
    }
    shown
}

/// As JSON, so that no value can pass for another field. Of a name that comes twice the last value counts.
fn show_fields(fields: &[(String, String)]) -> Option<Value> {
    let shown = |(name, value): &(String, String)| (cut(name, MAX_TEXT), Value::String(cut(value, MAX_TEXT)));
    (!fields.is_empty()).then(|| fields.iter().take(MAX_FIELDS).map(shown).collect())
}

pub fn link(linker: &mut Linker<CallState>) -> wasmtime::Result<()> {
    add_to_linker::<_, HasSelf<CallState>>(linker, |state| state)
}

impl Host for CallState {
    fn write(&mut self, level: Level, message: String, fields: Vec<(String, String)>) -> wasmtime::Result<()> {
        self.ledger.host_call()?;
        self.log.write(level, &message, &fields);
        Ok(())
    }

    fn enabled(&mut self, level: Level) -> wasmtime::Result<bool> {
        self.ledger.host_call()?;
        Ok(enabled(level))
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Mutex, PoisonError},
    };

    use super::*;
    use crate::observe::json::JsonLines;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// The fields of the one line that a call with one line left writes when it writes twice, and of the one about the other.
    fn lines(about: About) -> [serde_json::Value; 2] {
        let written = Written::default();
        let writer = written.clone();
        let subscriber = tracing_subscriber::fmt().event_format(JsonLines).with_writer(move || writer.clone()).finish();
        tracing::subscriber::with_default(subscriber, || {
            let running = Running { plugin: "acme/notes@1.0.0".into(), service: "notes".into(), requests: Arc::default() };
            let mut log = LogCtx::new(running.into(), about, 1);
            let fields = [("item", "f title=\"g\""), ("title", "f")].map(|(name, value)| (name.to_owned(), value.to_owned()));
            log.write(Level::Warn, "it\nis", &fields);
            log.write(Level::Warn, "too much", &[]);
        });
        let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        <[_; 2]>::try_from(lines).unwrap()
    }

    #[test]
    fn lines_are_found_by_their_request_or_by_their_message() {
        let [mut first, second] = lines(About::Request { id: "r1".to_owned(), app: Some("a1".to_owned()) });
        assert!(first["timestamp"].take().is_string());
        let expected = serde_json::json!({
            "timestamp": null, "level": "WARN", "target": "plugin", "message": "it\\nis", "plugin": "acme/notes@1.0.0",
            "service": "notes", "request_id": "r1", "app": "a1", "fields": {"item": "f title=\"g\"", "title": "f"},
        });
        assert_eq!((first, &second["request_id"]), (expected, &"r1".into()));

        let [id, app] = ["m1", "a1"].map(str::to_owned);
        for line in lines(About::Message { id, app }) {
            let named = ["message_id", "service", "app"].map(|field| line[field].as_str().unwrap_or_default().to_owned());
            assert_eq!(named, ["m1", "notes", "a1"], "{line}");
            assert!(line.get("request_id").is_none(), "{line}");
        }
    }

    #[test]
    fn a_cut_text_says_how_much_is_missing_and_breaks_no_character() {
        assert_eq!(cut("aé\u{7}", 8), "aé\\u{7}");
        assert_eq!(cut("aéb", 2), "a… (3 bytes more)");
    }
}
