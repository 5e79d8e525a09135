//! A developer's back services. They run wherever he likes and are for his own apps: public ones are the operator's.

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
    own_app, own_service,
};
use crate::store::{
    StoreError,
    platform::{PlatformError, Service, ServiceChange, Write, new_id},
};

/// The only type that can be made here.
const PRIVATE: &str = "PRIVATE";

pub(in super::super) async fn list(State(embedded): State<Arc<Embedded>>, caller: AsDeveloper) -> Answer {
    let services = embedded.store.platform_services_of(&caller.developer.id).await?;
    Ok(Envelope::Entities(services.iter().map(|service| records::service(&embedded, service)).collect::<Result<_, _>>()?))
}

/// Registers a service. Its key and type are for ever; its token is made with it.
pub(in super::super) async fn create(State(embedded): State<Arc<Embedded>>, caller: AsDeveloper, fields: Fields) -> Answer {
    if fields.line("type")?.is_some_and(|kind| !kind.is_empty() && kind != PRIVATE) {
        return Err(Refusal::Malformed);
    }
    let now_ms = embedded.now_ms();
    let id = new_id(now_ms)?;
    let key = fields.key("key")?.to_owned();
    let sign_key = fields.secret("signKey")?.ok_or(Refusal::Malformed)?;
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let service = Service {
        key,
        name: fields.must_line("name")?.to_owned(),
        public: false,
        sign_key: Some(seal(&embedded, &id, sign_key)?),
        message_api: text(fields.address("messageApiAddress")?),
        service_api: without_slash(&text(fields.address("serviceApiAddress")?)),
        description: text(fields.lines("description")?),
        manage_address: text(fields.address("manageAddress")?),
        manage_by_open: fields.flag("manageByOpen"),
        allow_user_api: fields.flag("allowUserApi"),
        owner: Some(caller.developer.id),
        created_ms: now_ms,
        updated_ms: now_ms,
        id,
    };
    embedded.service_create(&service).await?;
    Ok(Envelope::Entity(records::service(&embedded, &service)?))
}

/// One service; or one app, because the public platform's reference prints this path for apps too.
pub(in super::super) async fn show(State(embedded): State<Arc<Embedded>>, caller: AsDeveloper, named: Named) -> Answer {
    match own_service(&embedded, &caller.developer, named.get("id")).await {
        Err(Refusal::DataNotFound) => {
            Ok(Envelope::Entity(records::app(&own_app(&embedded, &caller.developer, named.get("id")).await?)))
        }
        service => Ok(Envelope::Entity(records::service(&embedded, &service?)?)),
    }
}

/// Changes what is sent; key and type are not looked at.
pub(in super::super) async fn update(
    State(embedded): State<Arc<Embedded>>,
    caller: AsDeveloper,
    named: Named,
    fields: Fields,
) -> Answer {
    let service = own_service(&embedded, &caller.developer, named.get("id")).await?;
    let text = |text: Option<&str>| text.map(str::to_owned);
    let change = ServiceChange {
        id: service.id.clone(),
        name: match fields.line("name")? {
            Some(_) => Some(fields.must_line("name")?.to_owned()),
            None => None,
        },
        sign_key: fields.secret("signKey")?.map(|key| seal(&embedded, &service.id, key)).transpose()?,
        message_api: text(fields.address("messageApiAddress")?),
        service_api: fields.address("serviceApiAddress")?.map(without_slash),
        description: text(fields.lines("description")?),
        manage_address: text(fields.address("manageAddress")?),
        manage_by_open: fields.maybe_flag("manageByOpen"),
        allow_user_api: fields.maybe_flag("allowUserApi"),
        now_ms: embedded.now_ms(),
    };
    embedded.write(Write::ServiceUpdate(change)).await?;
    Ok(Envelope::Entity(records::service(&embedded, &own_service(&embedded, &caller.developer, &service.id).await?)?))
}

/// Removes it with its tokens, messages and app users; not while an app subscribes to it in whatever state.
pub(in super::super) async fn remove(State(embedded): State<Arc<Embedded>>, caller: AsDeveloper, named: Named) -> Answer {
    let service = own_service(&embedded, &caller.developer, named.get("id")).await?;
    match embedded.write(Write::ServiceRemove { id: service.id }).await {
        Err(StoreError::Platform(PlatformError::Subscribed)) => Err(Refusal::ServiceHasSubscriptions),
        removed => removed.map(|_| Envelope::Done).map_err(Refusal::from),
    }
}

fn seal(embedded: &Embedded, id: &str, key: &str) -> Result<Vec<u8>, Refusal> {
    embedded.store.seal().seal(&Service::place(id), key.as_bytes()).map_err(|error| {
        tracing::error!(%error, "a service's key cannot be sealed");
        Refusal::System
    })
}

/// Clients append their paths, which begin with a slash.
fn without_slash(address: &str) -> String {
    address.trim_end_matches('/').to_owned()
}
