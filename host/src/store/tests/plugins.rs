use std::collections::HashSet;

use super::TestStore;
use crate::{
    codes,
    store::{
        Digest, Store, StoreError,
        plugins::{Install, PluginError, Removed},
    },
};

const ID: &str = "acme/notes";

fn version(version: &str) -> Install {
    Install {
        id: ID.to_owned(),
        version: version.to_owned(),
        digest: Digest::of(version.as_bytes()),
        manifest: format!("[plugin]\nversion = \"{version}\"\n"),
        size: 43_000,
        now_ms: 1,
    }
}

/// Whether it was new.
async fn install(store: &Store, text: &str) -> bool {
    store.plugin_install(version(text)).await.unwrap()
}

async fn active(store: &Store) -> Option<String> {
    store.plugin_active(ID).await.unwrap().map(|plugin| plugin.version)
}

#[tokio::test]
async fn the_version_installed_last_is_active_and_the_others_stay() {
    let TestStore { store, folder: _folder } = TestStore::new();
    assert_eq!(active(&store).await, None);
    // An older one too, and one that is there already: that is how an admin goes back.
    for (installed, new) in
        [("1.9.0", true), ("1.10.0-rc.1", true), ("1.10.0", true), ("2.0.0", true), ("1.10.0", false), ("1.2.0", true)]
    {
        assert_eq!(install(&store, installed).await, new, "{installed}");
        assert_eq!(active(&store).await.as_deref(), Some(installed));
    }
    let listed = store.plugins().await.unwrap();
    // By semver and not by letters, a pre-release before its release.
    let versions: Vec<_> = listed.iter().map(|plugin| plugin.version.as_str()).collect();
    assert_eq!(versions, ["2.0.0", "1.10.0", "1.10.0-rc.1", "1.9.0", "1.2.0"]);
    assert_eq!(listed.iter().filter(|plugin| plugin.active).count(), 1);
    let asked = version("1.9.0");
    assert_eq!((&listed[3].digest, &listed[3].manifest, listed[3].size), (&asked.digest, &asked.manifest, asked.size));
}

#[tokio::test]
async fn a_version_names_one_component_for_ever() {
    let TestStore { store, folder: _folder } = TestStore::new();
    install(&store, "1.0.0").await;
    assert!(!install(&store, "1.0.0").await);

    let other = Install { digest: Digest::of(b"other"), ..version("1.0.0") };
    let error = store.plugin_install(other).await.unwrap_err();
    assert!(matches!(error, StoreError::Plugin(PluginError::Different { .. })), "{error}");
    assert_eq!(error.problem().code, &codes::PLUGIN_DIFFERENT);

    for text in ["", "1", "1.0", "v1.0.0", "1.0.0 ", "latest"] {
        let error = store.plugin_install(version(text)).await.unwrap_err();
        assert_eq!(error.problem().code, &codes::MANIFEST_INVALID, "{text}");
    }
    assert_eq!(store.plugins().await.unwrap().len(), 1);
}

#[tokio::test]
async fn removing_the_active_version_activates_the_newest_that_is_left() {
    let TestStore { store, folder: _folder } = TestStore::new();
    for text in ["1.9.0", "1.10.0", "2.0.0"] {
        install(&store, text).await;
    }
    let removed = |versions: &[&str], active: Option<&str>| Removed {
        versions: versions.iter().map(|&version| version.to_owned()).collect(),
        active: active.map(str::to_owned),
    };
    assert_eq!(store.plugin_remove(ID, Some("2.0.0")).await.unwrap(), removed(&["2.0.0"], Some("1.10.0")));
    assert_eq!(active(&store).await.as_deref(), Some("1.10.0"));
    assert_eq!(store.plugin_digests().await.unwrap(), HashSet::from([Digest::of(b"1.9.0"), Digest::of(b"1.10.0")]));
    assert_eq!(store.plugin_remove(ID, None).await.unwrap().active, None);
    assert_eq!(active(&store).await, None);
    let error = store.plugin_remove(ID, None).await.unwrap_err();
    assert_eq!(error.to_string(), "plugin `acme/notes` is not installed");
    assert_eq!(error.problem().code, &codes::PLUGIN_UNKNOWN);
}

#[tokio::test]
async fn plugins_are_there_after_a_restart() {
    let test = TestStore::new();
    install(&test.store, "1.0.0").await;
    let before = test.store.plugins().await.unwrap();
    assert_eq!(test.reopen().store.plugins().await.unwrap(), before);
}
