//! The tokens that stand for a developer, his apps and his services.

use std::sync::Arc;

use axum::extract::State;

use super::{
    super::{
        Embedded,
        caller::{AsDeveloper, Named},
        envelope::{Answer, Envelope},
        passport, records,
        refusal::Refusal,
    },
    own_app, own_service,
};
use crate::store::platform::{AccessToken, TokenKind, Write};

/// All of them.
pub(in super::super) async fn list(State(embedded): State<Arc<Embedded>>, caller: AsDeveloper) -> Answer {
    let tokens = embedded.store.platform_tokens_of(&caller.developer.id).await?;
    Ok(Envelope::Entities(tokens.iter().map(|token| records::token(&embedded, token)).collect::<Result<_, _>>()?))
}

/// One of them: the same each time.
pub(in super::super) async fn show(State(embedded): State<Arc<Embedded>>, caller: AsDeveloper, named: Named) -> Answer {
    Ok(Envelope::Entity(records::token(&embedded, &token(&embedded, &caller, &named, false).await?)?))
}

/// Another one in its place, which is dead from now on.
pub(in super::super) async fn regenerate(State(embedded): State<Arc<Embedded>>, caller: AsDeveloper, named: Named) -> Answer {
    Ok(Envelope::Entity(records::token(&embedded, &token(&embedded, &caller, &named, true).await?)?))
}

async fn token(embedded: &Embedded, caller: &AsDeveloper, named: &Named, renewed: bool) -> Result<AccessToken, Refusal> {
    let (developer, id) = (&caller.developer, named.get("id"));
    Ok(match TokenKind::parse(named.get("type")) {
        Some(TokenKind::App) => embedded.app_token(&own_app(embedded, developer, id).await?, renewed).await?,
        Some(TokenKind::Service) => embedded.service_token(&own_service(embedded, developer, id).await?, renewed).await?,
        Some(TokenKind::Developer) if id != developer.id => return Err(Refusal::DataNotYours),
        Some(TokenKind::Developer) if renewed => {
            let token = passport::token(embedded, developer, false)?;
            embedded.write(Write::TokenReplace(token.clone())).await?;
            token
        }
        Some(TokenKind::Developer) => {
            let newest = embedded.store.platform_token_of(TokenKind::Developer, id).await?;
            newest.ok_or(Refusal::DataNotFound)?
        }
        // Tokens of app users are their service's to ask for.
        Some(TokenKind::End) | None => return Err(Refusal::TokenTypeUnknown),
    })
}
