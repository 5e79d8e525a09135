//! Tells its settings and secrets to everybody.

use wharf_sdk::prelude::*;

#[derive(Deserialize, Serialize)]
struct Settings {
    limit: i64,
    text: Option<String>,
}

#[get("/settings")]
fn told() -> Result<Json<Settings>> {
    settings().map(Json)
}

#[get("/secret/{name}")]
fn secret(name: String) -> Result<(u16, String)> {
    match secrets::get(&name) {
        Ok(secret) => Ok((200, secret.text()?.to_owned())),
        Err(error) => Ok((409, error.code().to_owned())),
    }
}

service!(told, secret);
