//! `wharf:service/log`: a plugin's lines in the operator's log, bounded in number and length.

use std::sync::Arc;

use wasmtime::component::{HasSelf, Linker};

use crate::{
    bindings::log::{Host, Level, add_to_linker},
    runtime::state::CallState,
};

/// The longest message or field that is written, in bytes; the rest is cut and counted.
const MAX_TEXT: usize = 8 << 10;

/// The most fields of a line.
const MAX_FIELDS: usize = 32;

/// The log of one call.
#[derive(Debug)]
pub struct LogCtx {
    plugin: Arc<str>,
    request_id: String,
    lines: u32,
    lines_left: u32,
    dropped: u32,
}

impl LogCtx {
    pub fn new(plugin: Arc<str>, request_id: &str, lines: u32) -> Self {
        Self { plugin, request_id: request_id.to_owned(), lines, lines_left: lines, dropped: 0 }
    }

    /// Writes one line, unless the call has used up its lines.
    pub fn write(&mut self, level: Level, message: &str, fields: &[(String, String)]) {
        if !enabled(level) {
            return;
        }
        let Some(left) = self.lines_left.checked_sub(1) else {
            self.dropped = self.dropped.saturating_add(1);
            return;
        };
        self.lines_left = left;
        let (plugin, request_id) = (&*self.plugin, self.request_id.as_str());
        let (message, fields) = (cut(message), show_fields(fields));
        match level {
            Level::Trace => tracing::trace!(target: "plugin", plugin, request_id, fields, "{message}"),
            Level::Debug => tracing::debug!(target: "plugin", plugin, request_id, fields, "{message}"),
            Level::Info => tracing::info!(target: "plugin", plugin, request_id, fields, "{message}"),
            Level::Warn => tracing::warn!(target: "plugin", plugin, request_id, fields, "{message}"),
            Level::Error => tracing::error!(target: "plugin", plugin, request_id, fields, "{message}"),
        }
    }
}

/// Says at the call's end how many lines were dropped.
impl Drop for LogCtx {
    fn drop(&mut self) {
        if self.dropped > 0 {
            let (asked, allowed) = (u64::from(self.lines) + u64::from(self.dropped), self.lines);
            tracing::warn!(
                target: "plugin", plugin = &*self.plugin, request_id = self.request_id, limit = "log-lines", asked, allowed,
                dropped = self.dropped,
                "the plugin wrote more log lines than its limit `log-lines` allows in one call"
            );
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

/// At most [`MAX_TEXT`] bytes; control characters are escaped, so that a plugin cannot forge a line of the host's log.
pub fn cut(text: &str) -> String {
    let end = text.floor_char_boundary(MAX_TEXT);
    let mut shown = String::with_capacity(end);
    for c in text[..end].chars() {
        if c.is_control() { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    if end < text.len() {
        shown.push_str(&format!("… ({} bytes more)", text.len() - end));
    }
    shown
}

fn show_fields(fields: &[(String, String)]) -> String {
    fields.iter().take(MAX_FIELDS).map(|(name, value)| format!("{}={}", cut(name), cut(value))).collect::<Vec<_>>().join(" ")
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
