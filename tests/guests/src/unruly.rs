//! Behaves badly when it is told a message: how, the app's key says.

use std::hint::black_box;

use wharf_sdk::prelude::*;

#[on_subscribe]
fn subscribed(Subscription { message_id, app, .. }: Subscription) -> Result<()> {
    let kept = kv::shared("kept")?;
    kept.set(&message_id, b"")?;
    match app.key.split('-').next().unwrap_or_default() {
        "spin" => loop {
            black_box(());
        },
        "panic" => panic!("at message {message_id}"),
        "trap" => std::process::abort(),
        "grow" => drop(black_box(vec![1_u8; 512 << 20])),
        // Until it is told that it is too much; passes that on.
        "hoard" => {
            for number in 0.. {
                kept.set(&format!("{message_id}/{number}"), b"")?;
            }
        }
        _ => {}
    }
    Ok(())
}

/// The messages that left something behind.
#[get("/")]
fn kept() -> Result<Json<Vec<String>>> {
    Ok(Json(kv::shared("kept")?.keys("", None, 1_000)?.keys))
}

service!(kept, lifecycle(subscribed));
