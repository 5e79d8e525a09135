//! What the log tells of a trap: why, where, and what the guest said last. All of it is short, and on one line.

use std::fmt::{self, Write as _};

use wasmtime::{FrameInfo, WasmBacktrace};

use crate::capabilities::log;

/// Functions that are named, from the innermost on.
const MAX_FRAMES: usize = 16;
/// Bytes of a function's name, as it is shown, and as it stands in the component.
const MAX_NAME: usize = 160;
const MAX_MANGLED: usize = 4 << 10;

/// The cause alone, without what the engine puts around it.
pub(super) fn why(error: &wasmtime::Error) -> String {
    let cause = error.root_cause().to_string();
    cause.strip_prefix("wasm trap: ").unwrap_or(&cause).to_owned()
}

/// The functions that were running, each with its caller behind it: `a < b < c`. What Rust does of itself from a panic on is left
/// out, and what the SDK does between the export and the handler. Empty where the guest has not got so far.
pub(super) fn at(error: &wasmtime::Error) -> String {
    let frames = error.downcast_ref::<WasmBacktrace>().map_or(&[][..], WasmBacktrace::frames);
    let names: Vec<String> = frames.iter().map(name).collect();
    let panicked = names.iter().rposition(|name| name.contains("panicking::")).map_or(0, |last| last + 1);
    let own = if panicked < names.len() { &names[panicked..] } else { &names };
    shortened(own.iter().filter(|name| !name.starts_with("wharf_sdk::")))
}

fn name(frame: &FrameInfo) -> String {
    match frame.func_name() {
        // Without the hashes that the compiler puts into names.
        Some(name) => readable(name),
        None => format!("function {}", frame.func_index()),
    }
}

/// A name can be made to stand for one that is longer without end, so no more of it is made than is shown.
fn readable(name: &str) -> String {
    struct Short(String);
    impl fmt::Write for Short {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            let end = text.floor_char_boundary(MAX_NAME.saturating_sub(self.0.len()));
            self.0.push_str(&text[..end]);
            if end < text.len() { Err(fmt::Error) } else { Ok(()) }
        }
    }
    let mut short = Short(String::new());
    let whole = write!(short, "{:#}", rustc_demangle::demangle(&name[..name.floor_char_boundary(MAX_MANGLED)])).is_ok();
    let shown = log::cut(&short.0, MAX_NAME);
    if whole { shown } else { format!("{shown}…") }
}

/// One name for a function that calls itself, and not too many.
fn shortened<'n>(names: impl IntoIterator<Item = &'n String>) -> String {
    let mut shown: Vec<(&String, usize)> = Vec::new();
    for name in names {
        match shown.last_mut() {
            Some((last, times)) if *last == name => *times += 1,
            _ => shown.push((name, 1)),
        }
    }
    let more = shown.len().saturating_sub(MAX_FRAMES);
    let show = |(name, times): &(&String, usize)| if *times > 1 { format!("{name} ×{times}") } else { (*name).clone() };
    let mut all: Vec<String> = shown.iter().take(MAX_FRAMES).map(show).collect();
    all.extend((more > 0).then(|| format!("{more} more")));
    all.join(" < ")
}

/// What was printed, as one line: a panic of Rust's takes two, and a third that is of no use here.
pub(super) fn said(printed: &str) -> String {
    let lines =
        printed.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("note: run with `RUST_BACKTRACE"));
    let mut said = String::new();
    for line in lines {
        if !said.is_empty() {
            said.push_str(if said.ends_with(':') { " " } else { " | " });
        }
        said.push_str(line);
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_one_line() {
        let printed = "at work\n\nthread '<unnamed>' (1) panicked at src/lib.rs:7:5:\nno room\n\
            note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace\n";
        assert_eq!(said(printed), "at work | thread '<unnamed>' (1) panicked at src/lib.rs:7:5: no room");
        assert_eq!(said("\n \n"), "");
    }

    #[test]
    fn names_are_read_no_further_than_they_are_shown() {
        assert_eq!(readable("_ZN4core9panicking9panic_fmt17h0123456789abcdefE"), "core::panicking::panic_fmt");
        assert_eq!(readable("plain"), "plain");
        let long = readable(&"é".repeat(90_000));
        assert_eq!(long, format!("{}…", "é".repeat(MAX_NAME / 2)));
        assert_eq!(readable("a\nb"), "a\\nb");
    }

    #[test]
    fn functions_are_named_once_and_not_without_end() {
        let names = |names: &[&str]| shortened(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        assert_eq!(names(&[]), "");
        assert_eq!(names(&["a", "b", "b", "b", "a"]), "a < b ×3 < a");
        let many: Vec<String> = (0..40).map(|number| number.to_string()).collect();
        assert!(shortened(&many).ends_with("14 < 15 < 24 more"), "{}", shortened(&many));
    }
}
