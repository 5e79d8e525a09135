//! The calls a newcomer can copy: each a `curl` line that works as it stands.

use std::time::Duration;

use serde_json::{Value, json};

use super::{platform::APP, setup::Directory};
use crate::{
    admin::tokens::Wanted,
    caller::AppUser,
    codes,
    host::Host,
    ocean_auth::{Identity, Policy, Settings},
    problem::{Problem, Problems},
};

/// One call.
#[derive(Debug)]
pub(super) struct Example {
    /// A word for programs.
    pub(super) name: &'static str,
    /// What it shows.
    pub(super) about: &'static str,
    /// `curl` and its arguments.
    pub(super) argv: Vec<String>,
    pub(super) expect_status: u16,
}

/// How long what the demo hands out is valid: a day, so that the lines of one left running still work.
const LIFETIME: Duration = Duration::from_hours(24);

/// The calls, with headers minted for this demo's keys and a token made for it.
pub(super) async fn examples(directory: &Directory, host: &Host) -> Result<Vec<Example>, Problems> {
    let header = |service, user| Ok::<_, Problem>(format!("Ocean-Auth: {}", mint(directory, host, service, user)?));
    let token = token(host, "hello").await?;
    let base = format!("http://{}/s", host.address);
    let hello = format!("{base}/hello/hello/Ada");
    let blog = format!("{base}/crud/{APP}/blog");
    let ada = AppUser { id: "ada".into(), account: "ada".into(), name: "Ada".into(), authenticated_by: "demo".into() };
    Ok(vec![
        Example {
            name: "anonymous",
            about: "anybody may ask who the host takes them for",
            argv: curl(&[&format!("{base}/echo/whoami")]),
            expect_status: 200,
        },
        Example {
            name: "ocean-auth",
            about: "an app proves itself with an Ocean-Auth header",
            argv: curl(&["-H", &header("hello", None)?, &hello]),
            expect_status: 200,
        },
        Example {
            name: "bearer",
            about: "the app proves itself with a bearer token",
            argv: curl(&["-H", &format!("Authorization: Bearer {token}"), &hello]),
            expect_status: 200,
        },
        Example {
            name: "note",
            about: "an app speaks for one of its users, and a note is kept for that user of that app",
            argv: curl(&[
                "-H",
                &header("notes", Some(ada.clone()))?,
                "-d",
                r#"{"text": "buy milk"}"#,
                &format!("{base}/notes/notes"),
            ]),
            expect_status: 201,
        },
        Example {
            name: "document",
            about: "a form, as browsers send it, becomes a document of an entity that the app has",
            argv: curl(&["-H", &header("crud", Some(ada.clone()))?, "-d", "title=One&content=Hello", &blog]),
            expect_status: 200,
        },
        Example {
            name: "query",
            about: "and that user finds it again",
            argv: curl(&["-H", &header("crud", Some(ada))?, &format!("{blog}/find/query")]),
            expect_status: 200,
        },
        Example {
            name: "context",
            about: "a browser asks the platform in this host for an app's services, with a header for each",
            argv: curl(&["-H", "AccessToken: null", &format!("http://{}/v1.0/public/ocean_context/{APP}", host.address)]),
            expect_status: 200,
        },
        Example {
            name: "refused",
            about: "without a proof it is refused (401), and the plugin is not run",
            argv: curl(&[&hello]),
            expect_status: 401,
        },
    ])
}

/// An Ocean-Auth header of the demo's app, for itself or for one of its users.
fn mint(directory: &Directory, host: &Host, service: &str, user: Option<AppUser>) -> Result<String, Problem> {
    let key = directory.key(service)?;
    let policy = Policy::new(service, &key, &Settings::default())
        .map_err(|error| Problem::new(&codes::SECRET_UNREADABLE, "the demo's key cannot be used").why(error))?;
    let expires_ms = user.as_ref().map(|_| host.admin.clock.now_ms().saturating_add(lifetime_ms()));
    Ok(policy.mint_legacy(&Identity { app_key: APP.to_owned(), user, expires_ms }))
}

fn lifetime_ms() -> u64 {
    u64::try_from(LIFETIME.as_millis()).unwrap_or(u64::MAX)
}

/// A bearer token of the demo's app, without a user; made anew at each start.
async fn token(host: &Host, service: &str) -> Result<String, Problems> {
    let wanted =
        Wanted { service: service.to_owned(), app: APP.to_owned(), user: None, scopes: Vec::new(), lifetime_ms: lifetime_ms() };
    let (_, secret) = host.admin.token_create(wanted).await?;
    Ok(String::from_utf8_lossy(secret.expose()).into_owned())
}

/// `-i` shows the status, `-s` hides the progress bar.
fn curl(arguments: &[&str]) -> Vec<String> {
    ["curl", "-si"].iter().chain(arguments).map(|argument| (*argument).to_owned()).collect()
}

/// What the demo prints when it is ready.
pub(super) fn text(host: &Host, directory: &Directory, examples: &[Example]) -> String {
    let mut text = format!(
        "\nwharf demo serves http://{} (pid {}), everything in {}\n",
        host.address,
        std::process::id(),
        directory.path().display()
    );
    text.push_str(&format!("\nopen {} in a browser\n", page(host)));
    for example in examples {
        text.push_str(&format!("\n# {}\n{}\n", example.about, shell(&example.argv)));
    }
    text.push_str("\nCtrl-C ends it.");
    text
}

/// The same for programs.
pub(super) fn json(host: &Host, directory: &Directory, examples: &[Example]) -> Value {
    let examples: Vec<Value> = examples
        .iter()
        .map(|example| json!({"name": example.name, "about": example.about, "argv": example.argv, "expect_status": example.expect_status}))
        .collect();
    json!({
        "address": host.address.to_string(), "url": format!("http://{}", host.address), "pid": std::process::id(),
        "page": page(host), "directory": directory.path(), "examples": examples,
    })
}

/// Where a person sees the services at work.
fn page(host: &Host) -> String {
    format!("http://{}/s/blog/", host.address)
}

/// Words as a shell reads them back: quoted where it would do anything with them.
fn shell(argv: &[String]) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@".contains(c);
    argv.iter()
        .map(|word| {
            if !word.is_empty() && word.chars().all(plain) { word.clone() } else { format!("'{}'", word.replace('\'', r"'\''")) }
        })
        .collect::<Vec<_>>()
        .join(" ")
}
