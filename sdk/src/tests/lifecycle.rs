//! Apps that come and go, and what a plugin does about it.

use std::cell::RefCell;

use crate::lifecycle::{Kind, Lifecycle};
use crate::prelude::*;
use crate::subscriptions::State;
use crate::testing::TestHost;

thread_local! {
    static TOLD: RefCell<Vec<Subscription>> = const { RefCell::new(Vec::new()) };
}

#[get("/welcome")]
fn welcome(caller: Caller) -> Result<Json<(Option<String>, Option<String>)>> {
    Ok(Json((caller.app()?.id.clone(), kv::store("texts")?.get_json("welcome")?)))
}

#[on_subscribe]
fn subscribed(subscription: Subscription) -> Result<()> {
    let texts = kv::store("texts")?;
    texts.set_json("welcome", &format!("Welcome to {}", subscription.app.key))?;
    let attempt = subscription.attempt;
    TOLD.with_borrow_mut(|told| told.push(subscription));
    if kv::shared("texts")?.get("stop")?.is_some() {
        return Err(Error::failure("mine.not-now", format!("attempt {attempt}")));
    }
    Ok(())
}

mod app {
    use crate::prelude::*;

    #[on_purge]
    pub(super) fn purge(_: Subscription) {}
}

service!(welcome, lifecycle(subscribed, app::purge));

fn host() -> TestHost {
    TestHost::new(routes()).lifecycle(lifecycle()).app("shop").at(1000)
}

fn stop(host: &TestHost, stop: bool) {
    host.run(|| {
        let texts = kv::shared("texts").unwrap();
        if stop { texts.set("stop", "").map(drop) } else { texts.delete("stop").map(drop) }.unwrap();
    });
}

fn seen(host: &TestHost) -> (Option<String>, Option<String>) {
    host.get("/welcome").json()
}

#[test]
fn what_a_plugin_is_told_it_can_keep_for_the_app() {
    let host = host();
    assert_eq!(seen(&host), (None, None));
    host.subscribe().unwrap();
    let told = TOLD.take();
    assert_eq!((told[0].app.key.as_str(), told[0].attempt, told[0].at_ms), ("shop", 1, 1000));
    assert_eq!((told[0].message_id.len(), told[0].subscription_id.len()), (24, 24));
    assert_eq!(seen(&host), (told[0].app.id.clone(), Some("Welcome to shop".to_owned())));
    assert_eq!(seen(&host.clone().app("other")), (None, None));
}

#[test]
fn a_message_that_fails_leaves_nothing_and_comes_again() {
    let host = host();
    stop(&host, true);
    let failed = host.subscribe().unwrap_err();
    assert_eq!((failed.code(), failed.message()), ("mine.not-now", "attempt 1"));
    assert_eq!(seen(&host), (None, None));
    assert_eq!(host.run(|| subscriptions::get("shop")).unwrap(), None);
    assert_eq!(host.subscribe().unwrap_err().message(), "attempt 2");
    stop(&host, false);
    host.subscribe().unwrap();
    let told = TOLD.take();
    assert_eq!(told.iter().map(|one| one.attempt).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(told.iter().all(|one| one.message_id == told[0].message_id && one.subscription_id == told[0].subscription_id));
    assert_eq!(seen(&host).1.as_deref(), Some("Welcome to shop"));
    // The next one is another message.
    host.subscribe().unwrap();
    let next = TOLD.take();
    assert_eq!(next[0].attempt, 1);
    assert_ne!(next[0].message_id, told[0].message_id);
}

#[test]
fn a_subscription_is_known_until_its_data_is_gone() {
    let host = host();
    let state = || host.run(|| subscriptions::get("shop")).unwrap().map(|known| (known.state, known.since_ms, known.app.id));
    host.subscribe().unwrap();
    let id = TOLD.take()[0].app.id.clone();
    assert_eq!(state(), Some((State::Subscribed, 1000, id.clone())));
    host.advance(std::time::Duration::from_secs(1));
    host.run(|| kv::shared("texts").unwrap().set("a", "shared").unwrap());
    // Nothing of the plugin listens to this.
    host.cancel().unwrap();
    assert_eq!(state(), Some((State::Cancelled, 2000, id)));
    assert_eq!(seen(&host).1.as_deref(), Some("Welcome to shop"));
    host.purge().unwrap();
    assert_eq!(state(), None);
    assert_eq!(seen(&host), (None, None));
    assert!(host.run(|| kv::shared("texts").unwrap().get("a").unwrap()).is_some());
}

#[test]
fn subscriptions_come_in_pages_in_the_order_of_keys() {
    let host = host();
    for app in ["c", "a", "b"] {
        host.clone().app(app).subscribe().unwrap();
    }
    let page = |after: Option<&str>, limit| {
        let page = host.run(|| subscriptions::page(after, limit)).unwrap();
        (page.subscriptions.into_iter().map(|one| one.app.key).collect::<Vec<_>>(), page.next)
    };
    let owned = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>();
    assert_eq!(page(None, 2), (owned(&["a", "b"]), Some("b".to_owned())));
    assert_eq!(page(Some("b"), 2), (owned(&["c"]), None));
    assert_eq!(page(None, 0), (owned(&["a"]), Some("a".to_owned())));
    assert_eq!(page(Some("c"), 9), (Vec::new(), None));
}

#[test]
fn a_caller_stands_as_the_test_says_it() {
    let host = host();
    host.subscribe().unwrap();
    let mut caller = Caller::anonymous();
    caller.app = Some(App { key: "shop".into(), id: None });
    assert_eq!(seen(&host.clone().caller(caller)).0, None);
    assert!(seen(&host).0.is_some());
}

#[test]
fn a_plugin_without_a_lifecycle_is_told_nothing() {
    let silent = TestHost::new(routes()).app("shop");
    silent.subscribe().unwrap();
    silent.cancel().unwrap();
    silent.purge().unwrap();
    assert!(TOLD.take().is_empty());
}

#[on_cancel]
fn hoard(subscription: Subscription) -> Result<()> {
    let texts = kv::store("texts")?;
    let wanted = kv::shared("texts")?.get_json::<(usize, usize)>("hoard")?;
    let (changes, bytes) = wanted.unwrap_or_default();
    for n in 0..changes {
        texts.set(&format!("{n:04}"), vec![b'x'; bytes - 4])?;
    }
    info!("{} kept", subscription.app.key);
    Ok(())
}

/// As much as the host holds for one message.
#[test]
fn what_one_message_may_write_is_bounded() {
    let told = Lifecycle::of(&[<hoard as crate::__private::Listener>::LISTENS]);
    let host = TestHost::new(routes()).lifecycle(told).app("shop");
    let hoard = |changes: usize, bytes: usize| {
        host.run(|| kv::shared("texts").unwrap().set_json("hoard", &(changes, bytes)).unwrap());
        host.cancel().map_err(|error| error.code().to_owned())
    };
    assert_eq!(hoard(1025, 4), Err("kv.too-large".to_owned()));
    assert!(host.run(|| kv::store("texts").unwrap().keys("", None, 1).unwrap().keys.is_empty()));
    assert_eq!(hoard(1024, 4), Ok(()));
    assert_eq!(hoard(5, 1 << 20), Ok(()));
    assert_eq!(hoard(6, 1 << 20), Err("kv.too-large".to_owned()));
    // A request may write as much as its limits allow.
    host.run(|| {
        let texts = kv::store("texts").unwrap();
        for n in 0..2000 {
            texts.set(&n.to_string(), "").unwrap();
        }
    });
}

/// Evaluated where `service!` stands, so a plugin with both does not compile.
#[test]
fn two_for_the_same_are_refused() {
    let one: (Kind, fn(Subscription) -> Result<()>) = (Kind::Cancel, |_| Ok(()));
    let other: (Kind, fn(Subscription) -> Result<()>) = (Kind::Purge, |_| Ok(()));
    assert!(std::panic::catch_unwind(|| Lifecycle::of(&[one, other, one])).is_err());
    assert!(std::panic::catch_unwind(|| Lifecycle::of(&[one, other])).is_ok());
}
