//! The handlers natively; limits, identity and the network are the host's, and tested with it.

use wharf_sdk::testing::TestHost;

use super::*;

fn host() -> TestHost {
    TestHost::new(routes())
}

#[test]
fn whoever_calls_is_shown_as_the_host_proved_it() {
    let nobody: serde_json::Value = host().get("/whoami").json();
    assert_eq!((&nobody["scheme"], &nobody["app"], &nobody["user"]), (&"anonymous".into(), &().into(), &().into()));
    let ada: serde_json::Value = host().app("sample_app").user("u1").scope("read").get("/whoami").json();
    assert_eq!((&ada["scheme"], &ada["app"], &ada["user"]["id"]), (&"ocean-auth".into(), &"sample_app".into(), &"u1".into()));
    assert_eq!(ada["scopes"], serde_json::json!(["read"]));
}

#[test]
fn a_body_comes_back_under_its_own_type() {
    for path in ["/echo", "/pump"] {
        let response = host().request("POST", path).header("Content-Type", "text/plain").body("hello").send();
        assert_eq!((response.status, response.header("content-type"), response.text()), (200, Some("text/plain"), "hello"));
        let large = vec![7; 3 * PIECE + 1];
        let response = host().request("POST", path).reader(std::io::Cursor::new(large.clone())).send();
        assert!(response.body == large && !response.cut, "{path}");
        assert_eq!(response.header("content-type"), Some("application/octet-stream"));
        assert!(host().post(path, "").body.is_empty());
    }
}

#[test]
fn a_sender_that_leaves_cuts_the_reply() {
    /// After so many bytes.
    struct Leaves(usize);
    impl std::io::Read for Leaves {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            let bytes = std::mem::take(&mut self.0).min(into.len());
            if bytes == 0 { Err(std::io::ErrorKind::ConnectionReset.into()) } else { Ok(bytes) }
        }
    }
    // Before the reply has begun there is nothing to cut.
    for (bytes, cut) in [(PIECE, true), (0, false)] {
        let response = host().request("POST", "/pump").reader(Leaves(bytes)).send();
        assert_eq!((response.cut, response.body.len()), (cut, bytes));
        assert_eq!(response.failure().map(Error::code), Some("body.gone"));
    }
}

#[test]
fn as_many_bytes_come_as_were_asked_for() {
    for bytes in [0, 1, PIECE, PIECE + 1, 10 * PIECE] {
        let response = host().get(&format!("/stream?bytes={bytes}"));
        assert_eq!((response.status, response.body.len(), response.cut), (200, bytes, false));
    }
    assert_eq!(host().get("/stream").status, 400);
    assert_eq!(host().get("/stream?bytes=-1").status, 400);
}
