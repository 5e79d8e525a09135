//! The smallest plugin: it greets by name, and says which app asked.

use wharf_sdk::prelude::*;

#[derive(Serialize)]
struct Greeting {
    text: String,
}

#[get("/hello/{name}")]
fn hello(caller: Caller, name: String) -> Result<Json<Greeting>> {
    Ok(Json(Greeting { text: format!("Hello {name}, from {}", caller.app()?.key) }))
}

service!(hello);
