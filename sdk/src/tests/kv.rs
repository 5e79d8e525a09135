//! Stores, as the contract describes them.

use crate::kv::{Batch, Condition, Entry, Store};
use crate::prelude::*;
use crate::testing::TestHost;

fn host() -> TestHost {
    TestHost::new(&[]).app("shop")
}

fn in_store<T>(body: impl FnOnce(&Store) -> T) -> T {
    host().run(|| body(&kv::store("items").unwrap()))
}

fn code<T>(result: Result<T>) -> String {
    result.err().map_or_else(|| "no error".to_owned(), |error| error.code().to_owned())
}

#[test]
fn versions_start_at_one_and_grow() {
    in_store(|store| {
        assert_eq!(store.get("a").unwrap(), None);
        assert_eq!(store.set("a", "1").unwrap(), 1);
        assert_eq!(store.set("a", "2").unwrap(), 2);
        assert_eq!(store.get("a").unwrap(), Some(Entry { value: b"2".to_vec(), version: 2 }));
        assert!(store.delete("a").unwrap());
        assert!(!store.delete("a").unwrap());
    });
}

#[test]
fn a_version_never_comes_back() {
    in_store(|store| {
        for value in ["1", "2", "3"] {
            store.set("a", value).unwrap();
        }
        store.set("b", "1").unwrap();
        store.delete("a").unwrap();
        // What is there goes on as it was; what is new begins above what was removed.
        assert_eq!(store.set("b", "2").unwrap(), 2);
        assert_eq!(store.set("c", "1").unwrap(), 4);
        assert_eq!(store.set("a", "4").unwrap(), 4);
        assert_eq!(code(store.set_if("a", "5", Condition::Version(3))), "kv.conflict");
        assert_eq!(store.apply(Batch::new().delete("a").set("a", "1")).unwrap(), [0, 5]);
        // A removal that is taken back with its batch leaves nothing behind.
        assert_eq!(code(store.apply(Batch::new().delete("a").set_if("b", "3", Condition::Absent))), "kv.conflict");
        assert_eq!(store.set("d", "1").unwrap(), 5);
        assert_eq!(kv::shared("items").unwrap().set("a", "1").unwrap(), 1);
    });
}

#[test]
fn a_condition_that_does_not_hold_changes_nothing() {
    in_store(|store| {
        assert_eq!(store.set_if("a", "1", Condition::Absent).unwrap(), 1);
        assert_eq!(code(store.set_if("a", "2", Condition::Absent)), "kv.conflict");
        assert_eq!(code(store.set_if("a", "2", Condition::Version(7))), "kv.conflict");
        assert_eq!(code(store.set_if("b", "2", Condition::Version(1))), "kv.conflict");
        assert_eq!(code(store.delete_if("a", Condition::Version(2))), "kv.conflict");
        assert_eq!(store.set_if("a", "2", Condition::Version(1)).unwrap(), 2);
        assert!(store.delete_if("a", Condition::Version(2)).unwrap());
    });
}

#[test]
fn an_update_is_made_anew_where_somebody_else_was_quicker() {
    in_store(|store| {
        let count = |count: Option<u32>| Ok(count.unwrap_or(0) + 1);
        assert_eq!((store.update_json("a", count).unwrap(), store.update_json("a", count).unwrap()), (1, 2));
        // Others change it three times, one of them by taking it away.
        let mut seen = Vec::new();
        let written = store.update_json("a", |now: Option<u32>| {
            match seen.len() {
                0 => drop(store.set_json("a", &7)?),
                1 => drop(store.delete("a")?),
                2 => drop(store.set_json("a", &9)?),
                _ => {}
            }
            seen.push(now);
            count(now)
        });
        assert_eq!((written.unwrap(), seen), (10, vec![Some(2), Some(7), None, Some(9)]));
        assert_eq!(store.get_json::<u32>("a").unwrap(), Some(10));

        let mut attempts = 0;
        let never = store.update_json("a", |now| {
            attempts += 1;
            store.set_json("a", &100)?;
            count(now)
        });
        assert_eq!((code(never).as_str(), attempts), ("kv.conflict", 16));
        assert_eq!(code(store.update_json("a", |_: Option<u32>| Err(Error::failure("own", "no")))), "own");
        assert_eq!(code(store.update_json("a", |_: Option<String>| Ok(String::new()))), "plugin.failed");
        assert_eq!(store.get_json::<u32>("a").unwrap(), Some(100));
    });
}

#[test]
fn a_batch_is_done_whole_or_not_at_all() {
    in_store(|store| {
        store.set("old", "1").unwrap();
        let batch = Batch::new().set("a", "1").set_if("b", "1", Condition::Absent).delete("old").set("a", "2");
        assert_eq!(store.apply(batch).unwrap(), [1, 1, 0, 2]);
        assert_eq!(code(store.apply(Batch::new().delete("a").set_if("b", "2", Condition::Absent))), "kv.conflict");
        assert!(store.get("a").unwrap().is_some());
        let many = (0..257).fold(Batch::new(), |batch, n| batch.set(format!("{n}"), "x"));
        assert_eq!(code(store.apply(many)), "kv.too-large");
    });
}

#[test]
fn keys_come_in_pages_in_byte_order() {
    in_store(|store| {
        for key in ["b/2", "a", "b/10", "b/1", "c", "b/é"] {
            store.set(key, "").unwrap();
        }
        let first = store.keys("b/", None, 2).unwrap();
        assert_eq!((first.keys, first.next.as_deref()), (vec!["b/1".to_owned(), "b/10".to_owned()], Some("b/10")));
        let second = store.keys("b/", Some("b/10"), 2).unwrap();
        assert_eq!((second.keys, second.next), (vec!["b/2".to_owned(), "b/é".to_owned()], None));
        assert_eq!(store.keys("", Some("b"), 1000).unwrap().keys.len(), 5);
        assert_eq!(store.keys("b/", Some("a"), 1000).unwrap().keys.len(), 4);
        assert_eq!(store.keys("z", None, 1000).unwrap(), kv::Page::default());
        for n in 0..1001 {
            store.set(&format!("n{n}"), "").unwrap();
        }
        assert_eq!(store.keys("n", None, u32::MAX).unwrap().keys.len(), 1000);
    });
}

#[test]
fn json_goes_in_and_out() {
    in_store(|store| {
        assert_eq!(store.get_json::<Vec<u8>>("a").unwrap(), None);
        store.set_json("a", &[1, 2]).unwrap();
        assert_eq!(store.get_json::<Vec<u8>>("a").unwrap(), Some(vec![1, 2]));
        assert_eq!(code(store.get_json::<String>("a")), "plugin.failed");
        assert_eq!(code(store.set_json_if("a", &0, Condition::Absent)), "kv.conflict");
        store.apply(Batch::new().set_json("b", &true).unwrap()).unwrap();
        assert!(store.get("b").unwrap().unwrap().json::<bool>().unwrap());
        assert_eq!(code(store.apply(Batch::new().set_json_if("b", &0, Condition::Absent).unwrap())), "kv.conflict");
        assert_eq!(store.apply(Batch::new().set_json_if("b", &0, Condition::Version(1)).unwrap()).unwrap(), [2]);
    });
}

#[test]
fn an_app_sees_its_own_stores_and_the_shared_ones() {
    let shop = host();
    let bank = shop.clone().app("bank");
    shop.run(|| {
        kv::store("items").unwrap().set("a", "shop").unwrap();
        kv::shared("items").unwrap().set("a", "shared").unwrap();
    });
    bank.run(|| {
        assert_eq!(kv::store("items").unwrap().get("a").unwrap(), None);
        assert_eq!(kv::shared("items").unwrap().get("a").unwrap().unwrap().value, b"shared");
    });
    let nobody = TestHost::new(&[]).deny_store("secret");
    assert_eq!(nobody.run(|| code(kv::store("items"))), "kv.no-app");
    assert_eq!(nobody.run(|| code(kv::shared("secret"))), "kv.denied");
    assert_eq!(nobody.run(|| code(kv::shared("items"))), "no error");
}

#[test]
fn sizes_have_limits() {
    in_store(|store| {
        assert_eq!(store.set(&"k".repeat(512), "").unwrap(), 1);
        assert_eq!(code(store.set(&"k".repeat(513), "")), "kv.too-large");
        assert_eq!(code(store.get(&"k".repeat(513))), "kv.too-large");
        assert_eq!(code(store.set("a", vec![0; (1 << 20) + 1])), "kv.too-large");
    });
    host().kv_quota(10).run(|| {
        let store = kv::store("items").unwrap();
        store.set("a", "12345").unwrap();
        assert_eq!(code(kv::shared("items").unwrap().set("a", "1234")), "kv.quota");
        assert_eq!(store.get("a").unwrap().unwrap().version, 1);
        store.set("a", "123456789").unwrap();
    });
}

#[test]
fn outside_of_a_host_it_says_so() {
    let error = kv::store("items").unwrap_err();
    assert_eq!(error.code(), "test.no-host");
    assert!(error.message().contains("TestHost::run"), "{error}");
}
