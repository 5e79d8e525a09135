//! Developers and invitations. Passwords and codes are shown to whoever makes them, this once.

use serde_json::{Value, json};

use super::{next, refused, unknown};
use crate::{
    codes,
    platform::embedded::{Embedded, NewDeveloper, Refusal},
    problem::Problem,
    store::platform::Developer,
    units::show_duration,
};

/// The longest that an invitation may wait.
const MAX_LIFETIME: std::time::Duration = std::time::Duration::from_hours(24 * 366);

pub(super) async fn create(embedded: &Embedded, email: &str, name: &str, password: Option<String>) -> Result<Value, Problem> {
    let made = password.is_none();
    let password = match password {
        Some(password) => password,
        None => random_hex(16)?,
    };
    let new = NewDeveloper { email, name, cellphone: "", password: &password, invitation: None };
    let developer = embedded.developer_create(new).await.map_err(|refusal| refusal_problem(email, refusal))?;
    tracing::info!(developer = developer.id, "developer created");
    let mut shown = show(&developer);
    if made {
        shown["password"] = password.into();
    }
    Ok(shown)
}

pub(super) async fn list(embedded: &Embedded, after: &str) -> Result<Value, Problem> {
    let developers = embedded.store.platform_developers(after).await.map_err(|error| error.problem())?;
    let next = next(&developers, |developer| developer.email.clone().into());
    Ok(json!({"developers": developers.iter().map(show).collect::<Vec<_>>(), "next": next}))
}

pub(super) async fn invite(embedded: &Embedded, lifetime_ms: u64) -> Result<Value, Problem> {
    if lifetime_ms == 0 || u128::from(lifetime_ms) > MAX_LIFETIME.as_millis() {
        let fix = format!("choose more than nothing and at most {}", show_duration(MAX_LIFETIME));
        return Err(Problem::new(&codes::USAGE, "the invitation's lifetime is out of range").fix(fix));
    }
    // 17 digits, as the public platform's have.
    let code = random_hex(9)?[..17].to_owned();
    let expires_ms = embedded.invite(&code, lifetime_ms).await.map_err(refused("another invitation"))?;
    Ok(json!({"invitation": code, "expires_ms": expires_ms}))
}

/// The id of the developer with this e-mail address.
pub(super) async fn id_of(embedded: &Embedded, email: &str) -> Result<String, Problem> {
    let found = embedded.store.platform_developer_by_email(&email.to_lowercase()).await.map_err(|error| error.problem())?;
    let found = found.ok_or_else(|| unknown("developer", email, "see those there are with `wharf platform developer list`"))?;
    Ok(found.id)
}

fn show(developer: &Developer) -> Value {
    json!({
        "id": developer.id, "email": developer.email, "name": developer.name, "cellphone": developer.cellphone,
        "created_ms": developer.created_ms,
    })
}

fn refusal_problem(email: &str, refusal: Refusal) -> Problem {
    let subject = format!("the developer `{}`", email.escape_debug());
    match refusal {
        Refusal::EmailMalformed => Problem::new(&codes::USAGE, "this is not an e-mail address").fix("write name@host"),
        Refusal::Malformed => Problem::new(&codes::USAGE, "the name or the password cannot be used")
            .fix("write a name of one line, and a password of 1 to 1,024 bytes"),
        Refusal::EmailTaken => Problem::new(&codes::PLATFORM_REFUSED, format!("the platform refuses {subject}"))
            .why("there is a developer with this e-mail address already")
            .fix("see those there are with `wharf platform developer list`"),
        other => {
            Problem::new(&codes::STORE_FAILED, format!("{subject} is not stored")).why(other.code()).fix("look at the host's log")
        }
    }
}

fn random_hex(bytes: usize) -> Result<String, Problem> {
    let mut random = vec![0; bytes];
    getrandom::fill(&mut random).map_err(|error| Problem::new(&codes::IO, "the system gives no random numbers").why(error))?;
    Ok(hex::encode(random))
}
