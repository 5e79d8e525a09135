//! Behind TLS the cookie's name protects it.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{CODE, HOST, unstarted};
use crate::{
    request::listen::tls::{first_pair, shake_hands},
    support::{Platform, Running, http2::runtime},
};

/// GET over TLS; the whole answer as text.
fn get(host: &Running, target: &str, cookie: &str) -> String {
    runtime().block_on(async {
        let mut stream = shake_hands(host.address, "first", b"http/1.1").await.expect("hands are shaken");
        let request = format!("GET {target} HTTP/1.1\r\nhost: {HOST}\r\ncookie: {cookie}\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("the host reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("the connection ends cleanly");
        answer
    })
}

#[test]
fn the_cookie_is_for_https_and_this_host_alone() {
    let platform = Platform::new();
    let host = first_pair(unstarted(&platform)).start();
    let answer = get(&host, &format!("/?appAuthCode={CODE}"), "a=b");
    let set = answer.lines().find_map(|line| line.strip_prefix("set-cookie: ")).expect("a cookie is set");
    let token = set.strip_prefix("__Host-wharf-desk=").and_then(|rest| rest.split(';').next()).expect("it has a value");
    assert!(set.ends_with("; Path=/; Max-Age=28800; HttpOnly; SameSite=Lax; Secure"), "{set}");
    let page = get(&host, "/", &format!("__Host-wharf-desk={token}; a=b"));
    assert!(page.starts_with("HTTP/1.1 200 ") && page.contains("app test_app ") && !page.contains(token), "{page}");
    // A sibling host name could have set this one.
    let page = get(&host, "/", &format!("wharf-desk={token}"));
    assert!(page.starts_with("HTTP/1.1 403 "), "{page}");
    let log = host.stop();
    assert_eq!(log.lines().iter().filter(|line| line.message().contains("plain name")).count(), 0);
}
