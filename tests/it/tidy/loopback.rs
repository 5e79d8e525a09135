//! Servers of tests and benches are for this machine alone. What the binary opens for a test is looked at where it is started
//! (`support/process.rs`).

use super::source::rust;

/// Who opens an address that does not stand beside it.
const EXCEPTIONS: [(&str, &str); 2] = [
    ("host/src/host.rs", "the address is the operator's"),
    ("host/src/cli/demo/mod.rs", "the address is put together one line above"),
];

#[test]
fn whoever_listens_does_so_on_loopback() {
    // In pieces, so that this file does not hold them.
    let calls = [concat!("TcpListener::", "bind("), concat!("UdpSocket::", "bind(")];
    let loopback = ["(\"127.0.0.1:", "127, 0, 0, 1", "Ipv4Addr::LOCALHOST"];
    let (mut open, mut wrong) = (0, Vec::new());
    for source in ["tests", "host", "sdk", "plugins"].iter().flat_map(|folder| rust(folder)) {
        for (at, _) in calls.iter().flat_map(|call| source.text.match_indices(call)) {
            let whole = source.text[at..].split(';').next().unwrap_or_default();
            open += 1;
            if !loopback.iter().any(|address| whole.contains(address)) {
                wrong.push(source.path.clone());
            }
        }
    }
    wrong.retain(|path| EXCEPTIONS.iter().all(|(exception, _)| exception != path));
    assert!(open > 10, "only {open} listeners are found");
    assert!(wrong.is_empty(), "not on loopback, as far as can be seen: {wrong:?}");
}
