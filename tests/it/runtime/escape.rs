use std::{io::ErrorKind, net::TcpListener, path::Path};

use wharf_guests::ESCAPE;

use super::host;

#[test]
fn a_plugin_without_permissions_reaches_nothing_outside() {
    let host = host(&ESCAPE, &[]);
    let target = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    target.set_nonblocking(true).expect("a listener can be made non-blocking");
    let address = target.local_addr().expect("a listener has an address").to_string();
    let call = host.get("/s/escape/").header("x-target", &address).open();
    host.assert_serves_others();
    let answer = call.finish();
    assert_eq!(answer.status, 200, "{}\n{}", answer.text(), host.log().text());
    let tried = answer.json();
    let tried = tried.as_array().expect("a list");
    assert!(tried.len() > 10);
    for one in tried {
        assert_eq!(one["got"], serde_json::Value::Null, "the plugin could {}", one["what"]);
    }
    assert_eq!(target.accept().map(drop).map_err(|error| error.kind()), Err(ErrorKind::WouldBlock), "somebody connected");
    assert!(!Path::new("/tmp/wharf-escaped").exists());
    assert!(!host.path().join("wharf-escaped").exists());
    host.assert_serves_others();
    host.stop();
}
