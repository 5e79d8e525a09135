//! The calls a newcomer can copy: each a `curl` line that works as it stands.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    platform::APP,
    setup::{CONSOLE, Directory},
};
use crate::{
    admin::{platform::Task, tokens::Wanted},
    caller::AppUser,
    codes,
    host::Host,
    ocean_auth::{Identity, Policy, Settings},
    problem::{Problem, Problems},
    units::millis,
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
    /// What a shell makes of the answer, where a person wants one thing of it; programs read the answer itself.
    pub(super) then: Option<String>,
    pub(super) expect_status: u16,
}

impl Example {
    fn new(name: &'static str, about: &'static str, argv: Vec<String>, expect_status: u16) -> Self {
        Self { name, about, argv, then: None, expect_status }
    }
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
        Example::new("anonymous", "anybody may ask who the host takes them for", curl(&[&format!("{base}/echo/whoami")]), 200),
        Example::new(
            "ocean-auth",
            "an app proves itself with an Ocean-Auth header",
            curl(&["-H", &header("hello", None)?, &hello]),
            200,
        ),
        Example::new(
            "bearer",
            "the app proves itself with a bearer token",
            curl(&["-H", &format!("Authorization: Bearer {token}"), &hello]),
            200,
        ),
        Example::new(
            "note",
            "an app speaks for one of its users, and a note is kept for that user of that app",
            curl(&["-H", &header("notes", Some(ada.clone()))?, "-d", r#"{"text": "buy milk"}"#, &format!("{base}/notes/notes")]),
            201,
        ),
        Example::new(
            "document",
            "a form, as browsers send it, becomes a document of an entity that the app has",
            curl(&["-H", &header("crud", Some(ada.clone()))?, "-d", "title=One&content=Hello", &blog]),
            200,
        ),
        Example::new(
            "query",
            "and that user finds it again",
            curl(&["-H", &header("crud", Some(ada))?, &format!("{blog}/find/query")]),
            200,
        ),
        Example::new(
            "context",
            "a browser asks the platform in this host for an app's services, with a header for each",
            curl(&["-H", "AccessToken: null", &format!("http://{}/v1.0/public/ocean_context/{APP}", host.address)]),
            200,
        ),
        console(host).await?,
        Example::new("refused", "without a proof it is refused (401), and the plugin is not run", curl(&[&hello]), 401),
    ])
}

/// What a developer of the app asks the platform for who wants to see its documents. The code is good for a minute, so the link is
/// made when it is wanted and not before.
async fn console(host: &Host) -> Result<Example, Problems> {
    let shown = host.admin.platform(Task::AppToken { key: APP.to_owned(), renew: false }.into()).await?;
    let token = shown.get("token").and_then(Value::as_str).unwrap_or_default();
    let argv = curl(&["-H", &format!("AccessToken: {token}"), &format!("http://{}/v1.0/app/auth_code", host.address)]);
    let link = format!(r#"s|.*"authCode":"\([0-9a-f]*\)".*|{}?appAuthCode=\1|p"#, console_url(host));
    let about = "a developer of the app gets a link to the console of crud, to be opened in a browser within a minute";
    let then = Some(shell(&["sed".to_owned(), "-n".to_owned(), link]));
    Ok(Example { then, ..Example::new("console", about, argv, 200) })
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
    millis(LIFETIME)
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
        let then = example.then.as_ref().map(|then| format!(" | {then}")).unwrap_or_default();
        text.push_str(&format!("\n# {}\n{}{then}\n", example.about, shell(&example.argv)));
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
        "page": page(host), "console": console_url(host), "directory": directory.path(), "examples": examples,
    })
}

/// Where a person sees the services at work.
fn page(host: &Host) -> String {
    format!("http://{}/s/blog/", host.address)
}

/// Where the console of crud is, for who has a code.
fn console_url(host: &Host) -> String {
    format!("http://{CONSOLE}:{}/", host.address.port())
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
