//! A developer's apps.

use std::sync::Arc;

use axum::extract::State;

use super::{
    super::{
        Embedded,
        caller::{AsDeveloper, Named},
        envelope::{Answer, Envelope},
        fields::Fields,
        records,
        refusal::Refusal,
    },
    own_app,
};
use crate::store::{
    StoreError,
    platform::{PlatformError, Write},
};

pub(in super::super) async fn list(State(embedded): State<Arc<Embedded>>, caller: AsDeveloper) -> Answer {
    let apps = embedded.store.platform_apps_of(&caller.developer.id).await?;
    Ok(Envelope::Entities(apps.iter().map(records::app).collect()))
}

/// Registers an app. Its key is for ever; its token is made with it.
pub(in super::super) async fn create(State(embedded): State<Arc<Embedded>>, caller: AsDeveloper, fields: Fields) -> Answer {
    let (key, name) = (fields.key("key")?, fields.must_line("name")?);
    Ok(Envelope::Entity(records::app(&embedded.app_create(key, name, Some(&caller.developer.id)).await?)))
}

pub(in super::super) async fn show(State(embedded): State<Arc<Embedded>>, caller: AsDeveloper, named: Named) -> Answer {
    Ok(Envelope::Entity(records::app(&own_app(&embedded, &caller.developer, named.get("id")).await?)))
}

/// Gives it another name.
pub(in super::super) async fn update(
    State(embedded): State<Arc<Embedded>>,
    caller: AsDeveloper,
    named: Named,
    fields: Fields,
) -> Answer {
    let app = own_app(&embedded, &caller.developer, named.get("id")).await?;
    let name = fields.must_line("name")?.to_owned();
    embedded.write(Write::AppRename { id: app.id.clone(), name, now_ms: embedded.now_ms() }).await?;
    Ok(Envelope::Entity(records::app(&own_app(&embedded, &caller.developer, &app.id).await?)))
}

/// Removes it with its tokens and app users; not while it has a subscription in whatever state.
pub(in super::super) async fn remove(State(embedded): State<Arc<Embedded>>, caller: AsDeveloper, named: Named) -> Answer {
    let app = own_app(&embedded, &caller.developer, named.get("id")).await?;
    match embedded.write(Write::AppRemove { id: app.id }).await {
        Err(StoreError::Platform(PlatformError::Subscribed)) => Err(Refusal::AppHasSubscriptions),
        removed => removed.map(|_| Envelope::Done).map_err(Refusal::from),
    }
}
