//! What must hold of all criteria and all documents.

use proptest::prelude::*;
use query::criteria::{Criteria, For};
use schema::Schema;

use super::*;

/// Few names and few values, so that they meet often.
fn name() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "b", "c", "a.b", "a.0", "a.b.c"]).prop_map(str::to_owned)
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-2_i64..3).prop_map(Value::from),
        prop::sample::select(vec![0.5, 1.0, 1e18, 9_007_199_254_740_993.0]).prop_map(Value::from),
        prop::sample::select(vec!["", "a", "b", "ä"]).prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map(prop::sample::select(vec!["a", "b", "c"]), inner, 0..3)
                .prop_map(|map| Value::Object(map.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())),
        ]
    })
}

fn document() -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::btree_map(prop::sample::select(vec!["a", "b", "c"]), value(), 0..4)
        .prop_map(|map| map.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// Criteria of one field or of some together.
fn criteria() -> impl Strategy<Value = Value> {
    let operator = prop::sample::select(vec!["$eq", "$ne", "$lt", "$lte", "$gt", "$gte"]);
    let field = prop_oneof![
        (name(), value()).prop_map(|(name, value)| json!({name: {"$eq": value}})),
        (name(), operator, value()).prop_map(|(name, operator, value)| json!({name: {operator: value}})),
        (name(), prop::collection::vec(value(), 0..3), any::<bool>())
            .prop_map(|(name, values, is_in)| json!({name: {if is_in { "$in" } else { "$nin" }: values}})),
        (name(), any::<bool>()).prop_map(|(name, exists)| json!({name: {"$exists": exists}})),
    ];
    field.prop_recursive(2, 6, 3, |inner| {
        (prop::sample::select(vec!["$and", "$or", "$nor"]), prop::collection::vec(inner, 1..3))
            .prop_map(|(operator, list)| json!({operator: list}))
    })
}

fn fits(criteria: &Value, document: &Map<String, Value>) -> bool {
    let criteria = Criteria::read(criteria, &Schema::default(), For::Request).unwrap_or_else(|refusal| panic!("{refusal:?}"));
    criteria.fits(document)
}

proptest! {
    #[test]
    fn or_and_nor_are_what_they_say(one in criteria(), other in criteria(), document in document()) {
        let (first, second) = (fits(&one, &document), fits(&other, &document));
        prop_assert_eq!(fits(&json!({"$and": [one, other]}), &document), first && second);
        prop_assert_eq!(fits(&json!({"$or": [one, other]}), &document), first || second);
        prop_assert_eq!(fits(&json!({"$nor": [one, other]}), &document), !first && !second);
    }

    #[test]
    fn each_operator_has_its_opposite(name in name(), value in value(), values in prop::collection::vec(value(), 0..3), document in document()) {
        let is = |operator: &str, value: &Value| fits(&json!({&name: {operator: value}}), &document);
        prop_assert_ne!(is("$eq", &value), is("$ne", &value));
        prop_assert_ne!(is("$in", &json!(values)), is("$nin", &json!(values)));
        prop_assert_ne!(is("$exists", &json!(true)), is("$exists", &json!(false)));
        prop_assert_ne!(is("$not", &json!({"$gt": value})), is("$gt", &value));
        prop_assert_eq!(is("$in", &json!(values)), values.iter().any(|value| is("$eq", value)));
        prop_assert_eq!(is("$in", &json!([value])), is("$eq", &value));
        // A bound is in what is at most or at least it.
        prop_assert!(!is("$lt", &value) || is("$lte", &value));
        prop_assert!(!is("$gt", &value) || is("$gte", &value));
    }

    /// A value that stands alone is `$eq`, unless it is an object of operators.
    #[test]
    fn a_plain_value_is_eq(name in name(), value in value(), document in document()) {
        prop_assert_eq!(fits(&json!({&name: value}), &document), fits(&json!({&name: {"$eq": value}}), &document));
    }

    /// Of two single values of the same type, one is less, or greater, or they are equal.
    #[test]
    fn single_values_have_one_order(a in -3_i64..3, b in -3_i64..3) {
        let document = Map::from_iter([("a".to_owned(), json!(a))]);
        let is = |operator: &str| fits(&json!({"a": {operator: b}}), &document);
        prop_assert_eq!([is("$lt"), is("$eq"), is("$gt")], [a < b, a == b, a > b]);
        prop_assert_eq!([is("$lte"), is("$gte")], [a <= b, a >= b]);
    }

    /// Whatever is asked, it is answered or refused.
    #[test]
    fn arbitrary_searches_are_answered(text in "\\PC{0,8}", criteria in value(), columns in value(), limit in value(), sort in value()) {
        let host = ada(&host());
        make(&host, "thing", &json!({"n": 1, "any": [1, {"a": null}]}));
        let operator = json!({format!("${text}"): criteria});
        for criteria in [criteria, operator.clone(), json!({"n": operator, "any": {"$not": {"$in": [limit]}}})] {
            let rows = json!({"limit": limit, "skip": limit, "sort": sort});
            let response = search(&host, "thing", &json!({"criteria": criteria, "returnColumn": columns, "rowDes": rows}));
            prop_assert!(response.failure().is_none() && matches!(response.status, 200 | 400), "{:?}", response);
        }
    }

    #[test]
    fn arbitrary_documents_are_stored_as_they_come_back(any in value(), s in "\\PC{0,20}", n in any::<i32>()) {
        let host = ada(&host());
        let response = send(&host, "POST", "/sample_app/thing", &json!({"any": any, "s": s, "n": n}));
        let made = entity(&response);
        prop_assert_eq!((&made["any"], &made["s"], &made["n"]), (&any, &json!(s), &json!(n)));
        let path = format!("/sample_app/thing/{}", made["_id"].as_str().unwrap());
        prop_assert_eq!(entity(&get(&host, &path)), made);
    }

    #[test]
    fn arbitrary_declarations_are_read_or_refused(declared in value(), fields in value(), rights in value()) {
        for declared in [declared, json!({"fields": fields, "rights": rights}), json!({"fields": {"a": fields}, "rights": {"user": rights}})] {
            drop(Entity::read("thing", &declared));
        }
    }

    /// However one goes through what is found, in pages or at once, in whatever order: it is the same.
    #[test]
    fn pages_together_are_the_whole(values in prop::collection::vec(value(), 0..12), page in 1_usize..5, down in any::<bool>(), by_time in any::<bool>()) {
        let host = ada(&host());
        for (n, any) in values.iter().enumerate() {
            make(&host, "thing", &json!({"n": n, "any": any}));
        }
        let sort = json!({if by_time { "createTime" } else { "any" }: if down { -1 } else { 1 }});
        let ask = |skip: usize, limit: usize| found(&host, &json!({"rowDes": {"sort": sort, "skip": skip, "limit": limit}}));
        let whole = ask(0, 100);
        let mut all = whole.clone();
        all.sort_unstable();
        prop_assert_eq!(all, (0..i64::try_from(values.len()).unwrap()).collect::<Vec<_>>());
        let pages: Vec<i64> = (0..values.len()).step_by(page).flat_map(|skip| ask(skip, page)).collect();
        prop_assert_eq!(pages, whole);
    }
}
