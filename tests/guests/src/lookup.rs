//! Looks up apps.

use wharf_sdk::prelude::*;

#[derive(Default, Serialize)]
struct Found {
    id: Option<String>,
    key: Option<String>,
    name: Option<String>,
    error: Option<String>,
    message: Option<String>,
}

#[get("/{id}")]
fn lookup(id: String) -> Json<Found> {
    Json(match apps::get(&id) {
        Ok(None) => Found::default(),
        Ok(Some(app)) => Found { id: Some(app.id), key: Some(app.key), name: Some(app.name), ..Found::default() },
        Err(error) => {
            Found { error: Some(error.code().to_owned()), message: Some(error.message().to_owned()), ..Found::default() }
        }
    })
}

service!(lookup);
