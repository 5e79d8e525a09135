use std::path::Path;

use rustix::process::Signal;
use serde_json::{Value, json};
use wharf::config::{Config, KvGrant};
use wharf_guests::{INNOCENT, KEEP};

use crate::{
    limits::{Row, assert_told},
    support::{Running, Service, TestHost},
};

fn host(kv: &str) -> Running {
    let keep = Service::of(&KEEP).security_key("a key of the keep service's own").set("kv", kv);
    TestHost::new().operation().with(keep).with(Service::of(&INNOCENT)).start()
}

fn as_app(host: &Running, app: &str) -> String {
    host.wharf(["ocean-auth", "mint", "--key-file", "keep.key", "--app", app]).ok().trim().to_owned()
}

#[track_caller]
fn run(host: &Running, header: Option<&str>, task: &Value) -> Value {
    let request = host.post("/s/keep/");
    let request = if let Some(header) = header { request.header("Ocean-Auth", header) } else { request };
    let answer = request.body(task.to_string()).send();
    assert_eq!(answer.status, 200, "{}\n{}", answer.text(), host.log().text());
    answer.json()
}

fn put(key: &str, value: &str) -> Value {
    json!({"store": "own", "changes": [{"key": key, "value": value}]})
}

fn get(key: &str) -> Value {
    json!({"store": "own", "get": key})
}

#[test]
fn what_was_written_is_there_after_a_crash() {
    let mut host = host("{ stores = [\"own\"] }");
    let app = as_app(&host, "one");
    assert_eq!(run(&host, Some(&app), &put("a", "1"))["versions"], json!([1]));
    host.process().signal(Signal::KILL);
    host.process().wait();
    let host = host.after_its_end().serve();
    assert_eq!(run(&host, Some(&app), &get("a"))["value"], "1");
    host.stop();
}

#[test]
fn each_app_has_a_store_of_its_own_beside_the_shared_one() {
    let host = host("{ stores = [\"own\"], shared = [\"common\"] }");
    let (one, other) = (as_app(&host, "one"), as_app(&host, "other"));
    run(&host, Some(&one), &put("a", "one's"));
    assert_eq!(run(&host, Some(&other), &get("a"))["value"], Value::Null);
    assert_eq!(run(&host, Some(&one), &get("a"))["value"], "one's");
    let common = json!({"store": "common", "shared": true, "changes": [{"key": "a", "value": "all's"}]});
    run(&host, None, &common);
    assert_eq!(run(&host, Some(&other), &json!({"store": "common", "shared": true, "get": "a"}))["value"], "all's");
    assert_eq!(run(&host, Some(&one), &get("a"))["value"], "one's");
    assert_eq!(run(&host, None, &get("a"))["error"], "kv.no-app");
    host.stop();
}

#[test]
fn a_store_that_is_not_granted_is_denied() {
    let host = host("{ stores = [\"own\", \"common\"], shared = [\"own\"] }");
    let app = as_app(&host, "one");
    for (store, shared) in [("extra", false), ("common", false), ("own", true), ("common", true), ("", false), ("own\0", false)] {
        assert_eq!(run(&host, Some(&app), &json!({"store": store, "shared": shared}))["error"], "kv.denied", "{store} {shared}");
        let asked = store.replace('\0', "\\u{0}");
        host.log().find("the store", |line| line.field("asked") == asked && line.field("table") == "[services.keep.kv]");
    }
    host.stop();
}

#[test]
fn changes_are_made_together_or_not_at_all() {
    let host = host("{ stores = [\"own\"] }");
    let app = as_app(&host, "one");
    let all = |changes: Value| run(&host, Some(&app), &json!({"store": "own", "changes": changes, "keys": ""}));
    let done = all(json!([{"key": "a", "value": "1", "version": 0}, {"key": "b", "value": "2"}, {"key": "a", "version": 1}]));
    assert_eq!((&done["versions"], &done["keys"]), (&json!([1, 1, 0]), &json!(["b"])));
    assert_eq!(all(json!([{"key": "c", "value": "3"}, {"key": "b", "value": "4", "version": 7}]))["error"], "kv.conflict");
    assert_eq!(all(json!([]))["keys"], json!(["b"]));
    assert_eq!(all(many(0..200))["keys"].as_array().map(Vec::len), Some(201));
    let page = run(&host, Some(&app), &json!({"store": "own", "keys": "k", "after": "k0099", "limit": 2}));
    assert_eq!((&page["keys"], &page["next"]), (&json!(["k0100", "k0101"]), &"k0101".into()));
    host.stop();
}

/// A batch that sets a key for each number.
fn many(numbers: std::ops::Range<usize>) -> Value {
    numbers.map(|n| json!({"key": format!("k{n:04}"), "value": ""})).collect()
}

/// The default of a service whose configuration does not say.
fn defaults() -> KvGrant {
    let text = "[services.keep]\nplugin = \"test/keep\"\n";
    let config = Config::parse(text, Path::new("wharf.toml")).expect("a configuration");
    config.services["keep"].kv.clone()
}

/// What a store is told to keep under one key: so many bytes.
fn fill(key: &str, bytes: usize) -> Value {
    json!({"store": "own", "changes": [{"key": key, "value": "", "filling": bytes}]})
}

/// Rows are heavier than their values, and all of a service's count together.
pub(crate) fn over_its_quota(row: &Row) {
    let [default, of_row] = row.numbers();
    assert_eq!(defaults().quota, default as u64);
    let host = host("{ stores = [\"own\"], quota = \"64KiB\", max-value = \"64KiB\" }");
    let (one, other) = (as_app(&host, "one"), as_app(&host, "other"));
    let all = (64 << 10) - "a".len() - of_row;
    assert_eq!(run(&host, Some(&one), &fill("a", all + 1))["error"], row.error());
    assert_told(&host, "keep", "quota", 64 << 10);
    assert_eq!(run(&host, Some(&one), &fill("a", all))["versions"], json!([1]));
    assert_eq!(run(&host, Some(&other), &fill("b", 0))["error"], row.error());
    host.assert_serves_others();
    // What makes it lighter always goes.
    assert_eq!(run(&host, Some(&one), &fill("a", 0))["versions"], json!([2]));
    assert_eq!(run(&host, Some(&other), &fill("b", 0))["versions"], json!([1]));
    host.stop();
}

pub(crate) fn over_its_values(row: &Row) {
    let [default] = row.numbers();
    assert_eq!(defaults().max_value, default as u64);
    let host = host("{ stores = [\"own\"] }");
    let app = as_app(&host, "one");
    assert_eq!(run(&host, Some(&app), &fill("a", default + 1))["error"], row.error());
    assert_told(&host, "keep", "max-value", default);
    assert_eq!(run(&host, Some(&app), &fill("a", default))["versions"], json!([1]));
    host.stop();
}

pub(crate) fn over_its_keys(row: &Row) {
    let [most] = row.numbers();
    let host = host("{ stores = [\"own\"] }");
    let app = as_app(&host, "one");
    assert_eq!(run(&host, Some(&app), &fill(&"k".repeat(most), 0))["versions"], json!([1]));
    for key in ["k".repeat(most + 1), String::new()] {
        for task in [fill(&key, 0), get(&key)] {
            assert_eq!(run(&host, Some(&app), &task)["error"], row.error(), "{task}");
        }
    }
    host.stop();
}

pub(crate) fn over_its_batches(row: &Row) {
    let [most] = row.numbers();
    let host = host("{ stores = [\"own\"] }");
    let app = as_app(&host, "one");
    let all = |count: usize| run(&host, Some(&app), &json!({"store": "own", "changes": many(0..count), "keys": ""}));
    assert_eq!(all(most + 1)["error"], row.error());
    assert_eq!(all(most)["keys"].as_array().map(Vec::len), Some(most));
    host.stop();
}

/// Who asks for more gets a page.
pub(crate) fn over_its_pages(row: &Row) {
    let [most] = row.numbers();
    assert!(row.sees().starts_with("the plugin gets so many, and where to go on"), "{row:?}");
    let host = host("{ stores = [\"own\"] }");
    let app = as_app(&host, "one");
    for start in (0..=most).step_by(200) {
        run(&host, Some(&app), &json!({"store": "own", "changes": many(start..(start + 200).min(most + 1))}));
    }
    let page = run(&host, Some(&app), &json!({"store": "own", "keys": "", "limit": u32::MAX}));
    let last = format!("k{:04}", most - 1);
    assert_eq!((page["keys"].as_array().map(Vec::len), page["next"].as_str()), (Some(most), Some(last.as_str())));
    let rest = run(&host, Some(&app), &json!({"store": "own", "keys": "", "after": last, "limit": u32::MAX}));
    assert_eq!((&rest["keys"], &rest["next"]), (&json!([format!("k{most:04}")]), &Value::Null));
    host.stop();
}

#[test]
fn a_value_as_large_as_is_granted_can_be_written() {
    let host = host("{ stores = [\"own\"], max-value = \"8MiB\" }");
    let app = as_app(&host, "one");
    let large = json!({"store": "own", "changes": [{"key": "x", "value": "", "filling": 8 << 20}]});
    assert_eq!(run(&host, Some(&app), &large)["versions"], json!([1]));
    host.stop();
}

/// Stores are handles, and counted as such.
pub(crate) fn over_its_handles(row: &Row) {
    let host = host("{ stores = [\"own\"] }");
    let app = as_app(&host, "one");
    let hoard = |count: usize| host.post(&format!("/s/keep/hoard/{count}")).header("Ocean-Auth", &app).send().text();
    assert_eq!((hoard(200), hoard(300)), ("200".to_owned(), row.error().to_owned()));
    assert_told(&host, "keep", "handles", 256);
    host.assert_serves_others();
    host.stop();
}

#[test]
fn of_many_who_count_at_once_each_counts() {
    let host = host("{ stores = [\"own\"] }");
    let app = as_app(&host, "one");
    let calls: Vec<_> = (0..16).map(|_| host.post("/s/keep/count/all").header("Ocean-Auth", &app).open()).collect();
    let mut counted: Vec<Value> = calls.into_iter().map(|call| call.finish().json()).collect();
    counted.sort_by_key(Value::as_u64);
    assert_eq!(counted, (1..=16).map(Value::from).collect::<Vec<_>>());
    host.stop();
}

#[test]
fn of_many_writers_with_one_version_one_wins() {
    let host = host("{ stores = [\"own\"] }");
    let app = as_app(&host, "one");
    run(&host, Some(&app), &put("a", "0"));
    let task = json!({"store": "own", "changes": [{"key": "a", "value": "1", "version": 1}]}).to_string();
    let calls: Vec<_> = (0..16).map(|_| host.post("/s/keep/").header("Ocean-Auth", &app).body(&task).open()).collect();
    let answers: Vec<Value> = calls.into_iter().map(|call| call.finish().json()).collect();
    let won = answers.iter().filter(|answer| answer["versions"] == json!([2])).count();
    let lost = answers.iter().filter(|answer| answer["error"] == "kv.conflict").count();
    assert_eq!((won, lost), (1, 15), "{answers:?}");
    host.stop();
}
