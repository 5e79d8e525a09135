use std::time::Duration;

use wharf::manifest::{Manifest, Need, Subscribed};

use super::blocks;

/// And it has every section that the document has a table of.
#[test]
fn the_complete_example_is_a_manifest() {
    let [text] = &blocks("docs/manifest.md", "toml")[..] else { panic!("there is one example") };
    let manifest = Manifest::parse(text).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(manifest.id.to_string(), "acme/notes");
    let [get, put, delete] = &manifest.routes[..] else { panic!("{:?}", manifest.routes) };
    assert_eq!((get.auth, put.subscribed, put.timeout), (Need::AppUser, Subscribed::Known, Some(Duration::from_secs(5))));
    assert_eq!(delete.scopes, ["notes:write"]);
    assert_eq!((manifest.permissions.len(), manifest.settings.len()), (2, 1));
    assert!(manifest.min_host.is_some() && manifest.limits.memory.is_some());
}
