//! `wharf explain`: what an error code means.

use super::output::Output;
use crate::{
    codes::{self, told},
    problem::{Problem, Problems},
};

/// `wharf explain <code>`
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The code, e.g. WH1204 or kv.conflict; none lists all of them
    code: Option<String>,
}

pub fn run(args: &Args, output: &Output) -> Result<(), Problems> {
    let Some(wanted) = &args.code else {
        let host: Vec<String> = codes::ALL.iter().map(|code| format!("{}  {}", code.id, code.title)).collect();
        let told: Vec<String> = told::ALL.iter().map(|code| format!("{:25}  {}", code.id, code.title)).collect();
        let all = codes::ALL.iter().chain(told::ALL).map(|code| serde_json::json!({"code": code.id, "title": code.title}));
        output.data(
            &format_args!("{}\n\nWhat plugins are told:\n{}", host.join("\n"), told.join("\n")),
            &serde_json::json!(all.collect::<Vec<_>>()),
        );
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
