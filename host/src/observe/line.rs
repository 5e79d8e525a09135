//! One event, one line: so that nothing a client or a plugin sends can forge a line of the log, or talk to a terminal.

use std::{borrow::Cow, fmt::Write as _, io};

/// A writer that is given a whole event at once, as the log's formatter does, and escapes every control character in it but
/// the final newline.
///
/// The formatter's own colours begin with an escape character, which is let through: in texts the formatter has replaced it
/// already.
#[derive(Debug)]
pub struct OneLine<W>(pub W);

impl<W: io::Write> io::Write for OneLine<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        self.0.write_all(escape(&String::from_utf8_lossy(event)).as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

fn escape(event: &str) -> Cow<'_, str> {
    let line = event.strip_suffix('\n').unwrap_or(event);
    // Also those that are invisible but turn the order of what is shown around them.
    let acts = |c: char| {
        (c.is_control() && c != '\x1b')
            || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if !line.contains(acts) {
        return Cow::Borrowed(event);
    }
    let mut escaped = String::with_capacity(event.len() + 16);
    for c in line.chars() {
        if acts(c) {
            // As JSON has it, which then stays JSON. Writing to a string cannot fail.
            let _ = match c {
                '\n' => escaped.write_str("\\n"),
                '\r' => escaped.write_str("\\r"),
                '\t' => escaped.write_str("\\t"),
                c => write!(escaped, "\\u{:04x}", u32::from(c)),
            };
        } else {
            escaped.push(c);
        }
    }
    escaped.push('\n');
    Cow::Owned(escaped)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn an_event_is_one_line_whatever_is_in_it() {
        for (event, line) in [
            ("plain text\n", "plain text\n"),
            ("a\nERROR forged\r\n", "a\\nERROR forged\\r\n"),
            ("tab\tnul\0del\x7f\n", "tab\\tnul\\u0000del\\u007f\n"),
            ("c1 \u{9b}31m, turned \u{202e}around\n", "c1 \\u009b31m, turned \\u202earound\n"),
            ("\x1b[2mcolour\x1b[0m\n", "\x1b[2mcolour\x1b[0m\n"),
            ("张 é\n", "张 é\n"),
        ] {
            let mut written = OneLine(Vec::new());
            written.write_all(event.as_bytes()).unwrap();
            assert_eq!(String::from_utf8(written.0).unwrap(), line);
        }
    }
}
