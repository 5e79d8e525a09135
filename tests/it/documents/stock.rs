use std::fs;

use wharf_guests::PROXY;

use super::blocks;
use crate::support::{TestHost, wharf};

#[test]
fn a_stock_component_is_installed_with_the_manifest_as_printed() {
    let [manifest] = &blocks("docs/stock.md", "toml")[..] else { panic!("there is one manifest") };
    let host = TestHost::new().section("[services.shop]\nplugin = \"acme/shop\"");
    host.write();
    fs::copy(PROXY.component, host.path().join("component.wasm")).expect("a component can be copied");
    fs::write(host.path().join("plugin.toml"), manifest).expect("a manifest can be written");
    for command in ["plugin install component.wasm --manifest plugin.toml", "check"] {
        wharf(command.split(' ')).within(host.path()).run().ok();
    }
    let host = host.serve();
    assert_eq!(host.get("/s/shop/seen").send().status, 200);
    host.post("/s/shop/orders/7").body("").send().assert(401, "WH2001");
    host.stop();
}
