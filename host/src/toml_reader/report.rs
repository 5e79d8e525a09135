//! The mistakes found so far, and where in the text they stand.

use std::cell::RefCell;

use crate::{
    codes::Code,
    problem::{Place, Problem, Problems},
};

/// More mistakes than anybody reads in one go; the rest is counted only, so that a hostile file cannot buy work with noise.
const MAX_PROBLEMS: usize = 100;

/// The codes of one kind of file: configuration and manifest make the same mistakes under different names.
#[derive(Debug)]
pub(crate) struct Codes {
    pub(crate) syntax: &'static Code,
    pub(crate) unknown_key: &'static Code,
    pub(crate) invalid: &'static Code,
    pub(crate) missing_key: &'static Code,
}

/// Collects the problems of one document; positions are byte offsets until [`Report::finish`].
pub(crate) struct Report<'a> {
    text: &'a str,
    file: &'a str,
    pub(crate) codes: &'static Codes,
    found: RefCell<Found>,
}

#[derive(Default)]
struct Found {
    problems: Vec<(usize, Problem)>,
    uncounted: usize,
}

impl<'a> Report<'a> {
    pub(crate) fn new(text: &'a str, file: &'a str, codes: &'static Codes) -> Self {
        Self { text, file, codes, found: RefCell::default() }
    }

    /// Adds a problem about what stands at the byte `offset`.
    pub(crate) fn push(&self, offset: usize, problem: Problem) {
        let mut found = self.found.borrow_mut();
        if found.problems.len() < MAX_PROBLEMS {
            found.problems.push((offset, problem));
        } else {
            found.uncounted += 1;
        }
    }

    /// A breach of TOML's own rules; `message` is the parser's, which never quotes the text.
    pub(crate) fn syntax(&self, offset: usize, message: &str) {
        let problem = Problem::new(self.codes.syntax, format!("`{}` is not TOML here", self.file)).why(message);
        self.push(offset, problem.fix("mend this line; texts stand in \"quotes\", tables in [brackets], and a key occurs once"));
    }

    /// How many problems there are so far.
    pub(crate) fn count(&self) -> usize {
        let found = self.found.borrow();
        found.problems.len() + found.uncounted
    }

    /// `value` if nothing is wrong, else the problems in the order of the text.
    pub(crate) fn finish<T>(self, value: Option<T>) -> Result<T, Problems> {
        let Found { mut problems, uncounted } = self.found.into_inner();
        problems.sort_by_key(|(offset, _)| *offset);
        let mut all = Problems::default();
        for (offset, problem) in problems {
            let place = place(self.text, self.file, offset);
            // One slip breaks the rest of its line, too: further syntax errors of the same line are echoes.
            let echo =
                |last: &Problem| last.code == self.codes.syntax && last.at.as_ref().is_some_and(|at| at.line == place.line);
            if !(problem.code == self.codes.syntax && all.0.last().is_some_and(echo)) {
                all.push(problem.at(place));
            }
        }
        if uncounted > 0 {
            let what = format!("`{}` has {uncounted} more mistakes", self.file);
            all.push(Problem::new(self.codes.invalid, what).fix("mend those named first, then look again"));
        }
        match value {
            Some(value) => all.or(value),
            // A reader that returns nothing has said why. Should one forget, the file is still not valid.
            None if all.0.is_empty() => Err(Problem::new(self.codes.invalid, format!("`{}` is not valid", self.file)).into()),
            None => Err(all),
        }
    }
}

/// Line and column of a byte offset. Works on bytes: an offset of the parser may lie inside a character or past the end.
fn place(text: &str, file: &str, offset: usize) -> Place {
    let bom = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let before = text.as_bytes().get(bom..offset.min(text.len())).unwrap_or_default();
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let column = before.iter().rev().take_while(|byte| **byte != b'\n').filter(|byte| **byte & 0xC0 != 0x80).count() + 1;
    Place { file: file.to_owned(), line, column }
}
