//! Fails at a message's first attempts, after it has written something.

use std::time::Duration;

use wharf_sdk::prelude::*;

#[derive(Deserialize)]
struct Settings {
    /// Attempts of each message that fail.
    failures: u32,
}

#[on_subscribe]
fn subscribed(Subscription { message_id, attempt, .. }: Subscription) -> Result<()> {
    let Settings { failures } = settings()?;
    kv::shared("attempts")?.set(&format!("{message_id}/{attempt}"), b"")?;
    if attempt <= failures {
        let error = Error::failure("balk.not-yet", format!("attempt {attempt} is not good enough"));
        return Err(error.retry_after(Duration::from_millis(20)));
    }
    Ok(())
}

/// The attempts that left something behind.
#[get("/")]
fn attempts() -> Result<Json<Vec<String>>> {
    Ok(Json(kv::shared("attempts")?.keys("", None, 1_000)?.keys))
}

service!(attempts, lifecycle(subscribed));
