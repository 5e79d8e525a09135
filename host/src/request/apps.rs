//! What is known of a service's apps from the platform's messages: their ids, and whether they have subscribed.
//!
//! A copy in memory of what the store has, so that no request waits for a disk. It is filled before the first request, and
//! whoever changes the store says so afterwards; what is asked in between is answered as before the change.

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
    pub standing: Standing,
}

/// What the messages said of an app that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing so far.
    Unheard,
    Subscribed,
    /// Its cancel was handled, and no subscribe since; whether its data is purged by now makes no difference.
    Cancelled,
}

impl Apps {
    /// Whether a route that wants this of an app serves the app of this key.
    pub fn serves(&self, key: &str, wanted: Subscribed) -> bool {
        let standing = || self.read().get(key).map_or(Standing::Unheard, |app| app.standing);
        match wanted {
            Subscribed::Off => true,
            Subscribed::NotCancelled => standing() != Standing::Cancelled,
            Subscribed::Known => standing() == Standing::Subscribed,
        }
    }

    /// The platform's id of the app, once a message, a context or a console visit told it.
    pub fn id(&self, key: &str) -> Option<String> {
        self.read().get(key).map(|app| app.id.clone())
    }

    /// Whether the app of this key is known to have this id.
    pub fn knows(&self, key: &str, id: &str) -> bool {
        self.read().get(key).is_some_and(|app| app.id == id)
    }

    /// The id of an app, as a context or a console visit told it; its standing stays what it was.
    pub fn learn(&self, key: &str, id: String) {
        let mut apps = self.0.write().unwrap_or_else(PoisonError::into_inner);
        match apps.get_mut(key) {
            Some(known) => known.id = id,
            None => drop(apps.insert(key.to_owned(), Known { id, standing: Standing::Unheard })),
        }
    }

    /// What is stored of one app now; `None` where nothing is.
    pub fn set(&self, key: &str, app: Option<Known>) {
        let mut apps = self.0.write().unwrap_or_else(PoisonError::into_inner);
        match app {
            Some(app) => drop(apps.insert(key.to_owned(), app)),
            None => drop(apps.remove(key)),
        }
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
        let known = |id: &str, standing| Some(Known { id: id.to_owned(), standing });
        apps.set("here", known("1", Standing::Subscribed));
        apps.set("gone", known("2", Standing::Cancelled));
        apps.set("unheard", known("3", Standing::Unheard));
        apps.set("forgotten", known("4", Standing::Cancelled));
        apps.set("forgotten", None);
        apps.learn("gone", "5".to_owned());
        apps.learn("visiting", "6".to_owned());
        for (wanted, here, gone, unheard) in [
            (Subscribed::NotCancelled, true, false, true),
            (Subscribed::Known, true, false, false),
            (Subscribed::Off, true, true, true),
        ] {
            let serves = ["here", "gone", "unheard", "forgotten", "never", "visiting"].map(|key| apps.serves(key, wanted));
            assert_eq!(serves, [here, gone, unheard, unheard, unheard, unheard], "{wanted:?}");
        }
        assert_eq!(
            ["gone", "unheard", "forgotten", "visiting"].map(|key| apps.id(key)),
            [Some("5"), Some("3"), None, Some("6")].map(|id| id.map(str::to_owned))
        );
    }
}
