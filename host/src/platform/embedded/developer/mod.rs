//! The zone `developer`: a developer's own account ([`me`]), his services ([`services`]), his apps ([`apps`]), and the tokens of
//! all of them ([`tokens`]).

pub(super) mod apps;
pub(super) mod me;
pub(super) mod services;
pub(super) mod tokens;

use super::{Embedded, refusal::Refusal};
use crate::store::platform::{App, Developer, Service};

/// The app of this id, if it is the developer's.
async fn own_app(embedded: &Embedded, developer: &Developer, id: &str) -> Result<App, Refusal> {
    let app = embedded.store.platform_app(id).await?.ok_or(Refusal::DataNotFound)?;
    if app.owner.as_ref() == Some(&developer.id) { Ok(app) } else { Err(Refusal::AppNotYours) }
}

/// The service of this id, if it is the developer's.
async fn own_service(embedded: &Embedded, developer: &Developer, id: &str) -> Result<Service, Refusal> {
    let service = embedded.store.platform_service(id).await?.ok_or(Refusal::DataNotFound)?;
    if service.owner.as_ref() == Some(&developer.id) { Ok(service) } else { Err(Refusal::ServiceNotYours) }
}
