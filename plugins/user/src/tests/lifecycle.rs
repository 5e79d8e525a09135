//! Apps that come and go.

use super::*;

#[test]
fn an_app_that_cancels_finds_its_accounts_when_it_comes_back() {
    let host = host();
    registered(&host);
    host.cancel().unwrap();
    host.subscribe().unwrap();
    assert_eq!(try_login(&host, "ada", "s3cret").status, 200);
}

#[test]
fn a_purge_leaves_nothing_of_the_app_and_all_of_the_others() {
    let host = host();
    registered(&host);
    assert_eq!(forget(&host), 200);
    let shop = host.clone().app("shop");
    shop.subscribe().unwrap();
    assert_eq!(send(&shop, "POST", "/register", &ada()).status, 200);
    host.cancel().unwrap();
    host.purge().unwrap();
    assert!(host.run(|| Accounts::open().unwrap().store().keys("", None, 1).unwrap().keys.is_empty()));
    host.subscribe().unwrap();
    assert_eq!(try_login(&host, "ada", "s3cret").status, 401);
    assert_eq!(try_login(&shop, "ada", "s3cret").status, 200);
}

fn forget(host: &TestHost) -> u16 {
    send(host, "POST", "/forget_password", &json!({"accountName": "ada"})).status
}
