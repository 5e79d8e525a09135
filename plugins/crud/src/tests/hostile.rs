//! What nobody should send.

use super::*;

const EVIL: &str = "<img src=x onerror=alert(1)>";

#[test]
fn a_body_that_cannot_be_read_is_refused_in_the_services_words() {
    let host = ada(&host());
    let id = make(&host, "thing", &json!({"n": 1}))["_id"].as_str().unwrap().to_owned();
    let bodies: [(&str, &[u8]); 8] = [
        ("application/json", b"{"),
        ("application/json", b"[]"),
        ("application/json", b"7"),
        ("application/json", br#"{"n":1,"n":2}"#),
        ("application/json", b"\xff"),
        (FORM, b"n=1&n=2"),
        (FORM, b"any[1][2][3][4][5][6]=1"),
        ("multipart/form-data; boundary=x", b"--x--"),
    ];
    for (method, path) in
        [("POST", "/sample_app/thing"), ("PUT", &format!("/sample_app/thing/{id}")), ("POST", "/sample_app/thing/find/query")]
    {
        for (content_type, body) in bodies {
            let response = checked(host.request(method, path).header("Content-Type", content_type).body(body).send());
            assert_eq!(refused(&response), is(400, "wharf.badRequest"), "{path} {}", String::from_utf8_lossy(body));
        }
        let long = host.request(method, path).header("Content-Type", FORM).body(vec![b'a'; (1 << 20) + 1]).send();
        assert_eq!(refused(&long), is(400, "wharf.badRequest"), "{path}");
    }
    assert_eq!(found(&host, &json!({})), [1]);
}

/// Clients put `errorMessage` into their pages as HTML.
#[test]
fn no_refusal_repeats_what_was_sent() {
    let host = ada(&host());
    let mut refusals = 0;
    let mut check = |response: TestResponse| {
        if response.status != 200 {
            refusals += 1;
            assert!(!response.text().contains("img"), "{}", response.text());
        }
    };
    for body in
        [json!({EVIL: EVIL}), json!({"n": EVIL}), json!({"d": EVIL}), json!({"at": {"no": EVIL}}), json!({"rows": [{"v": EVIL}]})]
    {
        check(send(&host, "POST", "/sample_app/thing", &body));
        for search in [
            json!({"criteria": body}),
            json!({"criteria": {"n": {format!("${EVIL}"): 1}}}),
            json!({"criteria": {format!("${EVIL}"): 1}}),
            json!({"criteria": {EVIL: {"$gt": 1, EVIL: 2}}}),
            json!({"returnColumn": EVIL}),
            json!({"returnColumn": {EVIL: 1}}),
            json!({"rowDes": {"limit": EVIL}}),
            json!({"rowDes": {"sort": {EVIL: EVIL}}}),
            json!({"rowDes": EVIL}),
        ] {
            check(send(&host, "POST", "/sample_app/thing/find/query", &search));
        }
    }
    check(send(&host, "POST", "/sample_app/%3Cimg%3E", &json!({})));
    check(send(&host, "POST", "/%3Cimg%3E/thing", &json!({})));
    check(get(&host, "/sample_app/thing/%3Cimg%3E"));
    assert!(refusals > 30, "{refusals}");
}

#[test]
fn clients_of_2015_hear_every_refusal() {
    let host = host().setting("error-status", 200);
    for (method, path) in [("POST", "/sample_app/blog"), ("GET", "/sample_app/none/find/query"), ("GET", "/other/blog/1")] {
        assert_eq!(refused(&send(&host, method, path, &json!({}))).0, 200);
    }
}

/// Ids that are none lead nowhere: not to the rows of another entity either.
#[test]
fn an_id_is_only_an_id() {
    let host = ada(&with(&json!({"sample_app": {"a": {"fields": {"n": "Number"}}, "a/b": {"fields": {"n": "Number"}}}})));
    make(&host, "a", &json!({"n": 1}));
    for id in ["0", "000000000000000000000000", "..", "zzzzzzzzzzzzzzzzzzzzzzzz", &"0".repeat(1000), "b%00", "００００００００"]
    {
        for response in [host.get(&format!("/sample_app/a/{id}")), host.delete(&format!("/sample_app/a/{id}"))] {
            assert!(matches!(response.status, 400 | 404), "{id}");
        }
    }
}

/// Names of apps, entities, owners that would run into one another in a key.
#[test]
fn entities_and_owners_keep_apart() {
    let fields = json!({"fields": {"n": "Number"}});
    let host = with(&json!({"sample_app": {"a": fields, "aa": fields, "doc": fields, "own": fields}}));
    let owners = ["u", "u/", "a/u", "", "own", "u\0"];
    for (n, owner) in owners.iter().enumerate() {
        for entity in ["a", "aa", "doc", "own"] {
            make(&user(&host, owner), entity, &json!({"n": n}));
        }
    }
    for (n, owner) in owners.iter().enumerate() {
        for entity in ["a", "aa", "doc", "own"] {
            let rows = rows(&search(&user(&host, owner), entity, &json!({})));
            assert_eq!((rows.len(), rows[0]["n"].as_u64()), (1, Some(n as u64)), "{owner:?} {entity}");
        }
    }
}

#[test]
fn what_is_very_deep_is_refused() {
    let host = ada(&host());
    let nested = |depth: usize| (0..depth).fold(json!(1), |inner, _| json!([inner]));
    assert_eq!(send(&host, "POST", "/sample_app/thing", &json!({"any": nested(15)})).status, 200);
    for depth in [17, 40, 200] {
        let response = send(&host, "POST", "/sample_app/thing", &json!({"any": nested(depth)}));
        assert_eq!(refused(&response), is(400, "wharf.badRequest"), "{depth}");
    }
}

/// Few bytes that are much in memory: kept, they would spoil every query that comes upon them.
#[test]
fn what_is_too_heavy_to_be_read_is_not_kept() {
    let host = ada(&host());
    let heavy = |count: usize| json!({"any": vec![json!({"a": 1}); count]});
    let made = make(&host, "thing", &heavy(7_000));
    let path = format!("/sample_app/thing/{}", made["_id"].as_str().unwrap());
    for (method, path) in [("POST", "/sample_app/thing"), ("PUT", &path)] {
        assert_eq!(refused(&send(&host, method, path, &heavy(8_000))), is(400, "wharf.badRequest"), "{method}");
    }
    assert_eq!(rows(&search(&host, "thing", &json!({}))), [made]);
}
