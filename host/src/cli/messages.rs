//! `wharf messages`: look at what the platform announced, and give dead messages another chance or up.

use std::fmt::Write as _;

use http::Method;
use serde_json::Value;

use super::{
    at::{At, Reached},
    output::Output,
};
use crate::{problem::Problems, store::messages::is_own, units::show_time};

/// Look at messages, and retry or drop dead ones.
#[derive(Debug, clap::Subcommand)]
#[command(
    after_help = "A message is hinted (a notice named it), known (the platform told what it says), claimed (the plugin is at \
    it), done (the plugin said ok), resolved (the platform knows), or dead (given up, with a reason). A dead message holds back \
    the later ones of its app until it is retried or dropped."
)]
pub enum Command {
    /// List messages in the order of their arrival
    List {
        /// Only those of this service
        #[arg(long, value_name = "KEY")]
        service: Option<String>,
        /// Only those in this state: hinted, known, claimed, done, resolved or dead
        #[arg(long, value_name = "STATE")]
        state: Option<String>,
        /// Only those about this app
        #[arg(long, value_name = "KEY")]
        app: Option<String>,
        #[command(flatten)]
        at: At,
    },
    /// Show one message with what the platform sent
    Show {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        at: At,
    },
    /// Let a dead message try again as if for the first time
    Retry {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        at: At,
    },
    /// Give a dead message up for ever, so that its app's later messages go on
    Drop {
        #[command(flatten)]
        which: Which,
        /// Take it as handled though the plugin was never told of it: the subscription changes, a purge erases, the platform is
        /// told. Without this it is as if the message had never come
        #[arg(long)]
        resolve: bool,
        #[command(flatten)]
        at: At,
    },
}

/// One message.
#[derive(Debug, clap::Args)]
pub struct Which {
    /// The service's key
    service: String,
    /// The message's id, as `wharf messages list` shows it
    #[arg(value_parser = id)]
    id: String,
}

pub fn run(command: Command, output: &Output) -> Result<(), Problems> {
    match command {
        Command::List { service, state, app, at } => {
            let messages = at.reach(async |host| list(host, service, state, app).await)?;
            output.data(&show_list(&messages).trim_end(), &Value::Array(messages));
        }
        Command::Show { which, at } => {
            let message = at.reach(async |host| show(host, &which).await)?;
            output.data(&show_one(&message).trim_end(), &message);
        }
        Command::Retry { which, at } => {
            let retried = at.reach(async |host| retry(host, &which).await)?;
            output.data(&format_args!("message {} is {} again", which.id, text(&retried, "state")), &retried);
        }
        Command::Drop { which, resolve, at } => {
            let dropped = at.reach(async |host| drop_it(host, &which, resolve).await)?;
            output.data(&show_dropped(&which.id, &dropped, resolve), &dropped);
        }
    }
    Ok(())
}

/// All pages.
async fn list(
    host: &Reached,
    service: Option<String>,
    state: Option<String>,
    app: Option<String>,
) -> Result<Vec<Value>, Problems> {
    let mut messages = Vec::new();
    let mut after = 0;
    loop {
        let mut page = match host {
            Reached::Running(client) => {
                let filters = [("service", &service), ("state", &state), ("app", &app)];
                let mut query = format!("after={after}");
                for (name, value) in filters.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?))) {
                    // Writing to a string cannot fail.
                    let _ = write!(query, "&{name}={}", encoded(value));
                }
                client.send(Method::GET, &format!("/messages?{query}"), Vec::new()).await?
            }
            Reached::Here(admin) => admin.message_list(service.clone(), state.as_deref(), app.clone(), after).await?,
        };
        if let Some(Value::Array(more)) = page.get_mut("messages").map(Value::take) {
            messages.extend(more);
        }
        match page.get("next").and_then(Value::as_u64) {
            Some(next) => after = next,
            None => return Ok(messages),
        }
    }
}

async fn show(host: &Reached, which: &Which) -> Result<Value, Problems> {
    match host {
        Reached::Running(client) => client.send(Method::GET, &path(which, ""), Vec::new()).await,
        Reached::Here(admin) => admin.message_show(&which.service, &which.id).await,
    }
}

async fn retry(host: &Reached, which: &Which) -> Result<Value, Problems> {
    match host {
        Reached::Running(client) => client.send(Method::POST, &path(which, "/retry"), Vec::new()).await,
        Reached::Here(admin) => admin.message_retry(&which.service, &which.id).await,
    }
}

async fn drop_it(host: &Reached, which: &Which, resolve: bool) -> Result<Value, Problems> {
    match host {
        Reached::Running(client) => client.send(Method::DELETE, &path(which, &format!("?resolve={resolve}")), Vec::new()).await,
        Reached::Here(admin) => admin.message_drop(&which.service, &which.id, resolve).await,
    }
}

fn path(which: &Which, rest: &str) -> String {
    format!("/messages/{}/{}{rest}", encoded(&which.service), which.id)
}

/// Percent-encodes all but letters, digits, `-` and `_`.
fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-_".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}

fn id(text: &str) -> Result<String, String> {
    let plain = (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if plain { Ok(text.to_owned()) } else { Err("ids have letters, digits and `-` only".to_owned()) }
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn time(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_u64).map(show_time).unwrap_or_default()
}

fn show_list(messages: &[Value]) -> String {
    if messages.is_empty() {
        return "there are no such messages".to_owned();
    }
    let mut shown = format!(
        "{:<24} {:<16} {:<8} {:<22} {:<20} {:<20} {:<8} {}\n",
        "ID", "SERVICE", "STATE", "KIND", "APP", "ARRIVED", "ATTEMPTS", "REASON"
    );
    for message in messages {
        let attempts = message.get("attempts").and_then(Value::as_u64).unwrap_or(0);
        let _ = writeln!(
            shown,
            "{:<24} {:<16} {:<8} {:<22} {:<20} {:<20} {attempts:<8} {}",
            text(message, "id"),
            text(message, "service"),
            text(message, "state"),
            text(message, "kind"),
            text(message, "app"),
            time(message, "at_ms"),
            text(message, "reason").escape_debug()
        );
    }
    shown
}

/// What follows from it, so that nobody takes an app's data for gone that is there.
fn show_dropped(id: &str, dropped: &Value, resolve: bool) -> String {
    let app = text(dropped, "app");
    let follows = match (is_own(id), resolve) {
        (true, true) => format!(", and all that app `{app}` had here is erased without the plugin being told"),
        (true, false) => format!("; all that app `{app}` had here stays, until it has subscribed and cancelled again"),
        (false, true) => {
            let change = match text(dropped, "change") {
                "subscribed" => format!("app `{app}` is let in without the plugin being told"),
                "cancelled" => {
                    format!("app `{app}` is refused without the plugin being told, and in time all it has here is erased")
                }
                _ => "nothing else changes".to_owned(),
            };
            format!(", and the platform will be told that it is done; {change}")
        }
        (false, false) => ", as if it had never come".to_owned(),
    };
    format!("message {id} is dropped{follows}")
}

fn show_one(message: &Value) -> String {
    let mut shown = String::new();
    for (label, value) in [
        ("id", text(message, "id").to_owned()),
        ("service", text(message, "service").to_owned()),
        ("state", text(message, "state").to_owned()),
        ("kind", text(message, "kind").to_owned()),
        ("app", text(message, "app").to_owned()),
        ("app id", text(message, "app_id").to_owned()),
        ("subscription", text(message, "subscription_id").to_owned()),
        ("arrived", time(message, "at_ms")),
        ("changed", time(message, "changed_ms")),
        ("next", time(message, "due_ms")),
        ("attempts", message.get("attempts").and_then(Value::as_u64).unwrap_or(0).to_string()),
        ("reason", text(message, "reason").escape_debug().to_string()),
        ("content", text(message, "content").escape_debug().to_string()),
    ] {
        if !value.is_empty() {
            let _ = writeln!(shown, "{label:<13} {value}");
        }
    }
    shown
}
