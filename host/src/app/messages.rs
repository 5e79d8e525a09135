//! The message line of a host, and what it means for requests.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use futures_util::future::BoxFuture;
use tokio::runtime::Handle;

use super::App;
use crate::{
    config::Config,
    message::{self, Deliver, DeliverError, Delivered, Delivery, Line, Parts, Platform, Served, Settings},
    platform::embedded::{Learn, NotNotified, Notify},
    request::{
        apps::{Known, Standing},
        notice::{Inbox, NotTaken},
    },
    store::{
        Store, StoreError,
        subscriptions::{self, PAGE, Subscription, Which},
    },
    task::AbortOnDrop,
};

impl App {
    /// Starts the message line for the services that have a platform, on the current runtime, and fills what requests know of
    /// apps; `requests` is where plugins begin. Nothing where there is no platform.
    ///
    /// To be called once, before the first request. Fails as the store does.
    pub async fn start_messages(
        self: &Arc<Self>,
        config: &Config,
        store: Store,
        requests: Handle,
    ) -> Result<Option<Line>, StoreError> {
        let Some(platform) = &config.platform else { return Ok(None) };
        self.know_apps().await?;
        if let Some(server) = &self.embedded {
            let host: Weak<Self> = Arc::downgrade(self);
            server.embedded.tell(host);
        }
        let services = self.platform.iter().filter_map(|client| {
            let service = config.services.get(client.service())?;
            Some(Served {
                key: service.key.clone(),
                platform: client.clone() as Arc<dyn Platform>,
                service_id: service.service_id.clone(),
                purge_after_cancel: service.purge_after_cancel,
            })
        });
        let parts = Parts {
            store,
            clock: self.clock,
            services: services.collect(),
            deliver: Arc::new(Plugins { app: Arc::downgrade(self), requests }),
            settings: Settings { poll_interval: platform.poll_interval, ..Settings::default() },
        };
        let line = Line::start(parts);
        // There is one line in a host, so nobody was here before.
        let _ = self.messages.set(line.handle());
        Ok(Some(line))
    }

    /// Reads what the store has of all apps.
    async fn know_apps(&self) -> Result<(), StoreError> {
        let Some(store) = &self.store else { return Ok(()) };
        let mut after: Option<String> = None;
        loop {
            let ids = store.app_ids(after.as_deref(), PAGE).await?;
            for apps in self.services.iter().filter_map(|service| service.apps.as_ref()) {
                for (key, id) in &ids {
                    apps.set(key, Some(Known { id: id.clone(), standing: Standing::Unheard }));
                }
            }
            after = ids.last().filter(|_| ids.len() == PAGE as usize).map(|(key, _)| key.clone());
            if after.is_none() {
                break;
            }
        }
        for service in self.services.iter() {
            let Some(apps) = &service.apps else { continue };
            let mut after: Option<String> = None;
            loop {
                let page = store.subscriptions(&service.key, Which::All, after.as_deref(), PAGE).await?;
                for subscription in &page {
                    apps.set(&subscription.about.app_key, Some(known(subscription)));
                }
                after = page.last().filter(|_| page.len() == PAGE as usize).map(|last| last.about.app_key.clone());
                if after.is_none() {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Reads what the store has of one app of a service, after it changed.
    pub(super) async fn know_app(&self, service: &str, key: &str) {
        let (Some(store), Some(service)) = (&self.store, self.services.by_key(service)) else { return };
        let Some(apps) = &service.apps else { return };
        let stored = async {
            if let Some(subscription) = store.subscription(&service.key, key).await? {
                return Ok(Some(known(&subscription)));
            }
            let id = store.app_id(key).await?;
            Ok::<_, StoreError>(id.map(|id| Known { id, standing: Standing::Unheard }))
        };
        match stored.await {
            Ok(app) => apps.set(key, app),
            Err(error) => {
                let (service, problem) = (&service.key, error.problem());
                tracing::error!(service, app = key, %problem, "requests go on with what was known of the app before");
            }
        }
    }
}

fn known(subscription: &Subscription) -> Known {
    let standing = match subscription.standing {
        subscriptions::Standing::Subscribed => Standing::Subscribed,
        // Whose data is gone has left as much as one whose data is still there.
        subscriptions::Standing::Cancelled | subscriptions::Standing::Purged => Standing::Cancelled,
    };
    Known { id: subscription.about.app_id.clone(), standing }
}

/// The plugins as the message line needs them. A plugin begins where requests run, never on the line's own thread.
struct Plugins {
    /// Weak, because the host holds the line that holds this.
    app: Weak<App>,
    requests: Handle,
}

impl Deliver for Plugins {
    fn deliver(&self, delivery: Delivery) -> BoxFuture<'_, Result<Delivered, DeliverError>> {
        Box::pin(async move {
            // A host that goes down has no plugins any more.
            let app = self.app.upgrade().ok_or(DeliverError::NotReady)?;
            let task = self.requests.spawn(async move { app.deliver(delivery).await });
            let _ending = AbortOnDrop::new(task.abort_handle());
            task.await.unwrap_or_else(|error| match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Err(DeliverError::NotReady),
            })
        })
    }

    fn completed<'a>(&'a self, service: &'a str, app_key: &'a str) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            if let Some(app) = self.app.upgrade() {
                app.know_app(service, app_key).await;
            }
        })
    }
}

/// Whoever fetched a context comes with its headers next, to any of the services.
impl Learn for App {
    fn learn<'a>(&'a self, app_key: &'a str, app_id: &'a str) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let apps = self.services.iter().filter_map(|service| service.apps.as_ref());
            let unknowing: Vec<_> = apps.filter(|apps| !apps.knows(app_key, app_id)).collect();
            if unknowing.is_empty() {
                return;
            }
            // Stored first: what is known is not told again.
            if let Some(store) = &self.store
                && let Err(error) = store.app_learn(app_key, app_id).await
            {
                tracing::error!(app = app_key, problem = %error.problem(), "an app's id is known until the host ends, and not stored");
            }
            for apps in unknowing {
                apps.learn(app_key, app_id.to_owned());
            }
        })
    }
}

/// Services of this host hear of the embedded platform's messages as of any other: by a hint.
impl Notify for App {
    fn notify<'a>(&'a self, service: &'a str, message: &'a str) -> BoxFuture<'a, Result<(), NotNotified>> {
        Box::pin(async move {
            let inbox = self.inbox().ok_or_else(|| NotNotified("the message line does not run".to_owned()))?;
            inbox.receive(service, message).await.map_err(|not_taken| {
                NotNotified(
                    match not_taken {
                        NotTaken::NoService => "the service gets no messages",
                        NotTaken::BadId => "the message has no good id",
                        NotTaken::TooMany { .. } => "the service has too many notices",
                        NotTaken::Failed => "the store failed",
                    }
                    .to_owned(),
                )
            })
        })
    }
}

impl Inbox for message::Handle {
    fn receive<'a>(&'a self, service: &'a str, id: &'a str) -> BoxFuture<'a, Result<(), NotTaken>> {
        use message::Refusal;
        Box::pin(async move {
            match self.receive(service, id).await {
                Ok(_) => Ok(()),
                Err(Refusal::NoService) => Err(NotTaken::NoService),
                Err(Refusal::BadId) => Err(NotTaken::BadId),
                Err(Refusal::TooMany { after }) => Err(NotTaken::TooMany { after }),
                // What waits is looked at within seconds.
                Err(Refusal::Full) => Err(NotTaken::TooMany { after: Duration::from_secs(10) }),
                Err(Refusal::Store(error)) => {
                    tracing::error!(service, problem = %error.problem(), "a notice cannot be kept");
                    Err(NotTaken::Failed)
                }
            }
        })
    }
}
