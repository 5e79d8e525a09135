//! The one error shape a person meets: what happened to which thing, why, and what to do about it, under a stable code.
//!
//! A [`Problem`] is made where it happens and printed once, by the command line (`cli/output.rs`) or the control socket.
//! Refusals of HTTP requests are not problems: they are the closed enums of `request/`, turned into answers by
//! `request/respond/mod.rs`, and carry nothing but a code.

use std::fmt;

use crate::codes::Code;

/// One mistake or failure, told so that its reader can act.
///
/// Never holds a secret: text from a key file, a token or a header must not reach `what`, `why` or `fix`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The stable code; `wharf explain <code>` says more.
    pub code: &'static Code,
    /// Where in a file, if it is about a file.
    pub at: Option<Place>,
    /// Which thing, and what happened: a lower-case fragment, the subject in backticks.
    pub what: String,
    /// The cause; empty when `what` says it all.
    pub why: String,
    /// The way out, as something to do.
    pub fix: String,
}

/// A place in a text file; line and column count from 1, columns in characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub file: String,
    pub line: usize,
    pub column: usize,
}

impl Problem {
    pub fn new(code: &'static Code, what: impl Into<String>) -> Self {
        Self { code, at: None, what: what.into(), why: String::new(), fix: String::new() }
    }

    #[must_use]
    pub fn why(mut self, why: impl fmt::Display) -> Self {
        self.why = why.to_string();
        self
    }

    /// The cause, with its own causes behind it: some libraries say in the first no more than that something failed.
    #[must_use]
    pub fn why_all(self, error: &(dyn std::error::Error + 'static)) -> Self {
        let causes = std::iter::successors(Some(error), |error| error.source());
        self.why(causes.map(ToString::to_string).collect::<Vec<_>>().join(": "))
    }

    #[must_use]
    pub fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = fix.into();
        self
    }

    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.at = Some(place);
        self
    }

    /// The same as JSON, for `--format json` and the control socket.
    pub fn to_json(&self) -> serde_json::Value {
        let at = self.at.as_ref().map(|at| serde_json::json!({"file": at.file, "line": at.line, "column": at.column}));
        serde_json::json!({"code": self.code.id, "at": at, "what": self.what, "why": self.why, "fix": self.fix})
    }

    /// The reverse of [`Problem::to_json`]: a problem that a running host sent to the command line.
    pub fn from_json(value: &serde_json::Value) -> Option<Self> {
        let text = |key: &str| value.get(key).and_then(|text| text.as_str()).map(str::to_owned);
        let number = |at: &serde_json::Value, key: &str| at.get(key)?.as_u64().and_then(|number| usize::try_from(number).ok());
        let at = value.get("at").filter(|at| !at.is_null()).and_then(|at| {
            Some(Place { file: at.get("file")?.as_str()?.to_owned(), line: number(at, "line")?, column: number(at, "column")? })
        });
        Some(Self { code: crate::codes::find(&text("code")?)?, at, what: text("what")?, why: text("why")?, fix: text("fix")? })
    }
}

/// One line, for logs: code, place, what and why.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.code.id)?;
        if let Some(at) = &self.at {
            write!(f, "{}:{}:{}: ", at.file, at.line, at.column)?;
        }
        write!(f, "{}", self.what)?;
        if !self.why.is_empty() {
            write!(f, ": {}", self.why)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problem {}

/// All that is wrong, so that one run shows everything there is to mend. Never empty where it is an error.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    pub fn push(&mut self, problem: Problem) {
        self.0.push(problem);
    }

    pub fn extend(&mut self, other: Problems) {
        self.0.extend(other.0);
    }

    /// The value; what is wrong is added.
    pub fn keep<T>(&mut self, result: Result<T, impl Into<Self>>) -> Option<T> {
        result.map_err(|more| self.extend(more.into())).ok()
    }

    /// `value` when nothing is wrong.
    pub fn or<T>(self, value: T) -> Result<T, Problems> {
        if self.0.is_empty() { Ok(value) } else { Err(self) }
    }

    /// What was read, when nothing is wrong. Where nothing was, that must be among the problems.
    pub fn or_read<T>(self, read: Option<T>) -> Result<T, Problems> {
        match read {
            Some(value) => self.or(value),
            None => Err(self),
        }
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}
