//! Fields: their types, and what is said of them.

use super::*;

/// What becomes of a value of a field.
fn stored(spec: &Value, sent: &Value) -> Option<Value> {
    let host = ada(&declared(json!({"f": spec}), json!({})));
    let response = send(&host, "POST", "/sample_app/thing", &json!({"f": sent}));
    if response.status == 200 {
        return Some(entity(&response)["f"].clone());
    }
    assert_eq!(refused(&response), is(400, "wharf.badRequest"));
    assert!(rows(&search(&host, "thing", &json!({}))).is_empty(), "nothing is written where a cast fails");
    None
}

#[test]
fn values_become_what_their_field_is() {
    let id = "55b89ba34df03bab3307c10f";
    for (kind, sent, expected) in [
        (json!("String"), json!("a"), Some(json!("a"))),
        (json!("String"), json!(7), Some(json!("7"))),
        (json!("String"), json!(true), Some(json!("true"))),
        (json!("String"), json!(""), Some(json!(""))),
        (json!("String"), json!(null), Some(json!(null))),
        (json!("String"), json!({}), None),
        (json!("String"), json!([]), None),
        (json!("Number"), json!(1.5), Some(json!(1.5))),
        (json!("Number"), json!("12"), Some(json!(12))),
        (json!("Number"), json!(" -1e3 "), Some(json!(-1000.0))),
        (json!("Number"), json!("9007199254740993"), Some(json!(9_007_199_254_740_993_u64))),
        (json!("Number"), json!(true), Some(json!(1))),
        (json!("Number"), json!(""), Some(json!(null))),
        (json!("Number"), json!("inf"), None),
        (json!("Number"), json!("1e999"), None),
        (json!("Number"), json!("0x10"), None),
        (json!("Number"), json!("many"), None),
        (json!("Boolean"), json!("true"), Some(json!(true))),
        (json!("Boolean"), json!(0), Some(json!(false))),
        (json!("Boolean"), json!(""), Some(json!(null))),
        (json!("Boolean"), json!("maybe"), None),
        (json!("Date"), json!(1_440_720_000_000_u64), Some(json!(1_440_720_000_000_u64))),
        (json!("Date"), json!("1440720000000"), Some(json!(1_440_720_000_000_u64))),
        (json!("Date"), json!("2015-08-28"), Some(json!(1_440_720_000_000_u64))),
        (json!("Date"), json!("2015-08-28T08:20"), Some(json!(1_440_750_000_000_u64))),
        (json!("Date"), json!("2015-08-28T08:20:00.5Z"), Some(json!(1_440_750_000_500_u64))),
        (json!("Date"), json!("2015-08-28 10:20:00.123456+02:00"), Some(json!(1_440_750_000_123_u64))),
        (json!("Date"), json!("2015-08-28T03:20:00-0500"), Some(json!(1_440_750_000_000_u64))),
        (json!("Date"), json!("1969-12-31T23:59:59.999Z"), Some(json!(-1))),
        (json!("Date"), json!("2016-02-29"), Some(json!(1_456_704_000_000_u64))),
        (json!("Date"), json!("2000-02-29"), Some(json!(951_782_400_000_u64))),
        (json!("Date"), json!("0001-01-01"), Some(json!(-62_135_596_800_000_i64))),
        (json!("Date"), json!(""), Some(json!(null))),
        (json!("Date"), json!("2015-02-29"), None),
        (json!("Date"), json!("1900-02-29"), None),
        (json!("Date"), json!("2015-13-01"), None),
        (json!("Date"), json!("2015-08-28T24:00"), None),
        (json!("Date"), json!("2015-08-28T"), None),
        (json!("Date"), json!("2015-08-28X08:20"), None),
        (json!("Date"), json!("28.08.2015 um 8"), None),
        (json!("Date"), json!("tomorrow"), None),
        (json!("Date"), json!(1e300), None),
        (json!("Date"), json!("２０１５-08-28"), None),
        (json!("ObjectId"), json!(id.to_uppercase()), Some(json!(id))),
        (json!("ObjectId"), json!("55b8"), None),
        (json!("ObjectId"), json!(1), None),
        (json!("Buffer"), json!("aGk="), Some(json!("aGk="))),
        (json!("Buffer"), json!("aGk"), None),
        (json!("Buffer"), json!("===="), None),
        (json!("Mixed"), json!({"a": [1, {"$where": 2}]}), Some(json!({"a": [1, {"$where": 2}]}))),
        (json!("Array"), json!([1, "a"]), Some(json!([1, "a"]))),
        (json!([]), json!([1, "a"]), Some(json!([1, "a"]))),
        (json!(["Number"]), json!(["1", 2]), Some(json!([1, 2]))),
        (json!(["Number"]), json!("3"), Some(json!([3]))),
        (json!(["Number"]), json!(""), Some(json!([]))),
        (json!(["Number"]), json!(["x"]), None),
        (json!([["Number"]]), json!([["1"], []]), Some(json!([[1], []]))),
        (
            json!({"a": "Number", "b": {"c": "String"}}),
            json!({"a": "1", "b": {"c": 2, "d": 3}, "e": 4}),
            Some(json!({"a": 1, "b": {"c": "2"}})),
        ),
        (json!({"a": "Number"}), json!("text"), None),
        (json!([{"k": "String"}]), json!([{"k": 1, "x": 2}]), Some(json!([{"k": "1"}]))),
        // A field that is called `type`.
        (json!({"type": {"type": "String"}}), json!({"type": 1}), Some(json!({"type": "1"}))),
    ] {
        assert_eq!(stored(&kind, &sent), expected, "{kind} {sent}");
    }
}

#[test]
fn options_shape_and_judge() {
    for (spec, sent, expected) in [
        (json!({"type": "String", "trim": true, "lowercase": true}), json!("  Ada "), Some(json!("ada"))),
        (json!({"type": "String", "uppercase": true}), json!("ß"), Some(json!("SS"))),
        (json!({"type": "String", "enum": ["a", "b"]}), json!("b"), Some(json!("b"))),
        (json!({"type": "String", "enum": ["a", "b"]}), json!("c"), None),
        (json!({"type": "String", "required": true}), json!(""), None),
        (json!({"type": "String", "required": true}), json!(null), None),
        (json!({"type": "Number", "min": 1, "max": 9}), json!("9"), Some(json!(9))),
        (json!({"type": "Number", "min": 1, "max": 9}), json!(0), None),
        (json!({"type": "Number", "min": 1, "max": 9}), json!(9.1), None),
        (json!({"type": "Date", "min": "2015-01-01"}), json!("2014-12-31"), None),
        (json!({"type": "Date", "min": "2015-01-01"}), json!("2015-01-01"), Some(json!(1_420_070_400_000_u64))),
        (json!({"type": ["Number"], "required": true}), json!([]), Some(json!([]))),
    ] {
        assert_eq!(stored(&spec, &sent), expected, "{spec} {sent}");
    }
}

#[test]
fn what_is_not_sent_has_its_default() {
    let fields = json!({
        "a": {"type": "String", "default": " X ", "trim": true},
        "b": {"type": "Number", "default": "7"},
        "c": {"d": {"type": "Boolean", "default": false}, "e": "String"},
        "f": "String",
    });
    let host = ada(&declared(fields, json!({})));
    let made = make(&host, "thing", &json!({}));
    assert_eq!((&made["a"], &made["b"], &made["c"]), (&json!("X"), &json!(7), &json!({"d": false})));
    assert_eq!(made.get("f"), None);
    // A change sets what it names, and nothing else has its default again.
    let path = format!("/sample_app/thing/{}", made["_id"].as_str().unwrap());
    let changed = entity(&send(&host, "PUT", &path, &json!({"a": "y", "f": "z"})));
    assert_eq!((&changed["a"], &changed["b"], &changed["f"]), (&json!("y"), &json!(7), &json!("z")));
}

#[test]
fn what_is_wrong_is_named_by_its_field() {
    let fields = json!({"at": {"no": "Number"}, "must": {"type": "String", "required": true}, "<b>": "Number"});
    let host = ada(&declared(fields, json!({})));
    let message = |body: Value| {
        let response = send(&host, "POST", "/sample_app/thing", &body);
        assert_eq!(refused(&response), is(400, "wharf.badRequest"));
        response.json::<Value>()["err"]["errorMessage"].as_str().unwrap().to_owned()
    };
    assert_eq!(message(json!({})), "The field must is required.");
    assert_eq!(message(json!({"must": "x", "at": {"no": "<img>"}})), "The field at.no is no number.");
    assert_eq!(message(json!({"must": "x", "<b>": "y"})), "A field is no number.");
    let made = make(&host, "thing", &json!({"must": "x"}));
    let path = format!("/sample_app/thing/{}", made["_id"].as_str().unwrap());
    assert_eq!(refused(&send(&host, "PUT", &path, &json!({"must": null}))), is(400, "wharf.badRequest"));
    assert_eq!(entity(&get(&host, &path))["must"], "x");
}

#[test]
fn a_declaration_that_cannot_be_used_says_why_in_the_log() {
    let deep = (0..6).fold(json!("String"), |inner, _| json!({"a": inner}));
    for (declared, expected) in [
        (json!("String"), "it is no table"),
        (json!({}), "`fields` is missing"),
        (json!({"fields": {}, "field": {}}), "`field` is not known there"),
        (json!({"fields": ["a"]}), "`fields` is no table"),
        (json!({"fields": {"a": "Text"}}), "`a`: `Text` is no type; there are String,"),
        (json!({"fields": {"a": 1}}), "`a`: a type is a word"),
        (json!({"fields": {"a": ["String", "Number"]}}), "`a`: a list has one type"),
        (json!({"fields": {"_id": "String"}}), "`_id` cannot be the name of a field"),
        (json!({"fields": {"a.b": "String"}}), "`a.b` cannot be"),
        (json!({"fields": {"$a": "String"}}), "`$a` cannot be"),
        (json!({"fields": {"a": {"b": {"c": "Text"}}}}), "`a`: `b`: `c`: `Text` is no type"),
        (json!({"fields": {"a": deep}}), "nested more than 5 deep"),
        (json!({"fields": {"a": {"type": "String", "index": true}}}), "`index` is not known; there are type,"),
        (json!({"fields": {"a": {"type": "String", "min": 1}}}), "`min` is only for Number and Date"),
        (json!({"fields": {"a": {"type": "Number", "trim": true}}}), "`trim` is only for String"),
        (json!({"fields": {"a": {"type": "Number", "min": "x"}}}), "`min` is no number"),
        (json!({"fields": {"a": {"type": "Number", "default": "x"}}}), "`default` is no number"),
        (json!({"fields": {"a": {"type": "Number", "default": 0, "min": 1}}}), "`default` is too small"),
        (json!({"fields": {"a": {"type": "String", "enum": "a"}}}), "`enum` is a list of words"),
        (json!({"fields": {"a": {"type": "String", "required": 1}}}), "`required` is true or false"),
    ] {
        let host = ada(&with(&json!({"sample_app": {"thing": declared}})));
        let response = send(&host, "POST", "/sample_app/thing", &json!({}));
        assert_eq!(refused(&response), is(400, "cache.canNotLoadEntitySchemaModelToCache"), "{declared}");
        let log = format!("{:?}", host.log());
        assert!(log.contains(expected), "{declared}: {log}");
    }
}
