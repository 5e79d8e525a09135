//! The app users that a service makes, and the tokens with which their browsers fetch a context.

use std::sync::Arc;

use axum::extract::{RawQuery, State};

use super::{
    super::{
        Embedded,
        caller::{AsService, Named},
        envelope::{Answer, Envelope},
        fields::Fields,
        form, records,
        refusal::Refusal,
    },
    subscribed_app,
};
use crate::{
    store::platform::{App, NewAccessToken, Service, TokenKind, User, UserChange, Write, Written, mint, new_id},
    units::millis,
};

/// Makes an app user. The same account name again leads to the same app user, unchanged.
pub(in super::super) async fn create(
    State(embedded): State<Arc<Embedded>>,
    AsService(service): AsService,
    named: Named,
    fields: Fields,
) -> Answer {
    let app = app_with_users(&embedded, &service, &named).await?;
    let now_ms = embedded.now_ms();
    let user = User {
        id: new_id(now_ms)?,
        app: app.id.clone(),
        service: service.id,
        account: fields.must_line("accountName")?.to_owned(),
        name: fields.line("displayName")?.unwrap_or_default().to_owned(),
        email: fields.line("email")?.map(str::to_owned),
        cellphone: fields.line("cellphone")?.map(str::to_owned),
        created_ms: now_ms,
        updated_ms: now_ms,
    };
    match embedded.write(Write::UserCreate(user)).await? {
        Written::User(user) => Ok(Envelope::Entity(records::user(&user, &app))),
        Written::Done | Written::Seeded(_) => Err(Refusal::System),
    }
}

/// Changes an app user; its account name stays, and so does what is not sent.
pub(in super::super) async fn update(
    State(embedded): State<Arc<Embedded>>,
    AsService(service): AsService,
    named: Named,
    fields: Fields,
) -> Answer {
    let (app, user) = own(&embedded, &service, &named).await?;
    let text = |name| Ok::<_, Refusal>(fields.line(name)?.map(str::to_owned));
    let change = UserChange {
        id: user.id.clone(),
        name: text("displayName")?,
        email: text("email")?,
        cellphone: text("cellphone")?,
        now_ms: embedded.now_ms(),
    };
    embedded.write(Write::UserUpdate(change)).await?;
    let user = embedded.store.platform_user(&user.id).await?.ok_or(Refusal::DataNotFound)?;
    Ok(Envelope::Entity(records::user(&user, &app)))
}

/// A new token of an app user; others that it has stay valid. `rememberMe=true` in the query asks for a long one, which the
/// public platform never knew.
pub(in super::super) async fn access_token(
    State(embedded): State<Arc<Embedded>>,
    AsService(service): AsService,
    named: Named,
    RawQuery(query): RawQuery,
) -> Answer {
    let (app, user) = own(&embedded, &service, &named).await?;
    let query = form::parse(query.unwrap_or_default().as_bytes()).ok_or(Refusal::Malformed)?;
    let remember = query.iter().any(|(name, value)| name == "rememberMe" && value == "true");
    let lifetime = if remember { embedded.config.user_token_lifetime_remember } else { embedded.config.user_token_lifetime };
    let now_ms = embedded.now_ms();
    let new = NewAccessToken {
        kind: TokenKind::End,
        resource: app.id,
        resource_key: app.key,
        account: user.id,
        now_ms,
        expires_ms: now_ms.saturating_add(millis(lifetime)),
    };
    let (token, _) = mint(embedded.store.seal(), new)?;
    let record = records::token(&embedded, &token)?;
    embedded.write(Write::TokenInsert(token)).await?;
    Ok(Envelope::Entity(record))
}

/// The app, if it subscribes to a service that may have users.
async fn app_with_users(embedded: &Embedded, service: &Service, named: &Named) -> Result<App, Refusal> {
    if !service.allow_user_api {
        return Err(Refusal::ServiceNotYours);
    }
    subscribed_app(embedded, service, named.get("app")).await
}

/// The app and its user, if the service made it.
async fn own(embedded: &Embedded, service: &Service, named: &Named) -> Result<(App, User), Refusal> {
    let app = app_with_users(embedded, service, named).await?;
    let user = embedded.store.platform_user(named.get("user")).await?.filter(|user| user.app == app.id);
    let user = user.ok_or(Refusal::DataNotFound)?;
    if user.service == service.id { Ok((app, user)) } else { Err(Refusal::DataNotYours) }
}
