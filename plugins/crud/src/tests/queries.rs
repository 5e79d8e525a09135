//! `find/query`: criteria, order, limits and columns.

use super::*;

/// A user with six things.
fn things() -> TestHost {
    let host = ada(&host());
    for thing in [
        json!({"n": 1, "s": "a", "b": true, "tags": ["x", "y"], "at": {"street": "Main", "no": 1}, "d": "2015-08-28"}),
        json!({"n": 2, "s": "b", "b": false, "tags": ["y"], "at": {"street": "Side", "no": 2}, "any": {"deep": [1, {"er": 2}]}}),
        json!({"n": 3, "s": "C", "tags": [], "rows": [{"k": "p", "v": 1}, {"k": "q", "v": 2}]}),
        json!({"n": 4, "s": "", "b": true, "any": "text", "o": "55b89ba34df03bab3307c10f"}),
        json!({"n": 5, "s": null, "any": 7.5}),
        json!({"n": 6, "tags": ["x"], "any": null}),
    ] {
        make(&host, "thing", &thing);
    }
    host
}

#[test]
fn criteria_choose() {
    let host = things();
    for (criteria, expected) in [
        (json!(null), &[1, 2, 3, 4, 5, 6][..]),
        (json!({}), &[1, 2, 3, 4, 5, 6]),
        (json!(""), &[1, 2, 3, 4, 5, 6]),
        (json!({"n": 3}), &[3]),
        (json!({"n": 3.0}), &[3]),
        (json!({"n": "3"}), &[3]),
        (json!({"n": {"$eq": 3}}), &[3]),
        (json!({"n": {"$ne": 3}}), &[1, 2, 4, 5, 6]),
        (json!({"n": {"$gt": 2, "$lte": 4}}), &[3, 4]),
        (json!({"n": {"$gte": 5}}), &[5, 6]),
        (json!({"n": {"$lt": 2}}), &[1]),
        (json!({"n": {"$in": [1, "6", 99]}}), &[1, 6]),
        (json!({"n": {"$nin": [1, 2, 3]}}), &[4, 5, 6]),
        (json!({"n": {"$not": {"$gt": 2}}}), &[1, 2]),
        (json!({"s": "a"}), &[1]),
        (json!({"s": {"$gt": "B"}}), &[1, 2, 3]),
        (json!({"s": ""}), &[4]),
        // Null is what is null, and what is not there.
        (json!({"s": null}), &[5, 6]),
        (json!({"s": {"$ne": null}}), &[1, 2, 3, 4]),
        (json!({"s": {"$in": [null, "a"]}}), &[1, 5, 6]),
        (json!({"s": {"$exists": true}}), &[1, 2, 3, 4, 5]),
        (json!({"s": {"$exists": false}}), &[6]),
        (json!({"s": {"$gte": null}}), &[5, 6]),
        (json!({"s": {"$gt": null}}), &[]),
        (json!({"b": true}), &[1, 4]),
        (json!({"b": "true"}), &[1, 4]),
        (json!({"b": {"$ne": true}}), &[2, 3, 5, 6]),
        // A list fits by an element, or as a whole.
        (json!({"tags": "x"}), &[1, 6]),
        (json!({"tags": ["x", "y"]}), &[1]),
        (json!({"tags": {"$ne": "y"}}), &[3, 4, 5, 6]),
        (json!({"tags": {"$in": ["y"]}}), &[1, 2]),
        (json!({"tags.0": "y"}), &[2]),
        (json!({"tags": {"$exists": true}, "n": {"$gt": 1}}), &[2, 3, 6]),
        (json!({"at.street": "Side"}), &[2]),
        (json!({"at.no": {"$gte": "1"}}), &[1, 2]),
        (json!({"rows.v": 2}), &[3]),
        (json!({"rows.1.k": "q"}), &[3]),
        (json!({"any.deep.er": 2}), &[2]),
        (json!({"any.deep": 1}), &[2]),
        (json!({"any": {"deep": [1, {"er": 2}]}}), &[2]),
        (json!({"any": {"$gt": 7}}), &[5]),
        (json!({"any": {"$lt": "z"}}), &[4]),
        (json!({"d": {"$gte": "2015-08-28T00:00:00Z"}}), &[1]),
        (json!({"d": {"$lt": 1_440_720_000_000_u64}}), &[]),
        (json!({"o": "55B89BA34DF03BAB3307C10F"}), &[4]),
        (json!({"$or": [{"n": 1}, {"s": "b"}]}), &[1, 2]),
        (json!({"$and": [{"n": {"$gt": 1}}, {"n": {"$lt": 3}}]}), &[2]),
        (json!({"$nor": [{"n": 1}, {"n": {"$gt": 2}}]}), &[2]),
        (json!({"n": {"$gt": 1}, "$or": [{"b": true}, {"tags": "y"}]}), &[2, 4]),
        (json!({"unknown": 1}), &[]),
        (json!({"unknown": null}), &[1, 2, 3, 4, 5, 6]),
        (json!({"createTime": {"$gt": NOW_MS + 4}}), &[5, 6]),
        (json!({"createTime": {"$gt": (NOW_MS + 4).to_string()}}), &[5, 6]),
        (json!({"createBy": "account-of-ada@weibo", "__v": 0}), &[1, 2, 3, 4, 5, 6]),
    ] {
        assert_eq!(found(&host, &json!({"criteria": criteria})), expected, "{criteria}");
    }
}

#[test]
fn what_criteria_cannot_be_is_said() {
    let host = things();
    for (criteria, expected) in [
        (json!([]), "The criteria must be an object."),
        (json!("n"), "The criteria must be an object."),
        (json!({"n": {"$where": "sleep(1)"}}), "The operator $where is not supported."),
        (json!({"$where": "true"}), "The operator $where is not supported."),
        (json!({"s": {"$regex": "^(a+)+$"}}), "The operator $regex is not supported."),
        (json!({"tags": {"$size": 2}}), "The operator $size is not supported."),
        (json!({"n": {"$<img>": 1}}), "An operator in the criteria is not known. There are $eq,"),
        (json!({"$set": {"n": 1}}), "An operator in the criteria is not known."),
        (json!({"n": {"$gt": 1, "x": 2}}), "An object in the criteria holds operators and fields at once."),
        (json!({"$or": []}), "The operators $and, $or and $nor need a list of criteria."),
        (json!({"$and": {"n": 1}}), "The operators $and, $or and $nor need a list of criteria."),
        (json!({"n": {"$in": 1}}), "The operators $in and $nin need a list of values."),
        (json!({"n": {"$exists": "perhaps"}}), "The operator $exists needs true or false."),
        (json!({"n": {"$not": 1}}), "The operator $not needs an object of operators."),
        (json!({"n": {"$not": {}}}), "The operator $not needs an object of operators."),
        (json!({"n": "many"}), "A value in the criteria does not fit its field."),
        (json!({"createTime": {"$gt": "once"}}), "A value in the criteria does not fit its field."),
        (json!({"a.b.c.d.e.f.g.h.i": 1}), "The name of a field in the criteria is too long."),
        (json!({"n": {"$in": vec![1; 2000]}}), "The criteria ask for too much at once."),
    ] {
        let response = search(&host, "thing", &json!({"criteria": criteria}));
        assert_eq!(refused(&response), is(400, "wharf.badRequest"), "{criteria}");
        let message = response.json::<Value>()["err"]["errorMessage"].as_str().unwrap().to_owned();
        assert!(message.starts_with(expected), "{criteria}: {message}");
    }
    let nested = |depth: usize| (0..depth).fold(json!({"n": 1}), |inner, _| json!({"$and": [inner]}));
    assert_eq!(found(&host, &json!({"criteria": nested(7)})), [1]);
    assert_eq!(refused(&search(&host, "thing", &json!({"criteria": nested(8)}))), is(400, "wharf.badRequest"));
}

#[test]
fn rows_come_in_order_and_in_part() {
    let host = things();
    for (rows, expected) in [
        (json!(null), &[1, 2, 3, 4, 5, 6][..]),
        (json!(""), &[1, 2, 3, 4, 5, 6]),
        (json!({"limit": 2}), &[1, 2]),
        (json!({"limit": "2", "skip": "1"}), &[2, 3]),
        (json!({"limit": 0}), &[1, 2, 3, 4, 5, 6]),
        (json!({"limit": null, "skip": 5}), &[6]),
        (json!({"skip": 7}), &[]),
        (json!({"sort": {"createTime": -1}, "limit": 2}), &[6, 5]),
        (json!({"sort": {"_id": -1}, "limit": 2, "skip": 3}), &[3, 2]),
        (json!({"sort": {"createTime": 1}, "limit": 1}), &[1]),
        (json!({"sort": {"n": -1}}), &[6, 5, 4, 3, 2, 1]),
        (json!({"sort": {"n": -1}, "skip": 1, "limit": 2}), &[5, 4]),
        // Nothing, then texts by their bytes; what is equal stays as it was created.
        (json!({"sort": {"s": 1}}), &[5, 6, 4, 3, 1, 2]),
        (json!({"sort": {"s": -1}}), &[2, 1, 3, 4, 5, 6]),
        (json!({"sort": {"b": -1, "n": -1}}), &[4, 1, 2, 6, 5, 3]),
        (json!({"sort": {"at.no": "desc"}}), &[2, 1, 3, 4, 5, 6]),
        // Nothing, numbers, texts, objects.
        (json!({"sort": {"any": 1}}), &[1, 3, 6, 5, 4, 2]),
        (json!({"sort": "-b -n"}), &[4, 1, 2, 6, 5, 3]),
        (json!({"sort": null}), &[1, 2, 3, 4, 5, 6]),
    ] {
        assert_eq!(found(&host, &json!({"rowDes": rows})), expected, "{rows}");
    }
    let many: serde_json::Map<String, Value> = (0..9).map(|n| (format!("f{n}"), json!(1))).collect();
    for wrong in [
        json!({"limit": -1}),
        json!({"limit": 1.5}),
        json!({"limit": "all"}),
        json!({"skip": [1]}),
        json!({"sort": {"n": 2}}),
        json!({"sort": {"n": {"$meta": "textScore"}}}),
        json!({"sort": many}),
        json!([1]),
        json!("limit"),
    ] {
        assert_eq!(refused(&search(&host, "thing", &json!({"rowDes": wrong}))), is(400, "wharf.badRequest"), "{wrong}");
    }
    // The order of the fields is the order of what was written, in which no map keeps it.
    let raw = host.request("POST", "/sample_app/thing/find/query").header("Content-Type", "application/json");
    let response = raw.body(r#"{"rowDes":{"sort":{"b":1,"_id":-1}}}"#).send();
    assert_eq!(rows(&response).iter().map(|row| row["n"].as_i64().unwrap()).collect::<Vec<_>>(), [6, 5, 3, 2, 4, 1]);
}

#[test]
fn only_the_columns_that_were_asked_for_are_answered() {
    let host = things();
    let first =
        |columns: Value| rows(&search(&host, "thing", &json!({"returnColumn": columns, "rowDes": {"limit": 1}}))).remove(0);
    let id = first(json!(null))["_id"].clone();
    assert_eq!(first(json!("n  s\tnothing")), json!({"_id": id, "n": 1, "s": "a"}));
    assert_eq!(first(json!("createTime")), json!({"_id": id, "createTime": NOW_MS + 1}));
    assert_eq!(first(json!("")).as_object().unwrap().len(), 12);
    assert_eq!(refused(&search(&host, "thing", &json!({"returnColumn": ["n"]}))), is(400, "wharf.badRequest"));
}

#[test]
fn a_form_asks_as_well_as_json() {
    let host = things();
    let ask = |body: &str| {
        let rows = rows(&form(&host, "POST", "/sample_app/thing/find/query", body));
        rows.iter().map(|row| row["n"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(ask(""), [1, 2, 3, 4, 5, 6]);
    assert_eq!(ask("criteria=&returnColumn=&rowDes="), [1, 2, 3, 4, 5, 6]);
    assert_eq!(ask("criteria[n][$gt]=2&criteria[b]=true&returnColumn=n&rowDes[limit]=5"), [4]);
    assert_eq!(ask("criteria[n][$in][]=2&criteria[n][$in][]=3&rowDes[sort][n]=-1"), [3, 2]);
    let all = rows(&get(&host, "/sample_app/thing/find/query"));
    assert_eq!(all.len(), 6);
}

#[test]
fn a_query_looks_at_no_more_than_the_operator_allows() {
    let host = things().setting("max-scan", 3);
    assert_eq!(found(&host, &json!({"rowDes": {"limit": 3}})), [1, 2, 3]);
    assert_eq!(found(&host, &json!({"rowDes": {"limit": 3, "sort": {"createTime": -1}}})), [6, 5, 4]);
    for asked in [
        json!({}),
        json!({"rowDes": {"limit": 4}}),
        json!({"criteria": {"n": 6}}),
        json!({"rowDes": {"limit": 1, "skip": 3}}),
        json!({"rowDes": {"limit": 1, "sort": {"n": 1}}}),
    ] {
        assert_eq!(refused(&search(&host, "thing", &asked)), is(400, "wharf.queryTooLarge"), "{asked}");
    }
    assert_eq!(found(&host, &json!({"criteria": {"n": 5}, "rowDes": {"sort": {"createTime": -1}, "limit": 1}})), [5]);
}

#[test]
fn an_answer_has_its_limits() {
    let host = ada(&declared(json!({"n": "Number", "text": "String"}), json!({})));
    for n in 0..1001 {
        make(&host, "thing", &json!({"n": n}));
    }
    assert_eq!(rows(&get(&host, "/sample_app/thing/find/query")).len(), 1000);
    assert_eq!(rows(&search(&host, "thing", &json!({"rowDes": {"limit": 5000, "skip": 500}}))).len(), 501);
    assert_eq!(found(&host, &json!({"rowDes": {"sort": {"n": -1}, "limit": 2}})), [1000, 999]);
    let host = ada(&declared(json!({"n": "Number", "text": "String"}), json!({})));
    let long = "x".repeat(900 << 10);
    for n in 0..12 {
        make(&host, "thing", &json!({"n": n, "text": long}));
    }
    for order in [json!(null), json!({"n": -1})] {
        let all = search(&host, "thing", &json!({"rowDes": {"sort": order}}));
        assert_eq!(refused(&all), is(400, "wharf.queryTooLarge"));
        // Three are held, and would be too long to be answered.
        let some = |limit: u32| search(&host, "thing", &json!({"rowDes": {"sort": order, "limit": limit}}));
        assert_eq!((refused(&some(3)), rows(&some(2)).len()), (is(400, "wharf.queryTooLarge"), 2));
        assert_eq!(rows(&search(&host, "thing", &json!({"returnColumn": "n", "rowDes": {"sort": order}}))).len(), 12);
    }
    // What it is sorted by is held as well.
    let by_text = |limit: u32| json!({"returnColumn": "n", "rowDes": {"sort": {"text": 1}, "limit": limit}});
    assert_eq!(refused(&search(&host, "thing", &by_text(10))), is(400, "wharf.queryTooLarge"));
    assert_eq!(rows(&search(&host, "thing", &by_text(3))).len(), 3);
}
