//! `wharf:service/subscriptions`: which apps have subscribed to the service, as the messages that were handled told.
//!
//! It needs no permission: a plugin is told of each of them anyway. It sees those of its own service and no other's; and a
//! message that is being handled not yet, because whether it will have been is not known.

use wasmtime::component::{HasSelf, Linker};

use super::Trouble;
use crate::{
    bindings::{
        subscriptions::{Host, Listing, State, Subscription, add_to_linker},
        types::{App, Error},
    },
    codes::told,
    config::Service,
    runtime::state::{CallState, error},
    store::{
        Store, StoreError,
        subscriptions::{self as stored, PAGE, Standing, Which},
    },
};

/// The host's part: where they are kept.
#[derive(Debug)]
pub struct Subscriptions {
    store: Option<Store>,
}

impl Subscriptions {
    pub fn open(store: Option<Store>) -> Self {
        Self { store }
    }

    pub fn ready(&self, Grant { service }: Grant) -> Ready {
        Ready(self.store.clone().map(|store| Opened { store, service }))
    }
}

/// Whose subscriptions a plugin sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    service: String,
}

impl Grant {
    pub fn new(service: &Service) -> Self {
        Self { service: service.key.clone() }
    }
}

/// The subscriptions of one service; none where nothing is served.
#[derive(Debug, Default)]
pub struct Ready(Option<Opened>);

#[derive(Debug)]
struct Opened {
    store: Store,
    service: String,
}

impl Ready {
    fn opened(&self) -> Result<&Opened, Error> {
        self.0.as_ref().ok_or_else(|| error(&told::SUBSCRIPTIONS_UNAVAILABLE, "this host keeps no subscriptions"))
    }

    async fn get(&self, app_key: &str) -> Result<Option<Subscription>, Trouble> {
        let Opened { store, service } = self.opened()?;
        let found = store.subscription(service, app_key).await.map_err(to_guest)?;
        Ok(found.and_then(shown))
    }

    async fn page(&self, after: Option<&str>, limit: u32) -> Result<Listing, Trouble> {
        let Opened { store, service } = self.opened()?;
        let limit = limit.min(PAGE);
        let found = store.subscriptions(service, Which::Present, after, limit).await.map_err(to_guest)?;
        let full = found.len() == limit as usize;
        let next = found.last().filter(|_| full).map(|last| last.about.app_key.clone());
        Ok(Listing { subscriptions: found.into_iter().filter_map(shown).collect(), next })
    }
}

fn to_guest(failed: StoreError) -> Trouble {
    Trouble::of_store(&told::SUBSCRIPTIONS_UNAVAILABLE, &failed)
}

/// A plugin that was told to forget an app is not reminded of it.
fn shown(stored: stored::Subscription) -> Option<Subscription> {
    let state = match stored.standing {
        Standing::Subscribed => State::Subscribed,
        Standing::Cancelled => State::Cancelled,
        Standing::Purged => return None,
    };
    let app = App { key: stored.about.app_key, id: Some(stored.about.app_id) };
    Some(Subscription { app, state, since_ms: stored.since_ms })
}

pub fn link(linker: &mut Linker<CallState>) -> wasmtime::Result<()> {
    add_to_linker::<_, HasSelf<CallState>>(linker, |state| state)
}

impl Host for CallState {
    async fn get(&mut self, app_key: String) -> wasmtime::Result<Result<Option<Subscription>, Error>> {
        self.ledger.host_call()?;
        let found = self.capabilities.ready.subscriptions.get(&app_key).await;
        Ok(found.map_err(|trouble| trouble.told(&mut self.log)))
    }

    async fn page(&mut self, after: Option<String>, limit: u32) -> wasmtime::Result<Result<Listing, Error>> {
        self.ledger.host_call()?;
        let page = self.capabilities.ready.subscriptions.page(after.as_deref(), limit).await;
        Ok(page.map_err(|trouble| trouble.told(&mut self.log)))
    }
}
