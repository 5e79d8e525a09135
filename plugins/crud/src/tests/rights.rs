//! Who may do what.

use super::*;

fn thing(rights: Value) -> TestHost {
    declared(json!({"n": "Number", "public": "Boolean", "editor": "String"}), rights)
}

/// What becomes of each of the calls on a document: POST, GET, PUT, DELETE (of a document made for it), and the rows found.
fn tries(host: &TestHost, ids: &[String]) -> (u16, u16, u16, u16, Option<usize>) {
    let path = |id: &str| format!("/sample_app/thing/{id}");
    let query = search(host, "thing", &json!({}));
    (
        send(host, "POST", "/sample_app/thing", &json!({"n": 0})).status,
        get(host, &path(&ids[0])).status,
        send(host, "PUT", &path(&ids[0]), &json!({"n": 9})).status,
        checked(host.delete(&path(&ids[1]))).status,
        (query.status == 200).then(|| rows(&query).len()),
    )
}

fn ids(host: &TestHost) -> Vec<String> {
    (1..=2).map(|n| make(host, "thing", &json!({"n": n}))["_id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn by_default_everybody_keeps_to_what_is_its_own() {
    let host = thing(json!({}));
    let (ada, eve) = (ada(&host), user(&host, "eve"));
    let of_ada = ids(&ada);
    assert_eq!(tries(&host, &of_ada), (403, 403, 403, 403, None));
    assert_eq!(tries(&eve, &of_ada), (200, 404, 404, 404, Some(0)));
    assert_eq!(tries(&ada, &of_ada), (200, 200, 200, 200, Some(2)));
}

#[test]
fn each_group_has_its_rights() {
    let host = thing(json!({
        "anonymous": ["canRead", "canQuery"],
        "user": ["canCreate", "canRead", "canQuery"],
        "owner": {"canUpdate": true, "canDelete": false, "canRead": true},
    }));
    let (ada, eve) = (ada(&host), user(&host, "eve"));
    let of_ada = ids(&ada);
    assert_eq!(tries(&host, &of_ada), (403, 200, 403, 403, Some(2)));
    // Whom a document does not belong to is told so, once it may read it.
    let refused_to_eve = send(&eve, "PUT", &format!("/sample_app/thing/{}", of_ada[0]), &json!({"n": 1}));
    assert_eq!(refused(&refused_to_eve), is(403, "crud.notOwner"));
    assert_eq!(refused(&checked(eve.delete(&format!("/sample_app/thing/{}", of_ada[0])))), is(403, "crud.donNotHaveRight"));
    assert_eq!(tries(&eve, &of_ada), (200, 200, 403, 403, Some(2)));
    assert_eq!(tries(&ada, &of_ada), (200, 200, 200, 403, Some(3)));
}

/// Documents that nobody owns.
#[test]
fn what_is_anonymous_belongs_to_nobody() {
    let host = thing(json!({"anonymous": ["canCreate"], "user": ["canCreate"]}));
    let made = make(&host, "thing", &json!({"n": 1}));
    assert_eq!((&made["createBy"], &made["updateBy"]), (&json!(""), &json!("")));
    let path = format!("/sample_app/thing/{}", made["_id"].as_str().unwrap());
    assert_eq!(refused(&get(&host, &path)), is(403, "crud.donNotHaveRight"));
    for who in ["ada", ""] {
        assert_eq!(refused(&get(&user(&host, who), &path)), is(404, "crud.entityNotFound"));
        assert!(rows(&search(&user(&host, who), "thing", &json!({}))).is_empty());
    }
}

#[test]
fn a_script_gives_a_right_for_some_documents() {
    let host = thing(json!({
        "anonymous": {"canQuery": {"criteria": {"public": true}}, "canRead": {"criteria": {"public": true}}},
        "user": {
            "canCreate": true,
            "canQuery": {"criteria": {"$or": [{"public": true}, {"editor": "$currentUserId"}]}},
            "canUpdate": {"criteria": {"editor": "$currentUserId"}},
            "canRead": {"criteria": {"public": true}},
        },
    }));
    let (ada, eve) = (ada(&host), user(&host, "eve"));
    for thing in [
        json!({"n": 1, "public": true}),
        json!({"n": 2, "public": false}),
        json!({"n": 3, "editor": "eve"}),
        json!({"n": 4, "public": true, "editor": "$currentUserId"}),
    ] {
        make(&ada, "thing", &thing);
    }
    let all: Vec<Value> = rows(&search(&ada, "thing", &json!({})));
    assert_eq!(all.len(), 4);
    assert_eq!(found(&host, &json!({})), [1, 4]);
    assert_eq!(found(&eve, &json!({})), [1, 3, 4]);
    // Together with the request's own, never instead of it.
    assert_eq!(found(&eve, &json!({"criteria": {"$or": [{"n": 1}, {"n": 2}]}})), [1]);
    let path = |n: usize| format!("/sample_app/thing/{}", all[n - 1]["_id"].as_str().unwrap());
    let put = |host: &TestHost, n: usize| send(host, "PUT", &path(n), &json!({"n": n}));
    assert_eq!(refused(&put(&eve, 1)), is(403, "crud.notOwner"));
    assert_eq!(refused(&put(&eve, 2)), is(404, "crud.entityNotFound"));
    assert_eq!(put(&eve, 3).status, 200);
    // The word in a document or in a request is only a word.
    assert_eq!(refused(&put(&eve, 4)), is(403, "crud.notOwner"));
    assert_eq!(found(&eve, &json!({"criteria": {"editor": "$currentUserId"}})), [4]);
    assert_eq!(refused(&put(&host, 1)), is(403, "crud.donNotHaveRight"));
}

/// For a caller without an id, a script about the id fits nothing: not even what has no such field.
#[test]
fn a_script_about_users_gives_the_anonymous_nothing() {
    let host = thing(json!({"anonymous": {"canQuery": {"criteria": {"editor": "$currentUserId"}}}}));
    make(&ada(&host), "thing", &json!({"n": 1}));
    assert_eq!(refused(&search(&host, "thing", &json!({}))), is(403, "crud.donNotHaveRight"));
    let host = thing(json!({"anonymous": {"canQuery": {"criteria": {"editor": {"$ne": "$currentUserId"}}}}}));
    make(&ada(&host), "thing", &json!({"n": 1}));
    assert_eq!(refused(&search(&host, "thing", &json!({}))), is(403, "crud.donNotHaveRight"));
}

#[test]
fn rights_that_cannot_be_meant_are_refused_whole() {
    for rights in [
        json!([]),
        json!({"admin": ["canRead"]}),
        json!({"user": "canRead"}),
        json!({"user": ["canFly"]}),
        json!({"user": [1]}),
        json!({"user": {"canRead": "yes"}}),
        json!({"user": {"canRead": {"criteria": {}, "more": 1}}}),
        json!({"user": {"canRead": {"criteria": {"$where": "1"}}}}),
        json!({"user": {"canCreate": {"criteria": {}}}}),
        json!({"owner": ["canCreate"]}),
    ] {
        let host = ada(&thing(rights.clone()));
        let response = send(&host, "POST", "/sample_app/thing", &json!({"n": 1}));
        assert_eq!(refused(&response).1, "cache.canNotLoadEntitySchemaModelToCache", "{rights}");
        assert!(host.log().iter().any(|line| line.message.contains("cannot be used:")), "{rights}");
    }
}
