//! The control socket: how commands reach a running host. HTTP on a unix socket in the data directory, mode 0600, so that
//! only the user who runs the host can speak to it.
//!
//! | request | answer |
//! |---|---|
//! | `GET /plugins` | the installed versions |
//! | `POST /plugins`, the component as body | what the installation did |
//! | `GET /plugins/{publisher}/{name}?version=` | one plugin with routes and permissions |
//! | `GET /plugins/{publisher}/{name}/declared` | what the active version says of itself: manifest and exports |
//! | `DELETE /plugins/{publisher}/{name}?version=&force=` | what was removed |
//! | `GET /config/pending` | the configuration's file, and what of it counts only from the next start on |
//! | `GET /tokens?after=` | a page of tokens |
//! | `POST /tokens`, the wanted token as JSON | the token, with itself this once |
//! | `DELETE /tokens/{id}` | what was revoked |
//! | `GET /messages?service=&state=&app=&after=` | a page of messages |
//! | `GET /messages/{service}/{id}` | one message with its content |
//! | `POST /messages/{service}/{id}/retry` | the state it has now |
//! | `DELETE /messages/{service}/{id}?resolve=` | what was dropped |
//! | `POST /platform`, an [`Order`] as JSON | what came of it |
//!
//! Everything that goes wrong is `{"errors": […]}` with status 422.

use std::{
    fs::{File, Permissions},
    io,
    os::{fd::AsFd, unix::fs::PermissionsExt},
    path::Path,
    sync::Arc,
    time::Duration,
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path as UrlPath, Query, State, rejection::BytesRejection},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{delete, get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::{UnixListener, UnixSocket};

use super::{Admin, install::too_large, platform::Order, tokens};
use crate::{
    problem::{Problem, Problems},
    shutdown::Stop,
};

/// Commands that may wait to be taken; far more than people and their scripts send at once.
const WAITING: u32 = 128;

/// Opens the socket, replacing what a crash left there: whoever holds the data directory may.
pub fn bind(path: &Path) -> io::Result<UnixListener> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let socket = UnixSocket::new_stream()?;
    // On Linux the file has from its first moment on the mode of the socket that is bound to it. Setting that of the file would
    // come too late: in a data directory that a group may enter, the group could have connected before.
    File::from(socket.as_fd().try_clone_to_owned()?).set_permissions(Permissions::from_mode(0o600))?;
    socket.bind(path)?;
    socket.listen(WAITING)
}

/// Serves commands until it is told to drain; one that is being served then has the drain timeout to finish, unless it is told
/// to end at once.
///
/// Dropping the future, and what is cut off, leave commands to run until the host's threads end; their clients hear nothing.
pub async fn serve(listener: UnixListener, admin: Arc<Admin>, stop: Stop, drain_timeout: Duration) -> io::Result<()> {
    let limit = usize::try_from(admin.config.runtime.max_component).unwrap_or(usize::MAX).saturating_add(1);
    let router = Router::new()
        .route("/plugins", get(list).post(install))
        .route("/plugins/{publisher}/{name}", get(inspect).delete(remove))
        .route("/plugins/{publisher}/{name}/{version}", post(install_again))
        .route("/plugins/{publisher}/{name}/declared", get(declared))
        .route("/config/pending", get(pending))
        .route("/tokens", get(list_tokens).post(create_token))
        .route("/tokens/{id}", delete(revoke_token))
        .route("/messages", get(list_messages))
        .route("/messages/{service}/{id}", get(show_message).delete(drop_message))
        .route("/messages/{service}/{id}/retry", post(retry_message))
        .route("/platform", post(platform))
        .layer(DefaultBodyLimit::max(limit))
        .with_state(admin);
    let serving = axum::serve(listener, router).with_graceful_shutdown(stop.drain.clone().cancelled_owned()).into_future();
    let cut = async {
        stop.drain.cancelled().await;
        // A command that did not end would hold up the host, and one that waits for its first byte never ends.
        tokio::select! {
            () = tokio::time::sleep(drain_timeout) => {}
            () = stop.cut.cancelled() => {}
        }
    };
    tokio::select! {
        ended = serving => ended,
        () = cut => {
            tracing::warn!("a connection for commands was still open; it is cut off");
            Ok(())
        }
    }
}

#[derive(Debug, Deserialize)]
struct Which {
    version: Option<String>,
    #[serde(default)]
    force: bool,
}

async fn list(State(admin): State<Arc<Admin>>) -> Response {
    answer(admin.list().await)
}

async fn install(State(admin): State<Arc<Admin>>, component: Result<Bytes, BytesRejection>) -> Response {
    let component = match component {
        Ok(component) => component,
        Err(rejected) if rejected.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            return answer(Err(too_large(admin.config.runtime.max_component).into()));
        }
        Err(rejected) => return rejected.into_response(),
    };
    answer(whole(async move { admin.install(component.into()).await.map(|report| report.to_json()) }).await)
}

async fn install_again(
    State(admin): State<Arc<Admin>>,
    UrlPath((publisher, name, version)): UrlPath<(String, String, String)>,
) -> Response {
    let again = async move { admin.install_again(&format!("{publisher}/{name}"), &version).await };
    answer(whole(async move { again.await.map(|report| report.to_json()) }).await)
}

/// Does all of it, also when the command's connection ends before: what goes in several steps must not end half way.
async fn whole(change: impl Future<Output = Result<Value, Problems>> + Send + 'static) -> Result<Value, Problems> {
    let broke_off = |error| Problems::from(Problem::new(&crate::codes::HOST_FAILED, "the command broke off").why(error));
    tokio::spawn(change).await.map_err(broke_off)?
}

async fn inspect(
    State(admin): State<Arc<Admin>>,
    UrlPath((publisher, name)): UrlPath<(String, String)>,
    Query(which): Query<Which>,
) -> Response {
    answer(admin.inspect(&format!("{publisher}/{name}"), which.version.as_deref()).await)
}

async fn declared(State(admin): State<Arc<Admin>>, UrlPath((publisher, name)): UrlPath<(String, String)>) -> Response {
    answer(admin.declared(&format!("{publisher}/{name}")).await)
}

async fn pending(State(admin): State<Arc<Admin>>) -> Response {
    answer(Ok(admin.pending()))
}

async fn remove(
    State(admin): State<Arc<Admin>>,
    UrlPath((publisher, name)): UrlPath<(String, String)>,
    Query(which): Query<Which>,
) -> Response {
    let id = format!("{publisher}/{name}");
    answer(whole(async move { admin.remove(&id, which.version.as_deref(), which.force).await }).await)
}

#[derive(Debug, Deserialize)]
struct Page {
    #[serde(default)]
    after: String,
}

async fn list_tokens(State(admin): State<Arc<Admin>>, Query(page): Query<Page>) -> Response {
    answer(admin.token_list(Some(&page.after)).await)
}

async fn create_token(State(admin): State<Arc<Admin>>, wanted: Bytes) -> Response {
    let wanted = serde_json::from_slice(&wanted)
        .map_err(|error| Problem::new(&crate::codes::USAGE, "the wanted token is not described as JSON").why(error).into());
    let created = match wanted {
        Ok(wanted) => admin.token_create(wanted).await,
        Err(problems) => Err(problems),
    };
    answer(created.map(|(token, secret)| tokens::show_created(&token, &secret, admin.clock.now_ms())))
}

async fn revoke_token(State(admin): State<Arc<Admin>>, UrlPath(id): UrlPath<String>) -> Response {
    answer(admin.token_revoke(&id).await)
}

#[derive(Debug, Deserialize)]
struct Messages {
    service: Option<String>,
    state: Option<String>,
    app: Option<String>,
    #[serde(default)]
    after: u64,
}

async fn list_messages(State(admin): State<Arc<Admin>>, Query(wanted): Query<Messages>) -> Response {
    answer(admin.message_list(wanted.service, wanted.state.as_deref(), wanted.app, wanted.after).await)
}

async fn show_message(State(admin): State<Arc<Admin>>, UrlPath((service, id)): UrlPath<(String, String)>) -> Response {
    answer(admin.message_show(&service, &id).await)
}

async fn retry_message(State(admin): State<Arc<Admin>>, UrlPath((service, id)): UrlPath<(String, String)>) -> Response {
    answer(admin.message_retry(&service, &id).await)
}

#[derive(Debug, Deserialize)]
struct HowDropped {
    #[serde(default)]
    resolve: bool,
}

async fn drop_message(
    State(admin): State<Arc<Admin>>,
    UrlPath((service, id)): UrlPath<(String, String)>,
    Query(how): Query<HowDropped>,
) -> Response {
    answer(admin.message_drop(&service, &id, how.resolve).await)
}

async fn platform(State(admin): State<Arc<Admin>>, order: Bytes) -> Response {
    let order: Result<Order, Problems> = serde_json::from_slice(&order)
        .map_err(|error| Problem::new(&crate::codes::USAGE, "the order for the platform is not understood").why(error).into());
    answer(match order {
        Ok(order) => admin.platform(order).await,
        Err(problems) => Err(problems),
    })
}

fn answer(result: Result<Value, Problems>) -> Response {
    match result {
        Ok(value) => Json(value).into_response(),
        Err(problems) => {
            let errors: Vec<Value> = problems.0.iter().map(Problem::to_json).collect();
            (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({"errors": errors}))).into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt as _;

    use super::*;

    #[tokio::test]
    async fn nobody_else_may_connect_and_what_a_crash_left_is_replaced() {
        let here = tempfile::tempdir().unwrap();
        let path = here.path().join("control.sock");
        for _ in 0..2 {
            let _bound = bind(&path).unwrap();
            assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        }
    }
}
