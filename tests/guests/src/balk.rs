//! Fails at a message's first attempts, after it has written something.

use lifecycle::Told;
use wharf_sdk::prelude::*;

#[macro_use]
#[path = "../raw/lifecycle.rs"]
mod lifecycle;

#[derive(Deserialize)]
struct Settings {
    /// Attempts of each message that fail.
    failures: u32,
}

fn told(Told { message_id, attempt, .. }: Told) -> Result<()> {
    let Settings { failures } = settings()?;
    kv::shared("attempts")?.set(&format!("{message_id}/{attempt}"), b"")?;
    if attempt <= failures {
        return Err(Error::failure("balk.not-yet", format!("attempt {attempt} is not good enough")));
    }
    Ok(())
}

/// The attempts that left something behind.
#[get("/")]
fn attempts() -> Result<Json<Vec<String>>> {
    Ok(Json(kv::shared("attempts")?.keys("", None, 1_000)?.keys))
}

service!(attempts);
lifecycle!(told);
