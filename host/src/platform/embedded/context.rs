//! The Ocean context: where an app's back services are, and the header by which the app, or one of its users, is proven at
//! each of them.

use std::sync::Weak;

use futures_util::future::BoxFuture;
use serde_json::{Map, Value, json};

use super::{
    Embedded,
    envelope::{Answer, Envelope},
    refusal::Refusal,
};
use crate::{caller::AppUser, ocean_auth::Identity, store::platform::App};

/// Learns which id an app has: headers carry its key only, and services of this host need the id for their calls. Implemented
/// where the lines meet, in `app`.
pub trait Learn: Send + Sync {
    /// Returns once whoever proves himself as this app is known by this id. Cheap where nothing is new, which is nearly always.
    ///
    /// Cancellation: harmless; the next context tells it again.
    fn learn<'a>(&'a self, app_key: &'a str, app_id: &'a str) -> BoxFuture<'a, ()>;
}

/// Who is proven: the app alone, or one of its users until a moment.
pub(super) struct Proven {
    pub(super) app: App,
    pub(super) services: Vec<crate::store::platform::Service>,
    pub(super) user: Option<(AppUser, u64)>,
}

/// The context, with headers made now.
///
/// A context without a user never ends, as its headers do not, unless a service insists. Those of a user end with the token
/// that asked for them; asking prolongs nothing.
pub(super) async fn context(embedded: &Embedded, proven: Proven) -> Answer {
    let Proven { app, services, user } = proven;
    if let Some(learn) = embedded.learn.get().and_then(Weak::upgrade) {
        learn.learn(&app.key, &app.id).await;
    }
    let (user, expires_ms) = user.map_or((None, None), |(user, expires_ms)| (Some(user), Some(expires_ms)));
    let mut back_services = Map::new();
    for service in services {
        // A service that has left the configuration is no longer there to be called.
        let Some(policy) = embedded.policy(&service) else { continue };
        let mut nonce = [0; 12];
        getrandom::fill(&mut nonce).map_err(|error| {
            tracing::error!(%error, "the system has no random bytes for a header");
            Refusal::System
        })?;
        let identity = Identity { app_key: app.key.clone(), user: user.clone(), expires_ms };
        let header = policy.mint(identity, embedded.now_ms(), nonce);
        back_services.insert(service.key, json!({"api": service.service_api, "oceanAuthHeader": header}));
    }
    let user_info = match &user {
        None => json!({"login": false}),
        Some(user) => json!({
            "login": true, "accountId": user.id, "accountName": user.account, "authBackServiceKey": user.authenticated_by,
            "name": user.name,
        }),
    };
    let mut context = json!({"appKey": app.key, "userInfo": user_info, "backServices": back_services});
    if let Some(expires_ms) = expires_ms {
        context["expireTime"] = Value::from(expires_ms);
    }
    Ok(Envelope::Entity(context))
}
