//! A command line that cannot be read: said like every other mistake, under a code and in the format that was asked for.

use std::{ffi::OsString, io, process::ExitCode};

use clap::{
    Command, CommandFactory as _,
    error::{ContextKind, ContextValue, ErrorKind},
};

use super::{
    Cli,
    output::{Format, Output},
};
use crate::{codes, problem::Problem, toml_reader::names::is_shown};

/// The exit status of a command line that is itself wrong.
const WRONG: u8 = 2;

/// Says what is wrong with `arguments`, of which `error` came, and returns the exit status. Help and the version, which come as
/// errors too, are printed as they are, and are none.
pub fn refuse(error: &clap::Error, arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    if !error.use_stderr() {
        return printed(error.print(), arguments);
    }
    if is_help_about_help(error) {
        return printed(named_before_help(&arguments).print_help(), arguments);
    }
    let output = Output::new(format(arguments));
    let problem = match error.kind() {
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            if !output.is_json() {
                // Nobody is left to tell when standard error is gone.
                let _ = error.print();
            }
            Problem::new(&codes::USAGE, "no command is named").fix("name one; `--help` says which there are")
        }
        _ => problem(&rendered(error)),
    };
    output.problems(&problem.into());
    ExitCode::from(WRONG)
}

/// The exit status of help and the version, which are results like any other.
fn printed(result: io::Result<()>, arguments: Vec<OsString>) -> ExitCode {
    match result {
        // A reader that has gone away (`| head`) is no error.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            let problem = Problem::new(&codes::IO, "what was asked for cannot be written to standard output").why(error);
            Output::new(format(arguments)).problems(&problem.into());
            ExitCode::FAILURE
        }
        _ => ExitCode::SUCCESS,
    }
}

/// Whether it is about `help --help`, where the parser takes the second for the name of a command.
fn is_help_about_help(error: &clap::Error) -> bool {
    let typed = error.get(ContextKind::InvalidSubcommand);
    matches!(typed, Some(ContextValue::String(typed)) if typed == "--help" || typed == "-h")
}

/// The command whose `help` it is.
fn named_before_help(arguments: &[OsString]) -> Command {
    let mut command = Cli::command();
    command.build();
    let named = arguments.iter().skip(1).take_while(|argument| *argument != "help");
    named.fold(command, |command, argument| command.find_subcommand(argument).cloned().unwrap_or(command))
}

/// The format that was asked for, as far as it can be told of arguments that make no sense.
fn format(arguments: impl IntoIterator<Item = OsString>) -> Format {
    let arguments: Vec<OsString> = arguments.into_iter().take_while(|argument| argument != "--").collect();
    let is_json = arguments.iter().any(|argument| argument == "--format=json")
        || arguments.windows(2).any(|pair| pair[0] == "--format" && pair[1] == "json");
    if is_json { Format::Json } else { Format::Text }
}

/// The parser's words. What was typed and is repeated in them keeps to its line: where it begins new ones, it could pass for advice.
fn rendered(error: &clap::Error) -> String {
    let repeated = error.context().flat_map(|(_, value)| match value {
        ContextValue::String(typed) => std::slice::from_ref(typed),
        ContextValue::Strings(typed) => typed,
        _ => &[],
    });
    repeated.filter(|typed| typed.contains('\n')).fold(error.render().to_string(), |said, typed| {
        let on_one_line = typed.replace('\n', "\\n");
        said.replace(typed.as_str(), &on_one_line)
    })
}

/// The parser's words, each in its place: first what is wrong, with what belongs to it on lines of their own; then, after an empty
/// line each, advice, the use of the command, and where to read more.
fn problem(said: &str) -> Problem {
    let said: String = said.chars().flat_map(shown).collect();
    let mut paragraphs = said.split("\n\n").map(str::trim);
    let first = paragraphs.next().unwrap_or_default();
    let (what, why) = first.split_once('\n').unwrap_or((first, ""));
    let what = what.strip_prefix("error: ").unwrap_or(what).trim_end_matches(':');
    let lines = |text: &str| text.lines().map(str::trim).collect::<Vec<_>>().join("\n");
    let fix: Vec<String> =
        paragraphs.filter(|paragraph| !paragraph.is_empty()).map(|text| lines(text).replace("tip: ", "")).collect();
    Problem::new(&codes::USAGE, what).why(lines(why)).fix(fix.join("\n"))
}

/// What was typed is repeated, and must not act on the terminal.
fn shown(c: char) -> impl Iterator<Item = char> {
    let (plain, escaped) = if is_shown(c) || c == '\n' { (Some(c), None) } else { (None, Some(c.escape_default())) };
    plain.into_iter().chain(escaped.into_iter().flatten())
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    fn told(arguments: &[&str]) -> Problem {
        let error = Cli::try_parse_from([&["wharf"][..], arguments].concat()).unwrap_err();
        problem(&rendered(&error))
    }

    #[test]
    fn nothing_that_was_typed_passes_for_advice() {
        let forged = "x\n\ntip: a tip\nof theirs";
        let [option, value] = [format!("--{forged}"), format!("--format={forged}")];
        for typed in [&[forged][..], &["serve", &option], &["serve", &value], &["plugin", "list", forged], &["token", forged]] {
            let told = told(typed);
            assert!(told.what.contains(r"x\n\ntip: a tip\nof theirs"), "{told:?}");
            let mut lines = told.why.lines().chain(told.fix.lines());
            assert!(lines.all(|line| line != "a tip" && !line.starts_with("of theirs")), "{told:?}");
        }
    }

    #[test]
    fn what_is_wrong_why_and_the_way_out_stand_in_their_places() {
        let slip = told(&["chekc"]);
        assert_eq!(slip.what, "unrecognized subcommand 'chekc'");
        assert!(slip.fix.starts_with("a similar subcommand exists: 'check'\nUsage: wharf "), "{}", slip.fix);
        let choice = told(&["serve", "--format", "xml"]);
        assert_eq!(
            (choice.what.as_str(), choice.why.as_str()),
            ("invalid value 'xml' for '--format <FORMAT>'", "[possible values: text, json]")
        );
        let missing = told(&["plugin", "install", "--manifest", "a.toml"]);
        assert_eq!(
            (missing.what.as_str(), missing.why.as_str()),
            ("the following required arguments were not provided", "<FILE|PLUGIN@VERSION>")
        );
        assert!(missing.fix.contains("Usage: wharf plugin install") && missing.fix.contains("--help"), "{}", missing.fix);
    }

    #[test]
    fn nothing_that_was_typed_acts_on_the_terminal() {
        for typed in ["\u{1b}[31mred", "bell\u{7}", "\u{9b}31m", "turned\u{202e}around", "a\rb"] {
            let told = told(&[typed]);
            assert!(told.what.chars().all(is_shown), "{told:?}");
        }
    }

    #[test]
    fn the_format_is_found_wherever_it_stands() {
        let format = |arguments: &[&str]| format(arguments.iter().map(OsString::from));
        for json in [&["--format", "json", "fly"][..], &["fly", "--format=json"], &["plugin", "fly", "--format", "json"]] {
            assert_eq!(format(json), Format::Json, "{json:?}");
        }
        for text in [&["fly"][..], &["--format", "xml"], &["--format"], &["json"], &["fly", "--", "--format=json"]] {
            assert_eq!(format(text), Format::Text, "{text:?}");
        }
    }
}
