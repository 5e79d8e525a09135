//! Which path is which call. Paths that the public platform's reference printed otherwise are here too where a client could
//! have taken them from there.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    middleware::map_response_with_state,
    response::Response,
    routing::{get, post, put},
};

use super::{Embedded, app, developer, end, passport, public, refusal::Refusal, service};

/// All zones.
pub(super) fn zones(embedded: Arc<Embedded>) -> Router {
    let zones = Router::new()
        .merge(public())
        .nest("/end", end())
        .nest("/app", app())
        .nest("/developer", developer())
        .nest("/service", service());
    Router::new()
        .nest("/v1.0", zones)
        // As the reference prints it once.
        .route("/v1/ocean/backServiceManage/backServices", post(developer::services::create))
        .fallback(nothing)
        .method_not_allowed_fallback(nothing)
        .layer(map_response_with_state(embedded.clone(), say))
        .with_state(embedded)
}

fn public() -> Router<Arc<Embedded>> {
    Router::new()
        .route("/public/register", post(passport::register))
        .route("/public/login", post(passport::login))
        .route("/public/services", get(public::services))
        .route("/public/apps", get(public::apps))
        // The reference says POST, its sample and all clients GET.
        .route("/public/ocean_context/{app}", get(public::context).post(public::context))
}

fn end() -> Router<Arc<Embedded>> {
    Router::new().route("/ocean_context/{app}", get(end::context).post(end::context))
}

fn app() -> Router<Arc<Embedded>> {
    Router::new()
        .route("/auth_code", get(app::auth_code))
        .route("/service/{service}/subscribe", post(app::subscribe))
        .route("/service/{service}/cancel", post(app::cancel))
        .route("/subscribed_services", get(app::subscribed_services))
}

fn developer() -> Router<Arc<Embedded>> {
    use developer::{apps, me, services, tokens};
    Router::new()
        .route("/me", get(me::show).put(me::update))
        .route("/services", get(services::list).post(services::create))
        .route("/service/{id}", get(services::show).put(services::update).delete(services::remove))
        .route("/apps", get(apps::list).post(apps::create))
        .route("/app/{id}", get(apps::show).put(apps::update).delete(apps::remove))
        .route("/access_tokens", get(tokens::list))
        .route("/access_token/{type}/{id}", get(tokens::show))
        .route("/access_token/{type}/{id}/regenerate", post(tokens::regenerate))
}

fn service() -> Router<Arc<Embedded>> {
    Router::new()
        .route("/messages", get(service::messages::list))
        .route("/message/{message}", get(service::messages::one))
        .route("/message/{message}/resolved", post(service::messages::resolved))
        .route("/app/{app}", get(service::apps::by_id))
        .route("/app/by_auth_code/{code}", get(service::apps::by_auth_code))
        .route("/app/{app}/users", post(service::users::create))
        .route("/app/{app}/user/{user}", put(service::users::update))
        .route("/app/{app}/user/{user}/access_token", get(service::users::access_token))
}

async fn nothing() -> Refusal {
    Refusal::NotFound
}

async fn say(State(embedded): State<Arc<Embedded>>, response: Response) -> Response {
    embedded.say(response)
}
