//! How developers come: by an invitation of the operator's, and then by e-mail address and password.

use std::{sync::Arc, time::Duration};

use axum::extract::State;

use super::{
    Embedded,
    envelope::{Answer, Envelope},
    fields::{Fields, MAX_LINE as MAX_NAME, MAX_SECRET as MAX_PASSWORD},
    records,
    refusal::Refusal,
};
use crate::{
    store::{
        Digest, StoreError,
        platform::{AccessToken, Developer, NewAccessToken, Register, TokenKind, Write, mint, new_id},
    },
    toml_reader::names::{host_name, is_shown},
    units::millis,
};

/// As long as the public platform's: a day, and thirty for who wants to be remembered.
const LIFETIME: Duration = Duration::from_hours(24);
const LIFETIME_REMEMBER: Duration = Duration::from_hours(24 * 30);

/// A developer who is to come.
pub struct NewDeveloper<'a> {
    pub email: &'a str,
    pub name: &'a str,
    /// May be empty.
    pub cellphone: &'a str,
    pub password: &'a str,
    /// The code of an invitation, which is used up; the operator needs none.
    pub invitation: Option<&'a str>,
}

impl Embedded {
    /// Registers a developer. A login follows; there is no token yet.
    ///
    /// Fails with [`Refusal::EmailMalformed`], [`Refusal::CellphoneMalformed`], [`Refusal::Malformed`],
    /// [`Refusal::InvitationBad`], [`Refusal::EmailTaken`], [`Refusal::CellphoneTaken`], or as hashing and the store do.
    pub async fn developer_create(&self, new: NewDeveloper<'_>) -> Result<Developer, Refusal> {
        let email = email(new.email).ok_or(Refusal::EmailMalformed)?;
        let cellphone = cellphone(new.cellphone)?;
        if new.name.len() > MAX_NAME || !new.name.chars().all(is_shown) || !(1..=MAX_PASSWORD).contains(&new.password.len()) {
            return Err(Refusal::Malformed);
        }
        let now_ms = self.now_ms();
        let invitation = new.invitation.map(|code| Digest::of(code.as_bytes()));
        if let Some(invitation) = invitation
            // Hashing costs, so nobody may ask for it without one.
            && !self.store.platform_invitation_is_good(invitation, now_ms).await?
        {
            return Err(Refusal::InvitationBad);
        }
        let developer = Developer {
            id: new_id(now_ms)?,
            password: Some(self.passwords.hash(&email, new.password).await?),
            email,
            cellphone,
            name: new.name.to_owned(),
            invitation: new.invitation.unwrap_or_default().to_owned(),
            created_ms: now_ms,
            updated_ms: None,
        };
        self.write(Write::Register(Register { developer: developer.clone(), invitation })).await?;
        Ok(developer)
    }

    /// Makes an invitation of this code good until the moment that is returned.
    pub async fn invite(&self, code: &str, lifetime_ms: u64) -> Result<u64, StoreError> {
        let now_ms = self.now_ms();
        let expires_ms = now_ms.saturating_add(lifetime_ms);
        self.write(Write::Invite { hash: Digest::of(code.as_bytes()), now_ms, expires_ms }).await?;
        Ok(expires_ms)
    }
}

/// Registers a developer who was invited.
pub(super) async fn register(State(embedded): State<Arc<Embedded>>, fields: Fields) -> Answer {
    let new = NewDeveloper {
        email: fields.line("email")?.unwrap_or_default(),
        name: fields.line("displayName")?.unwrap_or_default(),
        cellphone: fields.line("cellphone")?.unwrap_or_default(),
        password: fields.secret("password")?.ok_or(Refusal::Malformed)?,
        invitation: Some(fields.line("invitationCode")?.unwrap_or_default()),
    };
    Ok(Envelope::Entity(records::developer(&embedded.developer_create(new).await?)))
}

/// A list with the new token. An unknown address and a wrong password are told alike, and take as long.
pub(super) async fn login(State(embedded): State<Arc<Embedded>>, fields: Fields) -> Answer {
    // What cannot be a name or a password is a wrong one.
    let email = fields.line("email").ok().flatten().and_then(email).ok_or(Refusal::LoginFailed)?;
    let password = fields.secret("password").ok().flatten().ok_or(Refusal::LoginFailed)?;
    let developer = embedded.store.platform_developer_by_email(&email).await?;
    let stored = developer.as_ref().and_then(|developer| developer.password.clone());
    let fits = embedded.passwords.check(&email, password, stored).await?;
    let developer = developer.filter(|_| fits).ok_or(Refusal::LoginFailed)?;
    let token = token(&embedded, &developer, fields.flag("remember"))?;
    let record = records::token(&embedded, &token)?;
    embedded.write(Write::TokenInsert(token)).await?;
    Ok(Envelope::Entities(vec![record]))
}

/// A token of a developer, not stored yet.
pub(super) fn token(embedded: &Embedded, developer: &Developer, remember: bool) -> Result<AccessToken, StoreError> {
    let now_ms = embedded.now_ms();
    let lifetime = if remember { LIFETIME_REMEMBER } else { LIFETIME };
    let new = NewAccessToken {
        kind: TokenKind::Developer,
        resource: developer.id.clone(),
        resource_key: developer.email.clone(),
        account: developer.id.clone(),
        now_ms,
        expires_ms: now_ms.saturating_add(millis(lifetime)),
    };
    mint(embedded.store.seal(), new).map(|(token, _)| token)
}

/// An e-mail address in lower case. Stricter than the standards: what is quoted there has never been a developer's.
pub(super) fn email(text: &str) -> Option<String> {
    let (user, host) = text.rsplit_once('@')?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%*+-./=?^_`{|}~".contains(&byte);
    let user_is_good = (1..=64).contains(&user.len()) && user.bytes().all(plain);
    user_is_good.then(|| Some(format!("{}@{}", user.to_ascii_lowercase(), host_name(host)?)))?
}

/// A number as people write it, or nothing.
pub(super) fn cellphone(text: &str) -> Result<String, Refusal> {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-() ".contains(&byte));
    let is_good = text.is_empty() || (plain && (5..=20).contains(&digits) && text.len() <= 32);
    if is_good { Ok(text.to_owned()) } else { Err(Refusal::CellphoneMalformed) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_numbers_are_told_from_other_text() {
        for (text, address) in [
            ("Test@A-Test.com", Some("test@a-test.com")),
            ("a.b+c@localhost", Some("a.b+c@localhost")),
            ("@a.com", None),
            ("a@", None),
            ("a", None),
            ("a b@c.com", None),
            ("<script>@a.com", None),
            ("a@b@c.com", None),
            ("张@a.com", None),
        ] {
            assert_eq!(email(text).as_deref(), address, "{text}");
        }
        for good in ["", "13800138000", "+49 (30) 1234-567"] {
            assert_eq!(cellphone(good).as_deref(), Ok(good));
        }
        for bad in ["1234", "x13800138000", "１２３４５６", "+", &"1".repeat(33)] {
            assert_eq!(cellphone(bad), Err(Refusal::CellphoneMalformed), "{bad}");
        }
    }
}
