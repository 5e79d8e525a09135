//! What the READMEs of the shipped plugins tell an operator to write works as printed.

use std::fs;

use crate::support::{TestHost, wharf};

const PLUGINS: [(&str, &str, &str); 4] = [
    ("notes", env!("WHARF_PLUGIN_NOTES"), include_str!("../../../plugins/notes/README.md")),
    ("crud", env!("WHARF_PLUGIN_CRUD"), include_str!("../../../plugins/crud/README.md")),
    ("user", env!("WHARF_PLUGIN_USER"), include_str!("../../../plugins/user/README.md")),
    ("blog", env!("WHARF_PLUGIN_BLOG"), include_str!("../../../plugins/blog/README.md")),
];

/// The blocks of configuration, as one.
fn toml(readme: &str) -> String {
    let fenced = readme.split("```").skip(1).step_by(2);
    fenced.filter_map(|block| block.strip_prefix("toml\n")).collect()
}

#[test]
fn the_configuration_is_one_that_the_host_takes() {
    for (name, component, readme) in PLUGINS {
        let text = toml(readme);
        assert!(text.contains(&format!("[services.{name}]")), "the README of `{name}` shows no configuration");
        let host = TestHost::new().section("[platform]\nmode = \"embedded\"\n").section(&text);
        for secret in ["notes.key", "board.token", "crud.key", "user.key", "blog.key"] {
            fs::write(host.path().join(secret), format!("a secret called {secret}")).expect("a file can be written");
        }
        host.write();
        wharf(["plugin", "install", component]).within(host.path()).run().ok();
        wharf(["check"]).within(host.path()).run().ok();
    }
}
