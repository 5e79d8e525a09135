//! Says whom it was given as caller, and leaves a line in the log, so that a call cannot go unseen.

use wharf_sdk::prelude::*;

#[derive(Serialize)]
struct Identity {
    scheme: String,
    app: Option<String>,
    app_id: Option<String>,
    user: Option<User>,
    scopes: Vec<String>,
    request_id: String,
    headers: Vec<String>,
}

#[derive(Serialize)]
struct User {
    id: String,
    account: String,
    name: String,
    authenticated_by: String,
}

#[get("/")]
fn identity(caller: Caller, headers: Headers) -> Json<Identity> {
    info!("identity runs");
    let (app, app_id) = caller.app.map_or((None, None), |app| (Some(app.key), app.id));
    let user = caller.user.map(|user| {
        let AppUser { id, account, name, authenticated_by } = user;
        User { id, account, name, authenticated_by }
    });
    Json(Identity {
        scheme: format!("{:?}", caller.scheme),
        app,
        app_id,
        user,
        scopes: caller.scopes,
        request_id: caller.request_id,
        headers: headers.iter().map(|(name, _)| name.to_owned()).collect(),
    })
}

service!(identity);
