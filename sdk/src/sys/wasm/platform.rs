//! What a plugin may ask of the platform. Each function is imported only by a plugin that calls it.

/// `wharf:service/subscriptions`.
pub(crate) mod subscriptions {
    use crate::{
        bindings::wharf::service::subscriptions as wit,
        error::Failure,
        subscriptions::{Listing, State, Subscription},
    };

    pub(crate) fn get(app_key: &str) -> Result<Option<Subscription>, Failure> {
        Ok(wit::get(app_key)?.map(from_wit))
    }

    pub(crate) fn page(after: Option<&str>, limit: u32) -> Result<Listing, Failure> {
        let wit::Listing { subscriptions, next } = wit::page(after, limit)?;
        Ok(Listing { subscriptions: subscriptions.into_iter().map(from_wit).collect(), next })
    }

    fn from_wit(subscription: wit::Subscription) -> Subscription {
        let wit::Subscription { app, state, since_ms } = subscription;
        let state = match state {
            wit::State::Subscribed => State::Subscribed,
            wit::State::Cancelled => State::Cancelled,
        };
        Subscription { app: app.into(), state, since_ms }
    }
}

/// `wharf:service/app-users`.
pub(crate) mod app_users {
    use crate::{
        app_users::{AppUser, Changes, NewUser, Token},
        bindings::wharf::service::app_users as wit,
        error::Failure,
    };

    pub(crate) fn create(app_id: &str, user: &NewUser) -> Result<AppUser, Failure> {
        let NewUser { account, name, email, cellphone } = user.clone();
        Ok(from_wit(wit::create(app_id, &wit::NewUser { account, name, email, cellphone })?))
    }

    pub(crate) fn update(app_id: &str, user_id: &str, changes: &Changes) -> Result<AppUser, Failure> {
        let Changes { name, email, cellphone } = changes.clone();
        Ok(from_wit(wit::update(app_id, user_id, &wit::Changes { name, email, cellphone })?))
    }

    pub(crate) fn access_token(app_id: &str, user_id: &str, remember: bool) -> Result<Token, Failure> {
        let wit::Token { code, expires_ms } = wit::access_token(app_id, user_id, remember)?;
        Ok(Token { code, expires_ms })
    }

    fn from_wit(user: wit::AppUser) -> AppUser {
        let wit::AppUser { id, account, name, email, cellphone } = user;
        AppUser { id, account, name, email, cellphone }
    }
}

/// `wharf:service/apps`.
pub(crate) mod apps {
    use crate::{apps::Info, bindings::wharf::service::apps as wit, error::Failure};

    pub(crate) fn get(id: &str) -> Result<Option<Info>, Failure> {
        Ok(wit::get(id)?.map(|wit::Info { id, key, name }| Info { id, key, name }))
    }
}

/// `wharf:service/mail`.
pub(crate) mod mail {
    use crate::{bindings::wharf::service::mail as wit, error::Failure, mail::Letter};

    pub(crate) fn send(letter: &Letter) -> Result<(), Failure> {
        let Letter { to, kind, subject, text, link } = letter.clone();
        Ok(wit::send(&wit::Letter { to, kind, subject, text, link })?)
    }
}
