//! What is known of a service's apps from the platform's messages: their ids, and whether they have subscribed.
//!
//! A copy in memory of the store's subscriptions, so that no request waits for a disk. The message line tells each change when
//! it is committed, and all of it is read again at times: with several hosts on one store, one hears of what another handled
//! that much later.

use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock},
};

use crate::manifest::Subscribed;

/// The apps of one service, by their keys.
#[derive(Debug, Default)]
pub struct Apps(RwLock<HashMap<String, Known>>);

/// One app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The platform's id of it.
    pub id: String,
    /// Whether its cancel was handled, and no subscribe since.
    pub cancelled: bool,
}

impl Apps {
    /// Whether a route that wants this of an app serves the app of this key.
    pub fn serves(&self, key: &str, wanted: Subscribed) -> bool {
        let cancelled = || self.read().get(key).map(|app| app.cancelled);
        match wanted {
            Subscribed::Off => true,
            Subscribed::NotCancelled => cancelled() != Some(true),
            Subscribed::Known => cancelled() == Some(false),
        }
    }

    /// The platform's id of the app, once a message or a console visit told it.
    pub fn id(&self, key: &str) -> Option<String> {
        self.read().get(key).map(|app| app.id.clone())
    }

    /// What was committed for one app; `None` when nothing is kept of it any more.
    pub fn changed(&self, key: &str, app: Option<Known>) {
        let mut apps = self.0.write().unwrap_or_else(PoisonError::into_inner);
        match app {
            Some(app) => drop(apps.insert(key.to_owned(), app)),
            None => drop(apps.remove(key)),
        }
    }

    /// All that the store holds.
    pub fn replace(&self, apps: HashMap<String, Known>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = apps;
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, HashMap<String, Known>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_of_the_manifest_serves_the_apps_it_says() {
        let apps = Apps::default();
        apps.changed("here", Some(Known { id: "1".into(), cancelled: false }));
        apps.changed("gone", Some(Known { id: "2".into(), cancelled: true }));
        apps.changed("purged", Some(Known { id: "3".into(), cancelled: true }));
        apps.changed("purged", None);
        for (wanted, here, gone, unheard) in [
            (Subscribed::NotCancelled, true, false, true),
            (Subscribed::Known, true, false, false),
            (Subscribed::Off, true, true, true),
        ] {
            let serves = |key| apps.serves(key, wanted);
            assert_eq!((serves("here"), serves("gone"), serves("unheard"), serves("purged")), (here, gone, unheard, unheard));
        }
        assert_eq!((apps.id("gone").as_deref(), apps.id("purged")), (Some("2"), None));
    }
}
