//! Bodies that are not what a call expects: refused in the platform's shape, told nothing back, and the host goes on.

use serde_json::json;

use super::{Embedded, host, refused};

/// What must never come back: clients of 2015 put an error's text into their pages.
const HOSTILE: &str = "<img src=x onerror=alert(1)>";

#[test]
fn hostile_bodies_are_refused_and_nothing_of_them_comes_back() {
    let host = host().start();
    let platform = Embedded(&host);
    let (app, _) = platform.app("a1");
    platform.subscribed("a1", "user");
    let service = platform.service_token("user");
    let password = super::text(&platform.wharf(["developer", "create", "ada@example.com"])["password"]);
    let login = json!({"email": "ada@example.com", "password": password});
    let login = super::entities(&platform.send("POST", "/public/login", "", &login));
    let developer = super::text(&login[0]["accessTokenCode"]);
    let users = format!("/service/app/{app}/users");

    let deep = format!("{{\"accountName\":{}{}}}", "[".repeat(5_000), "]".repeat(5_000));
    let many: String = (0..1_000).map(|number| format!("a{number}=1&")).collect();
    let bodies: Vec<(&str, Vec<u8>)> = vec![
        ("application/json", b"".to_vec()),
        ("application/json", b"null".to_vec()),
        ("application/json", b"[]".to_vec()),
        ("application/json", b"\"text\"".to_vec()),
        ("application/json", b"{\"accountName\":".to_vec()),
        ("application/json", br#"{"accountName":"a","accountName":"b"}"#.to_vec()),
        ("application/json", br#"{"accountName":{"$gt":""}}"#.to_vec()),
        ("application/json", br#"{"accountName":"\ud800"}"#.to_vec()),
        ("application/json", b"{\"accountName\":\"\xff\"}".to_vec()),
        ("application/json", b"\xef\xbb\xbf{\"accountName\":\"a\"}".to_vec()),
        ("application/json", deep.into_bytes()),
        ("application/json", json!({"accountName": "x".repeat(10_000)}).to_string().into_bytes()),
        ("application/json", json!({"accountName": format!("{HOSTILE}\u{202e}")}).to_string().into_bytes()),
        ("application/x-www-form-urlencoded", b"accountName=%".to_vec()),
        ("application/x-www-form-urlencoded", b"accountName=%ff".to_vec()),
        ("application/x-www-form-urlencoded", b"accountName=a&accountName=b".to_vec()),
        ("application/x-www-form-urlencoded", b"accountName[]=a".to_vec()),
        ("application/x-www-form-urlencoded", many.into_bytes()),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\n".to_vec()),
        ("text/xml", b"<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><x>&e;</x>".to_vec()),
    ];
    for (kind, body) in &bodies {
        let answer = platform.call("POST", &users, &service).header("content-type", kind).body(body).send();
        refused(&answer, 400, "wharf.badRequest");
    }
    let huge = platform.call("POST", &users, &service).body(vec![b'{'; 1 << 20]).send();
    refused(&huge, 413, "wharf.bodyTooLarge");

    // In every field and place, back comes a fixed text.
    let everywhere = [
        platform.send("POST", "/public/register", "", &json!({"email": HOSTILE, "password": "x", "invitationCode": HOSTILE})),
        platform.send("POST", "/public/login", "", &json!({"email": HOSTILE, "password": HOSTILE})),
        platform.send("POST", "/developer/apps", &developer, &json!({"key": HOSTILE, "name": HOSTILE})),
        platform.send(
            "POST",
            "/developer/services",
            &developer,
            &json!({"key": "k", "name": "n", "signKey": "s", "serviceApiAddress": HOSTILE}),
        ),
        platform.get("/public/ocean_context/%3Cimg%20src=x%3E", HOSTILE),
        platform.get("/service/message/%3Cimg%20src=x%3E", &service),
        platform.get("/%3Cimg%20src=x%3E", ""),
        platform.get("/service/messages", HOSTILE),
    ];
    for answer in everywhere {
        assert_eq!(answer.json()["success"], false);
        assert!(!answer.text().contains('<'), "{}", answer.text());
    }
    assert_eq!(platform.get("/service/messages", &service).status, 200);
    host.stop();
}
