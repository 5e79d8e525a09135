//! The handlers natively, against the contract's stores in memory.

use serde_json::{Value, json};
use wharf_sdk::testing::{TestHost, TestResponse};

use super::*;

fn host() -> TestHost {
    TestHost::new(routes()).setting("max-notes", 3).setting("share-url", Value::Null).app("sample_app").user("ada")
}

fn add(host: &TestHost, text: &str) -> TestResponse {
    host.request("POST", "/notes").json(&json!({"text": text})).send()
}

fn id(response: &TestResponse) -> String {
    response.json::<Value>()["id"].as_str().unwrap().to_owned()
}

fn ids(host: &TestHost, path: &str) -> Value {
    host.get(path).json()
}

#[test]
fn a_note_is_added_read_changed_and_removed() {
    let host = host();
    let added = add(&host, "milk");
    let id = id(&added);
    assert_eq!((added.status, added.header("location")), (201, Some(format!("notes/{id}").as_str())));
    let path = format!("/notes/{id}");
    let read = host.get(&path);
    assert_eq!(read.json::<Value>(), json!({"id": id, "text": "milk", "version": 1}));
    assert_eq!(read.header("etag"), Some("\"1\""));
    let changed = host.request("PUT", &path).json(&json!({"text": "oat milk"})).send();
    assert_eq!(changed.json::<Value>(), json!({"id": id, "text": "oat milk", "version": 2}));
    assert_eq!(host.delete(&path).status, 204);
    assert_eq!((host.get(&path).status, host.delete(&path).status), (404, 404));
    assert_eq!(host.request("PUT", &path).json(&json!({"text": "gone"})).send().status, 404);
}

#[test]
fn a_change_for_another_version_is_refused() {
    let host = host();
    let path = format!("/notes/{}", id(&add(&host, "milk")));
    let put = |tag: &str| host.request("PUT", &path).header("If-Match", tag).json(&json!({"text": "tea"})).send().status;
    assert_eq!((put("\"7\""), put("1"), put("\"1\""), put("\"1\"")), (412, 400, 200, 412));
    let delete = |tag: &str| host.request("DELETE", &path).header("If-Match", tag).send().status;
    assert_eq!((delete("\"1\""), delete("\"2\"")), (412, 204));
}

#[test]
fn notes_are_listed_in_the_order_they_came_and_by_pages() {
    let host = host();
    let all: Vec<String> = ["a", "b", "c"].iter().map(|text| id(&add(&host, text))).collect();
    assert_eq!(ids(&host, "/notes"), json!({"notes": all, "next": null}));
    assert_eq!(ids(&host, "/notes?limit=2"), json!({"notes": all[..2], "next": all[1]}));
    assert_eq!(ids(&host, &format!("/notes?limit=2&after={}", all[1])), json!({"notes": all[2..], "next": null}));
}

#[test]
fn a_user_keeps_no_more_than_the_operator_allows() {
    let host = host();
    let first = id(&add(&host, "1"));
    assert_eq!((add(&host, "2").status, add(&host, "3").status, add(&host, "4").status), (201, 201, 409));
    assert_eq!(host.delete(&format!("/notes/{first}")).status, 204);
    let fourth = add(&host, "4");
    assert_eq!(fourth.status, 201);
    // An id is never given out twice, or a link to a removed note would show another one.
    assert_ne!(id(&fourth), first);
}

#[test]
fn nobody_sees_what_another_user_or_another_app_keeps() {
    let ada = host();
    let path = format!("/notes/{}", id(&add(&ada, "secret")));
    let others = [
        ada.clone().user("bob"),
        ada.clone().app("other_app"),
        // Ids that would run into one another if they stood in the key as they are.
        ada.clone().user("ada/00000000000000000001"),
        ada.clone().user("3:ada"),
        ada.clone().user(""),
    ];
    for other in others {
        assert_eq!(other.get(&path).status, 404);
        assert_eq!(ids(&other, "/notes"), json!({"notes": [], "next": null}));
        assert_eq!(other.delete(&path).status, 404);
    }
    assert_eq!(ada.get(&path).status, 200);
}

#[test]
fn a_full_store_is_a_failure_and_not_an_answer() {
    let response = add(&host().kv_quota(10), "milk");
    assert_eq!((response.status, response.failure().map(Error::code)), (502, Some("kv.quota")));
    assert_eq!(host().post("/notes", "milk").status, 400);
}

#[test]
fn a_note_is_shared_where_the_operator_says() {
    let host = host();
    let note = id(&add(&host, "milk"));
    let share = |host: &TestHost, id: &str| host.post(&format!("/notes/{id}/share"), "");
    assert_eq!(share(&host, &note).status, 501);
    let host = host.setting("share-url", "https://board.example/in").http("https://board.example/in", |sent| {
        assert_eq!((sent.method.as_str(), sent.timeout), ("POST", Some(PATIENCE)));
        let sent: Value = serde_json::from_slice(&sent.body)?;
        let full = sent["text"] == "full";
        Ok(wharf_sdk::Response::new(if full { 507 } else { 204 }))
    });
    assert_eq!((share(&host, &note).status, share(&host, "7").status), (204, 404));
    let refused = share(&host, &id(&add(&host, "full")));
    assert_eq!((refused.status, refused.failure().map(Error::code)), (502, Some("http-out.status")));
}
