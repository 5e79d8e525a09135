//! What developers and the operator do alike: register apps and services, show and renew their tokens, subscribe and cancel.
//! Who may do it has been decided before.

use std::time::Duration;

use super::Embedded;
use crate::{
    store::{
        Batch, Effect, StoreError,
        platform::{AccessToken, App, Cancel, Force, NewAccessToken, Service, Subscribe, TokenKind, User, Write, mint, new_id},
    },
    units::millis,
};

/// As long as the public platform's.
const APP_TOKEN_LIFETIME: Duration = Duration::from_hours(24 * 30);
/// The same: for services there is no example, and none renews its own.
const SERVICE_TOKEN_LIFETIME: Duration = Duration::from_hours(24 * 30);

impl Embedded {
    /// Registers an app, with its token.
    pub async fn app_create(&self, key: &str, name: &str, owner: Option<&str>) -> Result<App, StoreError> {
        let now_ms = self.now_ms();
        let app = App {
            id: new_id(now_ms)?,
            key: key.to_owned(),
            name: name.to_owned(),
            owner: owner.map(str::to_owned),
            created_ms: now_ms,
            updated_ms: now_ms,
        };
        let token = self.mint(of_app(&app))?;
        self.store.platform_write(vec![Write::AppInsert(app.clone()), Write::TokenInsert(token)]).await?;
        Ok(app)
    }

    /// Registers a service of a developer, with its token.
    pub async fn service_create(&self, service: &Service) -> Result<(), StoreError> {
        let token = self.mint(of_service(service))?;
        self.store.platform_write(vec![Write::ServiceInsert(service.clone()), Write::TokenInsert(token)]).await?;
        Ok(())
    }

    /// The app's token: always the same, unless it is to be `renewed`; then the one before is dead.
    pub async fn app_token(&self, app: &App, renewed: bool) -> Result<AccessToken, StoreError> {
        self.token(of_app(app), renewed).await
    }

    /// The same for a service.
    pub async fn service_token(&self, service: &Service, renewed: bool) -> Result<AccessToken, StoreError> {
        self.token(of_service(service), renewed).await
    }

    /// Subscribes an app to a service, by their ids; the service is told. The operator may subscribe any app to any service.
    pub async fn subscribe(&self, app: &str, service: &str, by_operator: bool) -> Result<(), StoreError> {
        let now_ms = self.now_ms();
        let (app, service) = (app.to_owned(), service.to_owned());
        let (id, message) = (new_id(now_ms)?, new_id(now_ms)?);
        self.write(Write::Subscribe(Subscribe { id, message, app, service, by_operator, now_ms })).await?;
        self.noticed.notify_one();
        Ok(())
    }

    /// Cancels an app's subscription, by their ids; the service is told.
    pub async fn cancel(&self, app: &str, service: &str) -> Result<(), StoreError> {
        let now_ms = self.now_ms();
        let (app, service) = (app.to_owned(), service.to_owned());
        self.write(Write::Cancel(Cancel { message: new_id(now_ms)?, app, service, now_ms })).await?;
        self.noticed.notify_one();
        Ok(())
    }

    /// Sets a subscription by hand, without asking the service: it holds from now on, or is gone. `with` is stored together with
    /// that: what it changes at a service of this host, which hears of it no other way.
    pub async fn force(&self, force: Force, with: Vec<Effect>) -> Result<(), StoreError> {
        let mut effects = vec![Effect::Platform(Write::Force(force))];
        effects.extend(with);
        self.store.commit(Batch { effects }).await.map(drop)
    }

    /// Ends all access tokens of an app user. What was made with them stays good until it expires.
    pub async fn log_out(&self, user: &User) -> Result<(), StoreError> {
        self.write(Write::UserTokensEnd { app: user.app.clone(), user: user.id.clone() }).await.map(drop)
    }

    async fn token(&self, of: Of<'_>, renewed: bool) -> Result<AccessToken, StoreError> {
        if !renewed && let Some(token) = self.store.platform_token_of(of.kind, of.id).await? {
            return Ok(token);
        }
        let token = self.mint(of)?;
        self.write(Write::TokenReplace(token.clone())).await?;
        Ok(token)
    }

    fn mint(&self, of: Of<'_>) -> Result<AccessToken, StoreError> {
        let now_ms = self.now_ms();
        let new = NewAccessToken {
            kind: of.kind,
            resource: of.id.to_owned(),
            resource_key: of.key.to_owned(),
            account: of.owner.cloned().unwrap_or_default(),
            now_ms,
            expires_ms: now_ms.saturating_add(millis(of.lifetime)),
        };
        mint(self.store.seal(), new).map(|(token, _)| token)
    }
}

/// What a token is of.
struct Of<'a> {
    kind: TokenKind,
    id: &'a str,
    key: &'a str,
    owner: Option<&'a String>,
    lifetime: Duration,
}

fn of_app(app: &App) -> Of<'_> {
    Of { kind: TokenKind::App, id: &app.id, key: &app.key, owner: app.owner.as_ref(), lifetime: APP_TOKEN_LIFETIME }
}

fn of_service(service: &Service) -> Of<'_> {
    let (id, key, owner) = (&service.id, &service.key, service.owner.as_ref());
    Of { kind: TokenKind::Service, id, key, owner, lifetime: SERVICE_TOKEN_LIFETIME }
}
