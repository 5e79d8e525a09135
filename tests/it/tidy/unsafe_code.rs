//! Where unsafe code is allowed, and nowhere else.

use super::source::rust;

/// Each with its reason beside it. The host loads what it has compiled itself, and sets a thread's policy; of the SDK it is a
/// component's raw memory and its exports.
const ALLOWED: [&str; 4] =
    ["host/src/runtime/artifact.rs", "host/src/runtime/lanes.rs", "sdk/macros/src/service.rs", "sdk/src/lib.rs"];

#[test]
fn unsafe_code_is_where_the_list_has_it() {
    let found: Vec<String> = ["host", "sdk", "plugins"]
        .into_iter()
        .flat_map(rust)
        .filter(|source| source.code().contains("unsafe_code"))
        .map(|source| source.path)
        .collect();
    assert_eq!(found, ALLOWED);
}
