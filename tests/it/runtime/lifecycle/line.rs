//! The message line in front of a real plugin.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU32, Ordering},
};

use futures_util::future::BoxFuture;
use serde_json::json;
use wharf::{
    app::App,
    message::{
        Deliver, DeliverError, Delivered, Delivery, Platform, PlatformError, Resolution, Told, Unresolved,
        line::{Line, Parts, Served, Settings},
    },
    store::{
        Store,
        kv::{Apply, Change, Condition, Place, Quota, Scope},
    },
};
use wharf_guests::JOURNAL;

use super::Host;
use crate::support::wait::until;

const SUBSCRIBED: &str = "55b89ba34df03bab3307c10f";
const CANCELLED: &str = "55b8963d4df03bab3307c105";

/// A platform with a subscribe and a cancel of one app, which it forgets as they are resolved.
#[derive(Default)]
struct TwoMessages {
    resolved: Mutex<Vec<String>>,
}

impl TwoMessages {
    fn resolved(&self) -> Vec<String> {
        self.resolved.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn told(&self, id: &str) -> Option<Told> {
        let kind = match id {
            SUBSCRIBED => "app_subscribe_service",
            CANCELLED => "app_cancel_service",
            _ => return None,
        };
        let content = json!({
            "appId": "55b88eef4df03bab3307c0ff", "appKey": "test_app", "appSubscriptionId": "55b89ba34df03bab3307c10e",
        });
        let (id, kind, content) = (id.to_owned(), kind.to_owned(), content.to_string());
        Some(Told { id, kind, content, back_service_id: None, resolved: false })
    }
}

impl Platform for TwoMessages {
    fn messages(&self) -> BoxFuture<'_, Result<Unresolved, PlatformError>> {
        Box::pin(async {
            let resolved = self.resolved();
            let open = [SUBSCRIBED, CANCELLED].into_iter().filter(|id| !resolved.iter().any(|known| known == id));
            Ok(Unresolved { messages: open.filter_map(|id| self.told(id)).collect(), cut: false })
        })
    }

    fn message<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<Told>, PlatformError>> {
        Box::pin(async { Ok(self.told(id)) })
    }

    fn resolve<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Resolution, PlatformError>> {
        Box::pin(async {
            self.resolved.lock().unwrap_or_else(PoisonError::into_inner).push(id.to_owned());
            Ok(Resolution::Resolved)
        })
    }
}

/// Writes what the plugin has written too, each time before the plugin's own is stored, so often.
struct Overtaking {
    app: Arc<App>,
    store: Store,
    left: AtomicU32,
    deliveries: Arc<AtomicU32>,
}

impl Deliver for Overtaking {
    fn deliver(&self, delivery: Delivery) -> BoxFuture<'_, Result<Delivered, DeliverError>> {
        Box::pin(async {
            self.deliveries.fetch_add(1, Ordering::Relaxed);
            let delivered = self.app.deliver(delivery).await?;
            if self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
                let place = Place { service: "journal".to_owned(), scope: Scope::Shared, store: "journal".to_owned() };
                let (key, value) = ("apps/test_app".to_owned(), br#"["meanwhile"]"#.to_vec());
                let changes = vec![Change::Put { key, value, condition: Condition::Always }];
                let quota = Quota { total: u64::MAX, value: u64::MAX };
                self.store.kv_apply(Apply { place, changes, quota }).await.expect("it is stored");
            }
            Ok(delivered)
        })
    }

    fn completed<'a>(&'a self, service: &'a str, app_key: &'a str) -> BoxFuture<'a, ()> {
        self.app.completed(service, app_key)
    }
}

#[test]
fn what_is_overtaken_is_made_again_and_what_the_platform_tells_is_handled_once_and_in_order() {
    let host = Host::new(&JOURNAL, "[services.journal.kv]\nshared = [\"journal\"]\nstores = [\"own\"]\n");
    let (platform, deliveries) = (Arc::new(TwoMessages::default()), Arc::new(AtomicU32::new(0)));
    let deliver = Overtaking { app: host.app.clone(), store: host.store.clone(), left: 3.into(), deliveries: deliveries.clone() };
    let served = Served {
        key: "journal".to_owned(),
        platform: platform.clone(),
        service_id: None,
        purge_after_cancel: std::time::Duration::from_hours(48),
    };
    let parts = Parts {
        store: host.store.clone(),
        clock: host.app.clock,
        services: vec![served],
        deliver: Arc::new(deliver),
        settings: Settings::default(),
    };
    let line = {
        let _runtime = host.runtime.enter();
        Line::start(parts)
    };
    until("both are resolved", || (platform.resolved().len() == 2).then_some(()));
    host.runtime.block_on(line.stop());
    assert_eq!(platform.resolved(), [SUBSCRIBED, CANCELLED]);
    assert_eq!(deliveries.load(Ordering::Relaxed), 5);
    let told = [format!("subscribed {SUBSCRIBED}"), format!("cancelled {CANCELLED}")];
    assert_eq!(host.get("/apps/test_app"), json!(["meanwhile", told[0], told[1]]));
    for noted in host.get("/messages").as_array().expect("a list") {
        assert_eq!((&noted["attempt"], &noted["times"]), (&json!(1), &json!(1)), "{noted}");
    }
    assert_eq!(host.get("/subscriptions/test_app").as_str().map(|text| text.contains("Cancelled")), Some(true));
}
