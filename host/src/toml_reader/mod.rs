//! Reading `wharf.toml` and `plugin.toml`: a cursor over a parsed document that knows where everything stands.
//!
//! [`read`] parses the text and hands the root [`Table`] to a function of the caller. Taking a key by name and kind
//! records it as known; whatever mistake is met goes into one report with line and column, and reading goes on, so that one
//! run shows everything there is to mend. When a table has been read, the keys nobody asked for are errors too.
//!
//! What a mistaken string holds is never repeated in a message: it may be a secret that was put in the wrong place, or
//! terminal escapes in a stranger's manifest. Values are only named once they have passed their own check.

mod item;
mod json;
pub(crate) mod limits;
pub(crate) mod names;
mod near;
mod places;
mod report;
mod table;
#[cfg(test)]
mod tests;
pub(crate) mod values;

use std::{io, panic, thread};

use toml::de::DeTable;

pub(crate) use item::Item;
pub(crate) use near::nearest;
pub use places::Places;
pub(crate) use report::Codes;
pub(crate) use table::{Table, join, within};

use crate::{
    codes,
    problem::{Problem, Problems},
    units,
};
use report::Report;

/// More than any real file by far; what is larger was named by mistake or is meant to do harm.
pub(crate) const MAX_FILE: usize = 1 << 20;

/// Above this size the first syntax error has to do.
const MAX_RECOVERED: usize = 64 << 10;

/// The stack a document is parsed, read and dropped on. The `toml` crate allows 80 inline tables, each under a dotted key of
/// 80 parts, and drops that tree of 6,400 levels by recursion: 13 kB of a hostile manifest overflow a thread's usual 2 MiB,
/// and an overflow kills the process. Measured need in a debug build: between 4 and 6 MiB. Untouched pages cost nothing.
const STACK: usize = 32 << 20;

/// Parses `text` and reads it with `read`. Blocking, and starts a thread of its own while it lasts.
///
/// `file` is the name that problems carry. `read` returns `None` only after it has reported why.
pub(crate) fn read<T: Send>(
    text: &str,
    file: &str,
    codes: &'static Codes,
    read: impl FnOnce(&Table<'_>) -> Option<T> + Send,
) -> Result<T, Problems> {
    let (value, mistakes) = read_what_can_be(text, file, codes, read);
    mistakes.or_read(value)
}

/// The same beside all mistakes: with what was read although there are some, as far as anything was.
pub(crate) fn read_what_can_be<T: Send>(
    text: &str,
    file: &str,
    codes: &'static Codes,
    read: impl FnOnce(&Table<'_>) -> Option<T> + Send,
) -> (Option<T>, Problems) {
    if text.len() > MAX_FILE {
        return (None, too_large(file, codes).into());
    }
    thread::scope(|scope| {
        let document = || document(text, file, codes, read);
        match thread::Builder::new().name("toml".to_owned()).stack_size(STACK).spawn_scoped(scope, document) {
            Ok(thread) => thread.join().unwrap_or_else(|panic| panic::resume_unwind(panic)),
            Err(error) => (None, no_thread(file, &error).into()),
        }
    })
}

fn document<T>(
    text: &str,
    file: &str,
    codes: &'static Codes,
    read: impl FnOnce(&Table<'_>) -> Option<T>,
) -> (Option<T>, Problems) {
    let report = Report::new(text, file, codes);
    let root = match DeTable::parse(text) {
        Ok(root) => root,
        Err(first) => {
            // Every byte of a garbled file can be an error of its own, so only files of a human size are told all of them.
            let all = if text.len() <= MAX_RECOVERED { DeTable::parse_recoverable(text).1 } else { vec![first] };
            all.iter().for_each(|error| report.syntax(error.span().map_or(0, |span| span.start), error.message()));
            // What could be saved of a broken document would only be misunderstood.
            return report.finish(None);
        }
    };
    let table = Table::root(&report, root.get_ref());
    let value = read(&table);
    table.end();
    report.finish(value)
}

/// The refusal of a file over [`MAX_FILE`].
pub(crate) fn too_large(file: &str, codes: &'static Codes) -> Problem {
    Problem::new(codes.syntax, format!("`{file}` is larger than {}", units::show_size(MAX_FILE as u64)))
        .fix("name the right file, or shorten this one")
}

fn no_thread(file: &str, error: &io::Error) -> Problem {
    Problem::new(&codes::IO, format!("no thread can be started to read `{file}`"))
        .why(error)
        .fix("raise the limit on processes or memory of the user that runs Wharf")
}
