//! One route for each requirement a route can have; all say whom they were given as caller, and which headers came along.

use wharf_sdk::prelude::*;

#[derive(Serialize)]
struct Seen {
    app: Option<String>,
    user: Option<String>,
    authenticated_by: Option<String>,
    scopes: Vec<String>,
    headers: Vec<String>,
}

fn seen(caller: Caller, headers: &Headers) -> Json<Seen> {
    let (user, authenticated_by) = caller.user.map_or((None, None), |user| (Some(user.id), Some(user.authenticated_by)));
    let headers = headers.iter().map(|(name, _)| name.to_owned()).collect();
    Json(Seen { app: caller.app.map(|app| app.key), user, authenticated_by, scopes: caller.scopes, headers })
}

#[get("/none")]
fn none(caller: Caller, headers: Headers) -> Json<Seen> {
    seen(caller, &headers)
}

#[get("/any")]
fn any(caller: Caller, headers: Headers) -> Json<Seen> {
    seen(caller, &headers)
}

#[get("/app")]
fn app(caller: Caller, headers: Headers) -> Json<Seen> {
    seen(caller, &headers)
}

#[get("/user")]
fn user(caller: Caller, headers: Headers) -> Json<Seen> {
    seen(caller, &headers)
}

#[get("/bearer")]
fn bearer(caller: Caller, headers: Headers) -> Json<Seen> {
    seen(caller, &headers)
}

#[get("/scoped")]
fn scoped(caller: Caller, headers: Headers) -> Json<Seen> {
    seen(caller, &headers)
}

service!(none, any, app, user, bearer, scoped);
