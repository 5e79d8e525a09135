//! How commands speak: data on standard output, talk on standard error, both as text or as JSON.

use std::{
    fmt,
    io::{self, IsTerminal, Write},
};

use clap::ValueEnum;
use serde_json::Value;

use crate::problem::{Problem, Problems};

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
}

impl Output {
    pub fn new(format: Format) -> Self {
        Self { format }
    }

    pub fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// The command's result. A reader that has gone away (`| head`) is no error.
    pub fn data(&self, text: &dyn fmt::Display, json: &Value) {
        match self.format {
            Format::Text => write_line(&mut io::stdout().lock(), text),
            Format::Json => self.data_json(json),
        }
    }

    /// A result that is JSON in either format.
    pub fn data_json(&self, json: &Value) {
        write_line(&mut io::stdout().lock(), &format_args!("{json:#}"));
    }

    /// Something said along the way; silent where a program listens.
    pub fn say(&self, text: &dyn fmt::Display) {
        if self.format == Format::Text {
            write_line(&mut io::stderr().lock(), text);
        }
    }

    /// Everything that is wrong.
    pub fn problems(&self, problems: &Problems) {
        let mut stderr = io::stderr().lock();
        match self.format {
            Format::Json => {
                let errors: Vec<Value> = problems.0.iter().map(Problem::to_json).collect();
                write_line(&mut stderr, &format_args!("{:#}", serde_json::json!({"errors": errors})));
            }
            Format::Text => {
                let colour = io::stderr().is_terminal() && no_color_is_unset();
                for problem in &problems.0 {
                    write_line(&mut stderr, &Shown { problem, colour });
                }
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "NO_COLOR is how a terminal's owner says so (no-color.org)")]
fn no_color_is_unset() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

fn write_line(stream: &mut dyn Write, text: &dyn fmt::Display) {
    // There is nobody left to tell that the stream is gone.
    let _ = writeln!(stream, "{text}").and_then(|()| stream.flush());
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
