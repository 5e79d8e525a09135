use wharf_guests::FLOOD;

use super::host;
use crate::limits::{Row, assert_limit};

/// Writes a thousand lines where it may write five: the caller sees nothing of it.
pub(crate) fn over_its_lines(row: &Row) {
    assert_eq!(row.sees(), "nothing");
    let host = host(&FLOOD, &[("log-lines", "5")]);
    assert_eq!(host.get("/s/flood/").send().text(), "done");
    let dropped = host.log().find("that lines were dropped", |line| line.message().contains("more log lines"));
    assert_eq!((assert_limit(&dropped, "log-lines", 5), dropped.field("dropped").as_str()), (1_000, "995"));
    assert_eq!(host.metric("wharf_limit_hits_total{service=\"flood\",limit=\"log-lines\"}"), 1);
    host.assert_serves_others();
    let written = host.stop().lines().iter().filter(|line| line.message().starts_with("flood line")).count();
    assert_eq!(written, 5);
}

/// One line of texts that are too long, and of too many.
pub(crate) fn over_its_text(row: &Row) {
    assert_eq!(row.sees(), "nothing");
    let [length, fields] = row.numbers();
    let host = host(&FLOOD, &[]);
    assert_eq!(host.get(&format!("/s/flood/wide/{}/{}", length + 3, fields + 1)).send().text(), "done");
    let line = host.log().find("the wide line", |line| line.field("target") == "plugin");
    let cut = format!("{}… (3 bytes more)", "x".repeat(length));
    assert_eq!(line.message(), cut);
    let written: serde_json::Value = serde_json::from_str(&line.field("fields")).expect("fields are an object");
    assert_eq!((written.as_object().map(serde_json::Map::len), written["f0"].as_str()), (Some(fields), Some(cut.as_str())));
    host.assert_serves_others();
    host.stop();
}

#[test]
fn a_plugin_cannot_forge_a_line() {
    let host = host(&FLOOD, &[]);
    assert_eq!(host.get("/s/flood/forge").send().text(), "done");
    let line = host.log().find("the honest line", |line| line.message().starts_with("honest"));
    assert_eq!(line.field("target"), "plugin");
    assert!(host.log().lines().iter().all(|line| line.message() != "forged"), "{}", host.log().text());
    assert!(!host.stop().text().contains('\u{1b}'));
}

#[test]
fn what_is_printed_without_end_is_cut_too() {
    // Time enough: work that takes long has the lowest priority, and this is not about it.
    let host = host(&FLOOD, &[("log-lines", "5"), ("cpu", "10s"), ("wall", "1m")]);
    let printing = host.get("/s/flood/print").open();
    host.assert_serves_others();
    assert_eq!(printing.finish().text(), "done");
    let log = host.stop().text();
    assert!(log.len() < 100_000, "4 MB printed are {} bytes of log", log.len());
    assert!(log.contains("bytes dropped"), "{log}");
}
