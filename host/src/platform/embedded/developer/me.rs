//! A developer's own account.

use std::sync::Arc;

use axum::extract::State;

use super::super::{
    Embedded,
    caller::AsDeveloper,
    envelope::{Answer, Envelope},
    fields::Fields,
    passport::cellphone,
    records,
    refusal::Refusal,
};
use crate::store::platform::{DeveloperChange, TokenKind, Write};

pub(in super::super) async fn show(caller: AsDeveloper) -> Answer {
    Ok(Envelope::Entity(records::developer(&caller.developer)))
}

/// Changes what is sent. A new password ends all other logins.
pub(in super::super) async fn update(State(embedded): State<Arc<Embedded>>, caller: AsDeveloper, fields: Fields) -> Answer {
    let AsDeveloper { developer, token } = caller;
    let password = match fields.secret("password")? {
        Some(password) => Some(embedded.passwords.hash(&developer.email, password).await?),
        None => None,
    };
    let mut writes = Vec::new();
    if password.is_some() {
        writes.push(Write::TokensEnd { kind: TokenKind::Developer, resource: developer.id.clone(), but: token });
    }
    writes.push(Write::DeveloperUpdate(DeveloperChange {
        id: developer.id.clone(),
        name: fields.line("displayName")?.map(str::to_owned),
        cellphone: fields.line("cellphone")?.map(cellphone).transpose()?,
        password,
        now_ms: embedded.now_ms(),
    }));
    embedded.store.platform_write(writes).await?;
    let developer = embedded.store.platform_developer(&developer.id).await?.ok_or(Refusal::DataNotFound)?;
    Ok(Envelope::Entity(records::developer(&developer)))
}
