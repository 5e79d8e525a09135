//! The table of steps in `host/src/lib.rs`, where a reader begins.

use super::source::rust;

/// A stop that it does not name is one that nobody finds.
#[test]
fn the_table_names_every_stop_of_a_request() {
    let sources = rust("host/src");
    let text = |path: &str| &sources.iter().find(|source| source.path == path).unwrap_or_else(|| panic!("no {path}")).text;
    let (table, stops) = (text("host/src/lib.rs"), text("host/src/request/mod.rs"));
    let stops: Vec<&str> =
        stops.lines().filter_map(|line| line.strip_prefix("pub mod ")).map(|stop| stop.trim_end_matches(';')).collect();
    assert!(stops.len() > 10, "{stops:?}");
    let missing: Vec<&&str> = stops.iter().filter(|stop| !table.contains(&format!("[`request::{stop}`]"))).collect();
    assert!(missing.is_empty(), "the table of steps names none of {missing:?}");
}
