//! `wharf platform`: apps, services, subscriptions and messages of the embedded platform, in a running host or in its data
//! directory.

mod show;
mod user;

use std::{
    io::Read,
    path::{Path, PathBuf},
    time::Duration,
};

use http::Method;
use serde_json::Value;

use super::{
    at::{At, Reached},
    output::Output,
};
use crate::{
    admin::platform::{Letters, Order, Task},
    codes,
    problem::{Problem, Problems},
    secret::Secret,
    units::{millis, parse_duration},
};

/// More than the longest password.
const MAX_PASSWORD_FILE: u64 = 64 << 10;

/// The platform in this host: its apps, services, subscriptions and messages.
#[derive(Debug, clap::Subcommand)]
#[command(
    after_help = "Needs `mode = \"embedded\"` in [platform]. Commands reach a running host through its control socket and \
    take effect at once; without one they work on its data directory."
)]
pub enum Command {
    /// Apps: what subscribes to services
    #[command(subcommand)]
    App(App),
    /// Back services, those of the configuration and those that developers registered
    #[command(subcommand)]
    Service(Service),
    /// Which app has subscribed to which service
    #[command(subcommand)]
    Subscription(Subscription),
    /// What services are told of their subscriptions
    #[command(subcommand)]
    Message(Message),
    /// App users, whom services have made
    #[command(subcommand)]
    User(user::User),
    /// Developers: who owns apps, and services of their own
    #[command(subcommand)]
    Developer(Developer),
    /// Invitations, with which developers register themselves
    #[command(subcommand)]
    Invitation(Invitation),
    /// The outbox: mails that plugins wrote, for you to send on
    #[command(subcommand)]
    Outbox(Outbox),
}

#[derive(Debug, clap::Subcommand)]
pub enum App {
    /// Register an app
    Create {
        /// Its key, for ever
        key: String,
        /// What it is called; its key if nothing is said
        #[arg(long)]
        name: Option<String>,
        /// The e-mail address of the developer who owns it; without one it is the operator's
        #[arg(long, value_name = "EMAIL")]
        developer: Option<String>,
        #[command(flatten)]
        at: At,
    },
    /// List the apps
    List {
        #[command(flatten)]
        at: At,
    },
    /// Print the access token with which an app's developer calls the platform
    Token {
        /// The app's key
        key: String,
        /// Make another one; the one before is dead from then on
        #[arg(long)]
        renew: bool,
        #[command(flatten)]
        at: At,
    },
    /// Remove an app that has no subscription, with its tokens and app users
    Remove {
        /// The app's key
        key: String,
        #[command(flatten)]
        at: At,
    },
}

#[derive(Debug, clap::Subcommand)]
pub enum Service {
    /// List the services
    List {
        #[command(flatten)]
        at: At,
    },
    /// Show a service; never its securityKey
    Show {
        /// The service's key
        key: String,
        #[command(flatten)]
        at: At,
    },
    /// Print the access token with which a service in another process calls the platform
    Token {
        /// The service's key
        key: String,
        /// Make another one; the one before is dead from then on
        #[arg(long)]
        renew: bool,
        #[command(flatten)]
        at: At,
    },
}

#[derive(Debug, clap::Args)]
pub struct Pair {
    /// The app's key
    app: String,
    /// The service's key
    service: String,
    #[command(flatten)]
    at: At,
}

#[derive(Debug, clap::Subcommand)]
pub enum Subscription {
    /// Subscribe an app; the subscription holds once the service has handled its message
    Add(Pair),
    /// Cancel a subscription; it is gone once the service has handled its message
    Cancel(Pair),
    /// Set a subscription whose service does not answer; its messages count as handled, and no plugin is told of them
    Force {
        #[command(flatten)]
        pair: Pair,
        /// Let it be gone, instead of letting it hold: the app is refused, and in time all it has at the service is erased
        #[arg(long)]
        gone: bool,
    },
    /// List the subscriptions
    List {
        #[command(flatten)]
        at: At,
    },
}

#[derive(Debug, clap::Subcommand)]
pub enum Message {
    /// List the messages, the resolved ones of the last days too
    List {
        #[command(flatten)]
        at: At,
    },
}

#[derive(Debug, clap::Subcommand)]
pub enum Developer {
    /// Make a developer; without a password file a password is made and printed, this once
    Create {
        /// The e-mail address, with which the developer logs in
        email: String,
        /// The name the developer is shown by
        #[arg(long, default_value = "", hide_default_value = true)]
        name: String,
        /// A file with the password; `-` is standard input
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
        #[command(flatten)]
        at: At,
    },
    /// List the developers
    List {
        #[command(flatten)]
        at: At,
    },
}

#[derive(Debug, clap::Subcommand)]
pub enum Invitation {
    /// Make an invitation and print its code; it is shown this once, and can be used once
    Create {
        /// How long it is good, as in "12h" or "30d"
        #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "30d")]
        expires: Duration,
        #[command(flatten)]
        at: At,
    },
}

#[derive(Debug, clap::Subcommand)]
#[command(after_help = "The outbox is there whether the platform is in this host or not.")]
pub enum Outbox {
    /// List the letters without their texts, those that were sent in the last days too
    List {
        #[command(flatten)]
        at: At,
    },
    /// Show a letter with its text and its link
    Show {
        /// Its id, as `wharf platform outbox list` shows it
        id: String,
        #[command(flatten)]
        at: At,
    },
    /// Mark a letter as sent; it is forgotten a month later
    Sent {
        /// Its id
        id: String,
        #[command(flatten)]
        at: At,
    },
    /// Remove a letter, sent or not
    Remove {
        /// Its id
        id: String,
        #[command(flatten)]
        at: At,
    },
}

pub fn run(command: Command, output: &Output) -> Result<(), Problems> {
    match command {
        Command::App(command) => app(command, output),
        Command::Service(command) => service(command, output),
        Command::Subscription(command) => subscription(command, output),
        Command::Outbox(command) => outbox(command, output),
        Command::User(command) => user::run(command, output),
        Command::Developer(command) => developer(command, output),
        Command::Invitation(Invitation::Create { expires, at }) => {
            let lifetime_ms = millis(expires);
            let invitation = send(&at, Task::InvitationCreate { lifetime_ms })?;
            output.say(&format_args!(
                "an invitation, good until {}; it is shown this once:",
                show::time(&invitation, "expires_ms")
            ));
            output.data(&show::text(&invitation, "invitation"), &invitation);
            Ok(())
        }
        Command::Message(Message::List { at }) => {
            let messages = pages(&at, "messages", Value::from(0), |after| Task::MessageList { after: number(&after) })?;
            output.data(&show::messages(&messages), &Value::Array(messages));
            Ok(())
        }
    }
}

fn app(command: App, output: &Output) -> Result<(), Problems> {
    match command {
        App::Create { key, name, developer, at } => {
            let name = name.unwrap_or_else(|| key.clone());
            let app = send(&at, Task::AppCreate { key, name, developer })?;
            output.data(
                &format_args!("app `{}` is registered; its id is {}", show::text(&app, "key"), show::text(&app, "id")),
                &app,
            );
        }
        App::List { at } => {
            let apps = pages(&at, "apps", Value::from(""), |after| Task::AppList { after: word(&after) })?;
            output.data(&show::apps(&apps), &Value::Array(apps));
        }
        App::Token { key, renew, at } => token(&send(&at, Task::AppToken { key, renew })?, output),
        App::Remove { key, at } => {
            let removed = send(&at, Task::AppRemove { key })?;
            output.data(&format_args!("app `{}` is removed", show::text(&removed, "key")), &removed);
        }
    }
    Ok(())
}

fn service(command: Service, output: &Output) -> Result<(), Problems> {
    match command {
        Service::List { at } => {
            let services = pages(&at, "services", Value::from(""), |after| Task::ServiceList { after: word(&after) })?;
            output.data(&show::services(&services), &Value::Array(services));
        }
        Service::Show { key, at } => {
            let service = send(&at, Task::ServiceShow { key })?;
            output.data(&show::service(&service), &service);
        }
        Service::Token { key, renew, at } => token(&send(&at, Task::ServiceToken { key, renew })?, output),
    }
    Ok(())
}

fn subscription(command: Subscription, output: &Output) -> Result<(), Problems> {
    let (at, task) = match command {
        Subscription::Add(Pair { app, service, at }) => (at, Task::SubscriptionAdd { app, service }),
        Subscription::Cancel(Pair { app, service, at }) => (at, Task::SubscriptionCancel { app, service }),
        Subscription::Force { pair: Pair { app, service, at }, gone } => {
            (at, Task::SubscriptionForce { app, service, subscribed: !gone })
        }
        Subscription::List { at } => {
            let all = pages(&at, "subscriptions", Value::from(0), |after| Task::SubscriptionList { after: number(&after) })?;
            output.data(&show::subscriptions(&all), &Value::Array(all));
            return Ok(());
        }
    };
    let now = send(&at, task)?;
    output.data(&show::state(&now), &now);
    Ok(())
}

fn developer(command: Developer, output: &Output) -> Result<(), Problems> {
    match command {
        Developer::Create { email, name, password_file, at } => {
            let password = password_file.as_deref().map(password).transpose()?;
            let developer = send(&at, Task::DeveloperCreate { email, name, password })?;
            let (id, email) = (show::text(&developer, "id"), show::text(&developer, "email"));
            match show::text(&developer, "password") {
                "" => output.data(&format_args!("developer `{email}` is made; the id is {id}"), &developer),
                password => {
                    output.say(&format_args!("developer `{email}` is made; the password is shown this once:"));
                    output.data(&password, &developer);
                }
            }
        }
        Developer::List { at } => {
            let all = pages(&at, "developers", Value::from(""), |after| Task::DeveloperList { after: word(&after) })?;
            output.data(&show::developers(&all), &Value::Array(all));
        }
    }
    Ok(())
}

fn outbox(command: Outbox, output: &Output) -> Result<(), Problems> {
    match command {
        Outbox::List { at } => {
            let letters = pages(&at, "letters", Value::from(0), |after| Letters::List { after: number(&after) })?;
            output.data(&show::letters(&letters), &Value::Array(letters));
        }
        Outbox::Show { id, at } => {
            let letter = send(&at, Letters::Show { id })?;
            output.data(&show::letter(&letter), &letter);
        }
        Outbox::Sent { id, at } => {
            let sent = send(&at, Letters::Sent { id })?;
            output.data(&format_args!("letter {} is marked as sent", show::text(&sent, "id")), &sent);
        }
        Outbox::Remove { id, at } => {
            let removed = send(&at, Letters::Remove { id })?;
            output.data(&format_args!("letter {} is removed", show::text(&removed, "id")), &removed);
        }
    }
    Ok(())
}

/// The content of a password file, without its final newline.
fn password(file: &Path) -> Result<String, Problem> {
    let failed = |why: &dyn std::fmt::Display| {
        Problem::new(&codes::SECRET_UNREADABLE, format!("the password cannot be read from `{}`", file.display())).why(why)
    };
    let mut bytes = Vec::new();
    let source: Box<dyn Read> = match file.to_str() {
        Some("-") => Box::new(std::io::stdin().lock()),
        _ => Box::new(std::fs::File::open(file).map_err(|error| failed(&error))?),
    };
    source.take(MAX_PASSWORD_FILE).read_to_end(&mut bytes).map_err(|error| failed(&error))?;
    let password = Secret::from_file_content(bytes);
    let text = str::from_utf8(password.expose()).map_err(|_| failed(&"it is not UTF-8"))?;
    Ok(text.to_owned())
}

fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text).ok_or_else(|| "expected a whole number and ms, s, m, h or d, as in \"90s\"".to_owned())
}

/// The token itself on standard output, what it is beside it.
fn token(token: &Value, output: &Output) {
    output.say(&format_args!(
        "the {} token of `{}`, valid until {}:",
        show::text(token, "type"),
        show::text(token, "of"),
        show::time(token, "expires_ms")
    ));
    output.data(&show::text(token, "token"), token);
}

/// Carries an order out: in the host that holds the data directory, or here if nobody does.
fn send(at: &At, order: impl Into<Order>) -> Result<Value, Problems> {
    at.reach(async |host| carry_out(host, order.into()).await)
}

/// All pages of the list `name`, from `after` on.
fn pages<O: Into<Order>>(at: &At, name: &str, after: Value, order: impl Fn(Value) -> O) -> Result<Vec<Value>, Problems> {
    at.reach(async |host| {
        let (mut all, mut after) = (Vec::new(), after);
        loop {
            let mut page = carry_out(host, order(after).into()).await?;
            if let Some(Value::Array(more)) = page.get_mut(name).map(Value::take) {
                all.extend(more);
            }
            after = page.get_mut("next").map(Value::take).unwrap_or_default();
            if after.is_null() {
                return Ok(all);
            }
        }
    })
}

async fn carry_out(host: &Reached, order: Order) -> Result<Value, Problems> {
    match host {
        Reached::Running(client) => {
            let body = serde_json::to_vec(&order)
                .map_err(|error| Problem::new(&codes::HOST_FAILED, "the command cannot be written").why(error))?;
            client.send(Method::POST, "/platform", body).await
        }
        Reached::Here(admin) => admin.platform(order).await,
    }
}

fn word(after: &Value) -> String {
    after.as_str().unwrap_or_default().to_owned()
}

fn number(after: &Value) -> u64 {
    after.as_u64().unwrap_or_default()
}
