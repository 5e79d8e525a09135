//! `wharf explain`: what an error code means.

use super::output::Output;
use crate::{
    codes,
    problem::{Problem, Problems},
};

/// `wharf explain <code>`
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The code, e.g. WH1204; none lists all of them
    code: Option<String>,
}

pub fn run(args: &Args, output: &Output) -> Result<(), Problems> {
    let Some(wanted) = &args.code else {
        let lines: Vec<String> = codes::ALL.iter().map(|code| format!("{}  {}", code.id, code.title)).collect();
        let all: Vec<_> = codes::ALL.iter().map(|code| serde_json::json!({"code": code.id, "title": code.title})).collect();
        output.data(&lines.join("\n"), &serde_json::json!(all));
        return Ok(());
    };
    let code = codes::find(wanted).or_else(|| codes::find(&format!("WH{wanted}"))).ok_or_else(|| {
        Problem::new(&codes::USAGE, format!("there is no error code `{}`", wanted.escape_debug()))
            .fix("list all codes with `wharf explain`")
    })?;
    output.data(
        &format_args!("{}: {}\n\n{}", code.id, code.title, code.explanation),
        &serde_json::json!({"code": code.id, "title": code.title, "explanation": code.explanation}),
    );
    Ok(())
}
