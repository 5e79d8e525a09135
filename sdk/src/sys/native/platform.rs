//! What a plugin may ask of the platform.

use crate::testing::{no_host, with_current};

pub(crate) mod subscriptions {
    use super::{no_host, with_current};
    use crate::{
        error::Failure,
        subscriptions::{Listing, Subscription},
    };

    pub(crate) fn get(app_key: &str) -> Result<Option<Subscription>, Failure> {
        with_current(|current| current.state.borrow().apps.subscription(app_key)).ok_or_else(no_host)
    }

    pub(crate) fn page(after: Option<&str>, limit: u32) -> Result<Listing, Failure> {
        with_current(|current| current.state.borrow().apps.page(after, limit)).ok_or_else(no_host)
    }
}

pub(crate) mod app_users {
    use super::{no_host, with_current};
    use crate::{
        app_users::{AppUser, Changes, NewUser, Token},
        error::Failure,
        testing,
    };

    pub(crate) fn create(app_id: &str, user: &NewUser) -> Result<AppUser, Failure> {
        with_current(|current| testing::create(&mut current.state.borrow_mut(), app_id, user)).ok_or_else(no_host)?
    }

    pub(crate) fn update(app_id: &str, user_id: &str, changes: &Changes) -> Result<AppUser, Failure> {
        with_current(|current| testing::update(&mut current.state.borrow_mut(), app_id, user_id, changes)).ok_or_else(no_host)?
    }

    pub(crate) fn access_token(app_id: &str, user_id: &str, remember: bool) -> Result<Token, Failure> {
        with_current(|current| testing::access_token(&mut current.state.borrow_mut(), app_id, user_id, remember))
            .ok_or_else(no_host)?
    }
}

pub(crate) mod apps {
    use super::{no_host, with_current};
    use crate::{apps::Info, error::Failure};

    pub(crate) fn get(id: &str) -> Result<Option<Info>, Failure> {
        with_current(|current| {
            let state = current.state.borrow();
            state.platform.check("apps")?;
            Ok(state.apps.info(id))
        })
        .ok_or_else(no_host)?
    }
}

pub(crate) mod mail {
    use super::{no_host, with_current};
    use crate::{error::Failure, mail::Letter, testing};

    pub(crate) fn send(letter: &Letter) -> Result<(), Failure> {
        with_current(|current| testing::post(current, letter)).ok_or_else(no_host)?
    }
}
