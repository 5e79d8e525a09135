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
    pub(super) text: &'a str,
    pub(super) file: &'a str,
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
    pub(crate) fn finish<T>(self, value: Option<T>) -> (Option<T>, Problems) {
        let Found { mut problems, uncounted } = self.found.into_inner();
        problems.sort_by_key(|(offset, _)| *offset);
        let mut all = Problems::default();
        let mut lines = Lines::new(self.text);
        for (offset, problem) in problems {
            let (line, column) = lines.at(offset);
            let place = Place { file: self.file.to_owned(), line, column };
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
        // A reader that returns nothing has said why. Should one forget, the file is still not valid.
        if value.is_none() && all.0.is_empty() {
            all.push(Problem::new(self.codes.invalid, format!("`{}` is not valid", self.file)));
        }
        (value, all)
    }
}

/// Lines and columns of byte offsets, in one pass over the text. Works on bytes: an offset of the parser may lie inside a
/// character or past the end.
pub(super) struct Lines<'a> {
    text: &'a [u8],
    /// What has been passed.
    offset: usize,
    line: usize,
    column: usize,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let offset = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        Self { text: text.as_bytes(), offset, line: 1, column: 1 }
    }

    /// The line and column of an offset, from 1 on, columns in characters. No offset may be smaller than the one before.
    pub(super) fn at(&mut self, offset: usize) -> (usize, usize) {
        let end = offset.min(self.text.len());
        for byte in self.text.get(self.offset..end).unwrap_or_default() {
            match byte {
                b'\n' => (self.line, self.column) = (self.line + 1, 1),
                byte if byte & 0xC0 != 0x80 => self.column += 1,
                _ => {}
            }
        }
        self.offset = self.offset.max(end);
        (self.line, self.column)
    }
}
