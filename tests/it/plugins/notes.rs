//! `notes`: as its README says, over real sockets, with the host's stores and another server to share notes with.

use std::fs;

use serde_json::{Value, json};

use super::{header, json as sent, start};
use crate::support::{
    Answer, Running,
    server::{Reply, Sent, Server},
};

const NOTES: &str = env!("WHARF_PLUGIN_NOTES");
const STORES: &str = "kv = { stores = [\"notes\"] }\n";

fn user(host: &Running, app: &str, id: &str) -> String {
    header(host, "notes", app, Some((id, "user")))
}

#[track_caller]
fn add(host: &Running, who: &str, text: &str) -> Value {
    let added = sent(host.post("/s/notes/notes"), who, json!({"text": text}));
    let note = read(&added, 201);
    let id = note["id"].as_str().expect("a note has an id");
    assert_eq!(added.header("location"), Some(format!("notes/{id}").as_str()));
    note
}

/// A note that is answered, and its version as its tag.
#[track_caller]
fn read(answer: &Answer, status: u16) -> Value {
    assert_eq!((answer.status, answer.header("content-type")), (status, Some("application/json")), "{}", answer.text());
    let note = answer.json();
    assert_eq!(answer.header("etag"), Some(tag(&note).as_str()));
    note
}

fn tag(note: &Value) -> String {
    format!("\"{}\"", note["version"])
}

fn path(note: &Value) -> String {
    format!("/s/notes/notes/{}", note["id"].as_str().expect("a note has an id"))
}

/// The status, and the plugin's own code where it refuses.
fn outcome(answer: &Answer) -> (u16, Option<String>) {
    let code = (answer.status >= 400).then(|| answer.json()["error"]["code"].as_str().unwrap_or_default().to_owned());
    (answer.status, code)
}

fn refused(status: u16, code: &str) -> (u16, Option<String>) {
    (status, Some(code.to_owned()))
}

#[test]
fn notes_are_kept_changed_and_removed_and_outlive_the_host() {
    let host = start("notes", NOTES, "", STORES);
    let ada = user(&host, "shop", "1");
    let (milk, tea) = (add(&host, &ada, "milk"), add(&host, &ada, "tea"));
    assert_eq!((&milk["text"], &tea["text"]), (&json!("milk"), &json!("tea")));
    let changed = read(&sent(host.request("PUT", &path(&milk)), &ada, json!({"text": "oat milk"})), 200);
    assert_eq!((&changed["id"], &changed["text"]), (&milk["id"], &json!("oat milk")));
    assert_ne!(changed["version"], milk["version"]);

    let host = host.stopped().serve();
    let get = |path: &str| host.get(path).header("ocean-auth", &ada).send();
    assert_eq!(read(&get(&path(&milk)), 200), changed);
    assert_eq!(get("/s/notes/notes").json(), json!({"notes": [milk["id"], tea["id"]], "next": null}));
    let first = get("/s/notes/notes?limit=1").json();
    assert_eq!(first["notes"], json!([milk["id"]]));
    let rest = get(&format!("/s/notes/notes?limit=1&after={}", first["next"].as_str().expect("a place to go on"))).json();
    assert_eq!(rest, json!({"notes": [tea["id"]], "next": null}));
    let delete = || host.request("DELETE", &path(&milk)).header("ocean-auth", &ada).send();
    let removed = delete();
    assert_eq!((removed.status, removed.body.len()), (204, 0));
    assert_eq!((outcome(&delete()), outcome(&get(&path(&milk)))), (refused(404, "not_found"), refused(404, "not_found")));
    assert_eq!(outcome(&sent(host.request("PUT", &path(&milk)), &ada, json!({"text": "gone"}))), refused(404, "not_found"));
    host.stop();
}

#[test]
fn a_change_for_another_version_is_refused() {
    let host = start("notes", NOTES, "", STORES);
    let ada = user(&host, "shop", "1");
    let note = add(&host, &ada, "milk");
    let put = |tag: &str| sent(host.request("PUT", &path(&note)).header("if-match", tag), &ada, json!({"text": "tea"}));
    let delete = |tag: &str| host.request("DELETE", &path(&note)).header("ocean-auth", &ada).header("if-match", tag).send();
    let changed = read(&put(&tag(&note)), 200);
    assert_eq!(outcome(&put(&tag(&note))), refused(412, "precondition_failed"), "somebody else was quicker");
    assert_eq!(outcome(&put("tea")), refused(400, "bad_request"));
    assert_eq!(outcome(&delete(&tag(&note))), refused(412, "precondition_failed"));
    assert_eq!(read(&host.get(&path(&note)).header("ocean-auth", &ada).send(), 200), changed);
    assert_eq!(delete(&tag(&changed)).status, 204);
    host.stop();
}

#[test]
fn nobody_else_sees_a_note_and_nobody_keeps_too_many() {
    let host = start("notes", NOTES, "", &format!("{STORES}config = {{ max-notes = 1 }}\n"));
    let ada = user(&host, "shop", "1");
    let note = add(&host, &ada, "secret");
    for other in [user(&host, "shop", "2"), user(&host, "other", "1")] {
        let get = |path: &str| host.get(path).header("ocean-auth", &other).send();
        assert_eq!(outcome(&get(&path(&note))), refused(404, "not_found"));
        assert_eq!(get("/s/notes/notes").json(), json!({"notes": [], "next": null}));
    }
    assert_eq!(outcome(&sent(host.post("/s/notes/notes"), &ada, json!({"text": "one more"}))), refused(409, "conflict"));
    host.get("/s/notes/notes").header("ocean-auth", header(&host, "notes", "shop", None)).send().assert(403, "WH2003");
    let nobody = host.get("/s/notes/notes").send();
    assert_eq!((nobody.status, nobody.text().contains("\"notes\"")), (401, false));
    host.stop();
}

#[test]
fn a_note_is_shared_with_the_server_of_the_operators_choice() {
    let board = Server::new(|sent: &Sent| {
        let full = String::from_utf8_lossy(&sent.body).contains("too much");
        Reply::new(if full { "507 Insufficient Storage" } else { "204 No Content\r\nconnection: close" }, "")
    });
    let tables = format!(
        "{STORES}config = {{ share-url = {:?} }}\nsecrets = {{ board-token = {{ file = \"notes.token\" }} }}\n\
         [services.notes.http-out]\nhosts = [\"{}\"]\nprivate = [\"127.0.0.1\"]\n\
         inject = [{{ host = \"127.0.0.1\", header = \"authorization\", secret = \"board-token\" }}]\n",
        board.url("/in?box=7"),
        board.address,
    );
    let host = start("notes", NOTES, "", &tables);
    let ada = user(&host, "shop", "1");
    let share = |note: &str| host.post(&format!("{note}/share")).header("ocean-auth", &ada).send();
    let note = add(&host, &ada, "milk");
    assert_eq!(share(&path(&note)).status, 204, "{}", host.log().text());
    let sent = &board.sent()[0];
    let body: Value = serde_json::from_slice(&sent.body).expect("a note is JSON");
    assert_eq!((sent.line.as_str(), &body), ("POST /in?box=7", &note));
    let token = fs::read_to_string(host.path().join("notes.token")).expect("the secret can be read");
    assert_eq!((sent.header("content-type"), sent.header("authorization")), (Some("application/json"), Some(token.as_str())));
    assert_eq!(sent.header("ocean-auth"), None);

    assert_eq!(outcome(&share("/s/notes/notes/00000000000000000099")), refused(404, "not_found"));
    assert_eq!(board.sent().len(), 1, "what is not there is not sent");
    let large = add(&host, &ada, "too much");
    share(&path(&large)).assert(502, "WH2301");
    assert!(host.log().code("WH2301").text().contains("the other server answered 507"), "{}", host.log().text());
    assert!(!host.stop().text().contains(&token), "a secret is in the log");
}

#[test]
fn what_the_operator_does_not_set_up_cannot_be_shared() {
    let board = Server::new(|_: &Sent| Reply::new("204 No Content", ""));
    let host = start("notes", NOTES, "", STORES);
    let ada = user(&host, "shop", "1");
    let note = path(&add(&host, &ada, "milk"));
    assert_eq!(outcome(&host.post(&format!("{note}/share")).header("ocean-auth", &ada).send()), refused(501, "not_set_up"));
    host.stop();

    // An address without the grant of it.
    let host = start("notes", NOTES, "", &format!("{STORES}config = {{ share-url = {:?} }}\n", board.url("/in")));
    let ada = user(&host, "shop", "1");
    let note = path(&add(&host, &ada, "milk"));
    host.post(&format!("{note}/share")).header("ocean-auth", &ada).send().assert(502, "WH2301");
    assert!(host.log().code("WH2301").text().contains("http-out.denied"), "{}", host.log().text());
    host.stop();
    assert!(board.sent().is_empty());
}
