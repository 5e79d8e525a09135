//! Makes, changes and signs in app users as it is told.

use wharf_sdk::{
    app_users::{AppUser, Changes, NewUser},
    prelude::*,
};

/// One thing to do.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Task {
    Create { app: String, account: String, name: String, email: Option<String>, cellphone: Option<String> },
    Update { app: String, user: String, name: String, email: Option<String>, cellphone: Option<String> },
    AccessToken { app: String, user: String, remember: bool },
}

#[derive(Default, Serialize)]
struct Done {
    id: Option<String>,
    account: Option<String>,
    name: Option<String>,
    email: Option<String>,
    cellphone: Option<String>,
    code: Option<String>,
    expires_ms: Option<u64>,
    error: Option<String>,
    message: Option<String>,
}

#[post("/")]
fn enlist(Json(task): Json<Task>) -> Json<Done> {
    Json(run(task).unwrap_or_else(|error| Done {
        error: Some(error.code().to_owned()),
        message: Some(error.message().to_owned()),
        ..Done::default()
    }))
}

fn run(task: Task) -> Result<Done> {
    match task {
        Task::Create { app, account, name, email, cellphone } => {
            app_users::create(&app, &NewUser { account, name, email, cellphone }).map(shown)
        }
        Task::Update { app, user, name, email, cellphone } => {
            app_users::update(&app, &user, &Changes { name, email, cellphone }).map(shown)
        }
        Task::AccessToken { app, user, remember } => {
            let token = app_users::access_token(&app, &user, remember)?;
            Ok(Done { code: Some(token.code), expires_ms: token.expires_ms, ..Done::default() })
        }
    }
}

fn shown(user: AppUser) -> Done {
    let AppUser { id, account, name, email, cellphone } = user;
    Done { id: Some(id), account: Some(account), name: Some(name), email, cellphone, ..Done::default() }
}

service!(enlist);
