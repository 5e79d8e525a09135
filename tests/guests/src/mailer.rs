//! Sends the letters it is given, and one to every app that subscribes; to those called `flood…` without end.

use std::time::Duration;

use wharf_sdk::{mail::Letter, prelude::*};

#[derive(Deserialize)]
struct Wanted {
    to: String,
    kind: String,
    subject: String,
    text: String,
    link: Option<String>,
}

#[derive(Serialize)]
struct Sent {
    error: Option<String>,
}

#[post("/")]
fn send(Json(wanted): Json<Wanted>) -> Json<Sent> {
    let Wanted { to, kind, subject, text, link } = wanted;
    let sent = mail::send(&Letter { to, kind, subject, text, link });
    Json(Sent { error: sent.err().map(|error| error.code().to_owned()) })
}

/// Fails the first time, after the letter.
#[on_subscribe]
fn welcome(subscription: Subscription) -> Result<()> {
    let letter = Letter {
        to: "owner@example.com".to_owned(),
        kind: "welcome".to_owned(),
        subject: format!("Welcome, {}", subscription.app.key),
        text: "Good to have you here.".to_owned(),
        link: None,
    };
    mail::send(&letter)?;
    // Until it is told that it is too much; passes that on.
    while subscription.app.key.starts_with("flood") {
        mail::send(&letter)?;
    }
    match subscription.attempt {
        1 => Err(Error::failure("mailer.not-yet", "not at the first attempt").retry_after(Duration::from_millis(20))),
        _ => Ok(()),
    }
}

service!(send, lifecycle(welcome));
