//! The derives: what serde's own would do, without serde among the dependencies.

use crate::prelude::*;

#[derive(Serialize, Deserialize, Debug, PartialEq, Clone, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Item {
    /// Documented.
    item_id: u32,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    #[serde(rename = "type")]
    kind: Kind,
}

#[derive(Serialize, Deserialize, Debug, PartialEq, Clone, Copy, Default)]
#[serde(rename_all = "lowercase")]
enum Kind {
    #[default]
    Plain,
    Fancy = 7,
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
#[serde(tag = "kind", content = "data")]
enum Event<T> {
    Moved { x: T, y: T },
    Named(String),
    Gone,
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Borrowed<'a, const N: usize> {
    text: &'a str,
    bytes: [u8; 2],
    #[serde(skip)]
    marker: std::marker::PhantomData<[(); N]>,
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Id(u64);

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Wrapper<T>
where
    T: Clone,
{
    #[serde(flatten)]
    inner: T,
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
#[serde(default, rename_all = "camelCase")]
struct Page<T> {
    first_item: T,
    page_size: u32,
}

impl<T: Default> Default for Page<T> {
    fn default() -> Self {
        Self { first_item: T::default(), page_size: 20 }
    }
}

fn there_and_back<T: Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug>(value: &T, json: &str) {
    assert_eq!(serde_json::to_string(value).unwrap(), json);
    assert_eq!(&serde_json::from_str::<T>(json).unwrap(), value);
}

#[test]
fn every_shape_goes_there_and_back() {
    let item = Item { item_id: 7, tags: vec!["a".into()], kind: Kind::Fancy };
    there_and_back(&item, r#"{"itemId":7,"tags":["a"],"type":"fancy"}"#);
    there_and_back(&Item { item_id: 8, ..Item::default() }, r#"{"itemId":8,"type":"plain"}"#);
    there_and_back(&Event::Moved { x: 1, y: 2 }, r#"{"kind":"Moved","data":{"x":1,"y":2}}"#);
    there_and_back(&Event::<u8>::Named("n".into()), r#"{"kind":"Named","data":"n"}"#);
    there_and_back(&Event::<u8>::Gone, r#"{"kind":"Gone"}"#);
    there_and_back(&Id(3), "3");
    there_and_back(&Wrapper { inner: Item::default() }, r#"{"itemId":0,"type":"plain"}"#);
    there_and_back(&Kind::Plain, r#""plain""#);
    let borrowed = Borrowed::<0> { text: "t", bytes: [1, 2], marker: std::marker::PhantomData };
    let json = serde_json::to_string(&borrowed).unwrap();
    assert_eq!(serde_json::from_str::<Borrowed<'_, 0>>(&json).unwrap(), borrowed);
}

#[test]
fn fields_that_are_not_there_are_those_of_the_types_default() {
    for (json, first_item, page_size) in [("{}", 0, 20), (r#"{"firstItem":7}"#, 7, 20), (r#"{"pageSize":1}"#, 0, 1)] {
        assert_eq!(serde_json::from_str::<Page<u8>>(json).unwrap(), Page { first_item, page_size }, "{json}");
    }
    there_and_back(&Page { first_item: 3, page_size: 4 }, r#"{"firstItem":3,"pageSize":4}"#);
}

#[test]
fn an_error_names_the_type_and_not_its_copy() {
    let error = serde_json::from_str::<Item>("3").unwrap_err().to_string();
    assert!(error.contains("struct Item"), "{error}");
    let error = serde_json::from_str::<Item>(r#"{"itemId":1,"extra":2,"type":"plain"}"#).unwrap_err().to_string();
    assert!(error.contains("unknown field `extra`, expected one of `itemId`"), "{error}");
}

#[test]
fn a_type_inside_a_function_works_too() {
    #[derive(Serialize)]
    struct Local {
        n: u8,
    }
    assert_eq!(serde_json::to_string(&Local { n: 1 }).unwrap(), r#"{"n":1}"#);
}
