//! `wharf token`: make, list and revoke bearer tokens, in a running host or in its data directory.

use std::{fmt::Write as _, time::Duration};

use clap::builder::NonEmptyStringValueParser;
use http::Method;
use serde_json::Value;

use super::{
    at::{At, Reached},
    output::Output,
};
use crate::{
    admin::tokens::{Wanted, WantedUser, show_created},
    codes,
    problem::{Problem, Problems},
    units::{millis, parse_duration, show_time},
};

/// Make, list and revoke bearer tokens.
#[derive(Debug, clap::Subcommand)]
#[command(after_help = "Commands reach a running host through its control socket and take effect at once; without one they \
    work on its data directory.")]
pub enum Command {
    /// Make a token and print it; it is shown this once
    Create {
        /// The service it opens
        #[arg(long, value_name = "KEY")]
        service: String,
        /// The app that calls with it
        #[arg(long, value_name = "KEY", value_parser = NonEmptyStringValueParser::new())]
        app: String,
        /// The id of the app user it stands for; without one the app calls on its own behalf
        #[arg(long, value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
        user: Option<String>,
        /// The user's account name
        #[arg(long, value_name = "ACCOUNT", requires = "user", default_value = "", hide_default_value = true)]
        user_account: String,
        /// The name the user is shown by
        #[arg(long, value_name = "NAME", requires = "user", default_value = "", hide_default_value = true)]
        user_name: String,
        /// What it may be used for: words that the plugin's routes ask for; may be repeated
        #[arg(long = "scope", value_name = "SCOPE", value_delimiter = ' ')]
        scopes: Vec<String>,
        /// How long it is valid, as in "90s", "12h" or "30d"
        #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "30d")]
        expires: Duration,
        #[command(flatten)]
        at: At,
    },
    /// List the tokens without showing any, those that ended in the last 90 days too
    List {
        #[command(flatten)]
        at: At,
    },
    /// Revoke a token for ever; a running host refuses it from the next request on
    Revoke {
        /// Its id, as `wharf token list` shows it
        id: String,
        #[command(flatten)]
        at: At,
    },
}

pub fn run(command: Command, output: &Output) -> Result<(), Problems> {
    match command {
        Command::Create { service, app, user, user_account, user_name, scopes, expires, at } => {
            let wanted = Wanted {
                service,
                app,
                user: user.map(|id| WantedUser { id, account: user_account, name: user_name }),
                scopes: scopes.into_iter().filter(|scope| !scope.is_empty()).collect(),
                lifetime_ms: millis(expires),
            };
            let created = at.reach(async |host| create(host, wanted).await)?;
            output.say(&format_args!(
                "token {} opens the service `{}` for the app `{}` until {}; it is shown this once:",
                text(&created, "id"),
                text(&created, "service"),
                text(&created, "app"),
                time(&created, "expires_ms")
            ));
            output.data(&text(&created, "token"), &created);
        }
        Command::List { at } => {
            let tokens = at.reach(list)?;
            output.data(&show_list(&tokens).trim_end(), &Value::Array(tokens));
        }
        Command::Revoke { id, at } => {
            let is_id = (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_hexdigit());
            if !is_id {
                // It may be a token, so it is not repeated.
                return Err(Problem::new(&codes::USAGE, "this is not the id of a token")
                    .why("ids have hexadecimal digits only")
                    .fix("see the ids with `wharf token list`")
                    .into());
            }
            let revoked = at.reach(async |host| revoke(host, &id).await)?;
            output.data(&format_args!("token {} is revoked", text(&revoked, "id")), &revoked);
        }
    }
    Ok(())
}

async fn create(host: &Reached, wanted: Wanted) -> Result<Value, Problems> {
    match host {
        Reached::Running(client) => {
            let body = serde_json::to_vec(&wanted)
                .map_err(|error| Problem::new(&codes::HOST_FAILED, "the command cannot be written").why(error))?;
            client.send(Method::POST, "/tokens", body).await
        }
        Reached::Here(admin) => {
            let (token, secret) = admin.token_create(wanted).await?;
            Ok(show_created(&token, &secret, admin.clock.now_ms()))
        }
    }
}

/// All pages.
async fn list(host: &Reached) -> Result<Vec<Value>, Problems> {
    let mut tokens = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let mut page = match host {
            Reached::Running(client) => {
                let path = format!("/tokens?after={}", after.as_deref().unwrap_or_default());
                client.send(Method::GET, &path, Vec::new()).await?
            }
            Reached::Here(admin) => admin.token_list(after.as_deref()).await?,
        };
        if let Some(Value::Array(more)) = page.get_mut("tokens").map(Value::take) {
            tokens.extend(more);
        }
        after = page.get("next").and_then(Value::as_str).map(str::to_owned);
        if after.is_none() {
            return Ok(tokens);
        }
    }
}

async fn revoke(host: &Reached, id: &str) -> Result<Value, Problems> {
    match host {
        Reached::Running(client) => client.send(Method::DELETE, &format!("/tokens/{id}"), Vec::new()).await,
        Reached::Here(admin) => admin.token_revoke(id).await,
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text).ok_or_else(|| "expected a whole number and ms, s, m, h or d, as in \"90s\"".to_owned())
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn time(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_u64).map(show_time).unwrap_or_default()
}

fn show_list(tokens: &[Value]) -> String {
    if tokens.is_empty() {
        return "there are no tokens; `wharf token create` makes one".to_owned();
    }
    let mut shown =
        format!("{:<20} {:<8} {:<20} {:<20} {:<24} {:<20} {}\n", "ID", "STATE", "SERVICE", "APP", "USER", "EXPIRES", "SCOPES");
    for token in tokens {
        let user = token.get("user").map(|user| text(user, "id")).unwrap_or_default();
        let scopes: Vec<&str> =
            token.get("scopes").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        // Writing to a string cannot fail.
        let _ = writeln!(
            shown,
            "{:<20} {:<8} {:<20} {:<20} {user:<24} {:<20} {}",
            text(token, "id"),
            text(token, "state"),
            text(token, "service"),
            text(token, "app"),
            time(token, "expires_ms"),
            scopes.join(" ")
        );
    }
    shown
}
