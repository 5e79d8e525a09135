use std::{fs, os::unix::fs::symlink};

use serde_json::json;
use wharf_guests::{FILES, INNOCENT};

use crate::support::{Running, Service, TestHost};

fn host() -> Running {
    let host = TestHost::new().with(Service::of(&FILES).set("data", "\"files\"")).with(Service::of(&INNOCENT));
    let files = host.path().join("files");
    fs::create_dir(&files).expect("a directory can be made");
    fs::write(host.path().join("outside"), "outside").expect("a file can be written");
    symlink("../outside", files.join("link")).expect("a link can be made");
    symlink("/etc", files.join("etc")).expect("a link can be made");
    host.start()
}

fn ask(host: &Running, what: &str, path: &str, to: &str) -> (u16, String) {
    let answer = host.post(&format!("/s/files/{what}")).body(json!({"path": path, "to": to}).to_string()).send();
    (answer.status, answer.text())
}

#[test]
fn a_granted_directory_is_read_and_written_and_outlives_the_call() {
    let host = host();
    assert_eq!(ask(&host, "write", "/data/a", "hello").0, 200);
    assert_eq!(ask(&host, "read", "/data/a", ""), (200, "hello".to_owned()));
    assert_eq!(ask(&host, "list", "/data", ""), (200, "a etc link".to_owned()));
    assert_eq!(fs::read_to_string(host.path().join("files/a")).expect("the file is there"), "hello");
    host.stop();
}

#[test]
fn no_path_leads_out_of_it() {
    let host = host();
    ask(&host, "write", "/data/a", "hello");
    let outside = [
        "/data/../outside",
        "/data/link",
        "/data/etc/hostname",
        "/etc/hostname",
        "../outside",
        "outside",
        "/data/./../../outside",
        "/data/etc/../outside",
        "/",
        "/proc/self/environ",
    ];
    for path in outside {
        for what in ["read", "write", "list", "remove"] {
            // A link itself is in the directory and may be removed; what it leads to may not be reached.
            if (what, path) != ("remove", "/data/link") {
                assert_eq!(ask(&host, what, path, "x").0, 409, "{what} {path}");
            }
        }
        // A link that is renamed over is replaced, and what it led to is not touched.
        for what in ["rename", "link"] {
            if (what, path) != ("rename", "/data/link") {
                assert_eq!(ask(&host, what, "/data/a", path).0, 409, "{what} to {path}");
            }
        }
    }
    assert_eq!(fs::read_to_string(host.path().join("outside")).expect("it is there"), "outside");
    host.assert_serves_others();
    host.stop();
}

#[test]
fn without_a_grant_there_is_nothing() {
    let host = TestHost::new().with(Service::of(&FILES)).start();
    for path in ["/data", "/", "."] {
        assert_eq!(ask(&host, "list", path, "").0, 409, "{path}");
    }
    assert_eq!(ask(&host, "write", "/data/a", "x").0, 409);
    host.stop();
}
