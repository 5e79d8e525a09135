//! How commands speak: data on standard output, talk on standard error, both as text or as JSON.

use std::{
    fmt,
    io::{self, IsTerminal, Write},
    sync::OnceLock,
};

use clap::ValueEnum;
use serde_json::Value;

use crate::{
    codes,
    problem::{Problem, Problems},
};

/// How results and errors are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
}

/// The two streams of a command.
#[derive(Debug)]
pub struct Output {
    format: Format,
    /// Why a result is lost.
    lost: OnceLock<io::Error>,
}

impl Output {
    pub fn new(format: Format) -> Self {
        Self { format, lost: OnceLock::new() }
    }

    pub fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// The command's result. A reader that has gone away (`| head`) is no error.
    pub fn data(&self, text: &dyn fmt::Display, json: &Value) {
        match self.format {
            Format::Text => self.write_data(text),
            Format::Json => self.data_json(json),
        }
    }

    /// A result that is JSON in either format.
    pub fn data_json(&self, json: &Value) {
        self.write_data(&format_args!("{json:#}"));
    }

    fn write_data(&self, text: &dyn fmt::Display) {
        if let Err(error) = write_line(&mut io::stdout().lock(), text)
            && error.kind() != io::ErrorKind::BrokenPipe
        {
            // The first one says it all.
            let _ = self.lost.set(error);
        }
    }

    /// Whether the results of a command that is done were written. Fails with [`codes::IO`].
    pub fn written(&self) -> Result<(), Problem> {
        match self.lost.get() {
            None => Ok(()),
            Some(error) => Err(Problem::new(&codes::IO, "the result cannot be written to standard output")
                .why(error)
                .fix("the command is done all the same: see what it did before you repeat it, with room for its result")),
        }
    }

    /// Something said along the way; silent where a program listens. Nobody is left to tell when standard error is gone.
    pub fn say(&self, text: &dyn fmt::Display) {
        if self.format == Format::Text {
            let _ = write_line(&mut io::stderr().lock(), text);
        }
    }

    /// Everything that is wrong.
    pub fn problems(&self, problems: &Problems) {
        let mut stderr = io::stderr().lock();
        match self.format {
            Format::Json => {
                let errors: Vec<Value> = problems.0.iter().map(Problem::to_json).collect();
                let _ = write_line(&mut stderr, &format_args!("{:#}", serde_json::json!({"errors": errors})));
            }
            Format::Text => {
                let colour = io::stderr().is_terminal() && no_color_is_unset();
                for problem in &problems.0 {
                    let _ = write_line(&mut stderr, &Shown { problem, colour });
                }
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "NO_COLOR is how a terminal's owner says so (no-color.org)")]
fn no_color_is_unset() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// In one piece: the log's thread writes to standard error too, and would come between pieces.
fn write_line(stream: &mut dyn Write, text: &dyn fmt::Display) -> io::Result<()> {
    stream.write_all(format!("{text}\n").as_bytes()).and_then(|()| stream.flush())
}

/// A problem as a person reads it: what, where, why, and the way out.
struct Shown<'a> {
    problem: &'a Problem,
    colour: bool,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let problem = self.problem;
        let (red, bold, plain) = if self.colour { ("\x1b[31m", "\x1b[1m", "\x1b[0m") } else { ("", "", "") };
        write!(f, "{red}error[{}]{plain}: {bold}{}{plain}", problem.code.id, problem.what)?;
        if let Some(at) = &problem.at {
            write!(f, "\n  at:  {}:{}:{}", at.file, at.line, at.column)?;
        }
        if !problem.why.is_empty() {
            write!(f, "\n  why: {}", problem.why.replace('\n', "\n       "))?;
        }
        if !problem.fix.is_empty() {
            write!(f, "\n  fix: {}", problem.fix.replace('\n', "\n       "))?;
        }
        write!(f, "\n  see: wharf explain {}", problem.code.id)
    }
}
