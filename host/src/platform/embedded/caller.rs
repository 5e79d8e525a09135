//! Who calls, by the token that the zone asks for.

use std::sync::Arc;

use axum::extract::{FromRequestParts, RawPathParams};
use http::{HeaderMap, request::Parts};

use super::{Embedded, refusal::Refusal};
use crate::{
    platform::ServiceIdentity,
    store::platform::{AccessToken, App, Developer, Service, TokenKind, User, hash},
};

const ACCESS_TOKEN: &str = "accesstoken";

/// The back service that calls: by its token, or within the process by name.
pub(super) struct AsService(pub(super) Service);

/// The developer that calls, and the id of the token he has shown.
pub(super) struct AsDeveloper {
    pub(super) developer: Developer,
    pub(super) token: String,
}

/// The app that calls.
pub(super) struct AsApp(pub(super) App);

/// The app user that calls, and when its token ends.
pub(super) struct AsUser {
    pub(super) user: User,
    pub(super) expires_ms: u64,
}

/// What the path names.
pub(super) struct Named(Vec<(String, String)>);

impl Named {
    /// What stands in the place `name` of the path; a place that the path lacks is empty, and nothing is found by that.
    pub(super) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(one, _)| one == name).map_or("", |(_, value)| value)
    }
}

impl FromRequestParts<Arc<Embedded>> for AsService {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, embedded: &Arc<Embedded>) -> Result<Self, Refusal> {
        let service = match parts.extensions.get::<ServiceIdentity>() {
            Some(ServiceIdentity(key)) => embedded.store.platform_service_by_key(key).await?,
            None => {
                let token = token(&parts.headers, embedded, TokenKind::Service).await?;
                embedded.store.platform_service(&token.resource).await?
            }
        };
        service.map(Self).ok_or(Refusal::TokenUnknown)
    }
}

impl FromRequestParts<Arc<Embedded>> for AsDeveloper {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, embedded: &Arc<Embedded>) -> Result<Self, Refusal> {
        let token = token(&parts.headers, embedded, TokenKind::Developer).await?;
        let developer = embedded.store.platform_developer(&token.resource).await?.ok_or(Refusal::TokenUnknown)?;
        Ok(Self { developer, token: token.id })
    }
}

impl FromRequestParts<Arc<Embedded>> for AsApp {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, embedded: &Arc<Embedded>) -> Result<Self, Refusal> {
        let token = token(&parts.headers, embedded, TokenKind::App).await?;
        embedded.store.platform_app(&token.resource).await?.map(Self).ok_or(Refusal::TokenUnknown)
    }
}

impl FromRequestParts<Arc<Embedded>> for AsUser {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, embedded: &Arc<Embedded>) -> Result<Self, Refusal> {
        let token = token(&parts.headers, embedded, TokenKind::End).await?;
        let user = embedded.store.platform_user(&token.account).await?.ok_or(Refusal::UserMissing)?;
        Ok(Self { user, expires_ms: token.expires_ms })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        // What is no UTF-8 names nothing.
        let named = RawPathParams::from_request_parts(parts, state).await.map_err(|_| Refusal::DataNotFound)?;
        Ok(Self(named.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()))
    }
}

/// The token that was sent, if it is one of the zone `kind` and still valid.
async fn token(headers: &HeaderMap, embedded: &Embedded, kind: TokenKind) -> Result<AccessToken, Refusal> {
    let mut sent = headers.get_all(ACCESS_TOKEN).into_iter();
    let code = match (sent.next(), sent.next()) {
        (None, _) => return Err(Refusal::TokenMissing),
        (Some(code), None) => code.as_bytes().trim_ascii(),
        (Some(_), Some(_)) => return Err(Refusal::TokenUnknown),
    };
    if code.is_empty() {
        return Err(Refusal::TokenMissing);
    }
    // The text `null`, which scripts send for nothing, is unknown like any other.
    let token = match hash(code) {
        Some(hash) => embedded.store.platform_token(hash).await?,
        None => None,
    };
    let token = token.ok_or(Refusal::TokenUnknown)?;
    if token.expires_ms <= embedded.now_ms() {
        return Err(Refusal::TokenExpired);
    }
    if token.kind == kind { Ok(token) } else { Err(Refusal::TokenOfOtherZone) }
}
