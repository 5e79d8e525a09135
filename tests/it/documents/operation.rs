use std::fs;

use super::blocks;
use crate::readme::{directory, run};

const DOCUMENT: &str = "docs/operation.md";

/// With TLS as the document has it, and the README's plugin at hand.
#[test]
fn commands_and_configuration_work_as_printed() {
    let here = directory();
    let here = here.path();
    fs::write(here.join("wharf.toml"), blocks(DOCUMENT, "toml").concat()).expect("a configuration can be written");
    for (file, pem) in
        [("wharf.crt", include_str!("../../data/tls/first.crt")), ("wharf.tls.key", include_str!("../../data/tls/first.key"))]
    {
        fs::write(here.join(file), pem).expect("a file can be written");
    }
    run(here, "wharf check");
    for line in blocks(DOCUMENT, "sh").iter().flat_map(|block| block.lines()) {
        let said = run(here, line);
        assert_eq!(said.is_empty(), line.contains('>'), "`{line}` says {said:?}");
    }
    assert_eq!(run(here, "wharf plugin list --format json").trim(), "[]");
    assert!(fs::read_to_string(here.join("wharf.bash")).is_ok_and(|script| script.contains("wharf")));
}
