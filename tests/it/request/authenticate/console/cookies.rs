//! Whose cookies are whose.

use super::{CODE, assert_private, get, open, unstarted};
use crate::support::Platform;

#[test]
fn a_plugin_sees_its_own_cookies_and_not_the_hosts() {
    let platform = Platform::new();
    let host = unstarted(&platform).start();
    let cookie = open(&host, CODE);
    let page = get(&host, "/", &format!("theme=dark; {cookie}; __Host-wharf-desk=x; wharf-other=y; a=b")).send().text();
    assert!(page.contains("header cookie: theme=dark;") && page.contains("a=b"), "{page}");
    assert!(!page.contains("wharf-"), "{page}");
    let page = get(&host, "/", &cookie).send().text();
    assert!(!page.contains("header cookie"), "{page}");
    // Nor where the service has another host name of its own.
    let page = host.get("/api").at("desk.localhost").header("cookie", format!("{cookie}; a=b")).send().text();
    assert!(page.contains("header cookie: a=b\n") && !page.contains("wharf-"), "{page}");
    host.stop();
}

#[test]
fn a_plugin_sets_none_of_the_hosts_cookies_and_none_for_other_hosts() {
    let platform = Platform::new();
    let host = unstarted(&platform).start();
    let cookie = open(&host, CODE);
    let answer = get(&host, "/grab", &cookie).send();
    let set: Vec<&str> =
        answer.headers.iter().filter(|(name, _)| name == "set-cookie").map(|(_, value)| value.as_str()).collect();
    assert_eq!((answer.status, set), (200, vec!["theme=dark; Path=/"]));
    assert_private(&answer);
    assert_eq!(get(&host, "/", &cookie).send().status, 200);
    host.stop();
}
