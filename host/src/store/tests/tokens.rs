use super::TestStore;
use crate::{
    codes,
    secret::Secret,
    store::{
        Store,
        tokens::{NewToken, Presented, Token},
    },
};

fn new_token(app: &str) -> NewToken {
    NewToken {
        service: "notes".to_owned(),
        app: app.to_owned(),
        user: Some("u1".to_owned()),
        scopes: vec!["read".to_owned(), "notes:write".to_owned()],
        now_ms: 1_000,
        expires_ms: 2_000,
    }
}

async fn find(store: &Store, secret: &Secret, now_ms: u64) -> Presented {
    store.token_find(std::str::from_utf8(secret.expose()).unwrap(), now_ms).await.unwrap()
}

async fn create(store: &Store, app: &str) -> (Token, Secret) {
    store.token_create(new_token(app)).await.unwrap()
}

#[tokio::test]
async fn a_token_is_valid_until_it_expires_or_is_revoked() {
    let TestStore { store, folder: _folder } = TestStore::new();
    let (token, secret) = create(&store, "a1").await;
    assert_eq!(find(&store, &secret, 1_999).await, Presented::Valid(token.clone()));
    assert_eq!(find(&store, &secret, 2_000).await, Presented::Expired(token.clone()));

    assert!(store.token_revoke(&token.id, 1_500).await.unwrap());
    assert!(store.token_revoke(&token.id, 1_600).await.unwrap());
    let revoked = Token { revoked_ms: Some(1_500), ..token };
    assert_eq!(find(&store, &secret, 1_700).await, Presented::Revoked(revoked));
    assert!(!store.token_revoke("no such id", 1_500).await.unwrap());
}

#[tokio::test]
async fn a_token_is_nowhere_in_the_data_directory() {
    let test = TestStore::new();
    let (_, secret) = create(&test.store, "a1").await;
    let (test, secret) = (test.reopen(), std::str::from_utf8(secret.expose()).unwrap().to_owned());
    assert!(secret.starts_with("wharf_") && secret.len() == 6 + 64, "its shape is documented");
    for entry in std::fs::read_dir(test.folder.path()).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_file()) {
        let bytes = std::fs::read(entry.path()).unwrap();
        assert!(!bytes.windows(64).any(|window| window == &secret.as_bytes()[6..]), "{entry:?}");
    }
    assert!(matches!(test.store.token_find(&secret, 1_000).await.unwrap(), Presented::Valid(_)));
}

#[tokio::test]
async fn anything_else_is_unknown() {
    let TestStore { store, folder: _folder } = TestStore::new();
    let (_, secret) = create(&store, "a1").await;
    let good = std::str::from_utf8(secret.expose()).unwrap();
    for text in [
        "",
        "wharf_",
        &good[6..],
        &good[..69],
        &format!("{good}0"),
        &format!("wharf_{}", "0".repeat(64)),
        &good.to_uppercase(),
        "wharf_é",
    ] {
        assert_eq!(store.token_find(text, 1_000).await.unwrap(), Presented::Unknown, "{text}");
    }
}

#[tokio::test]
async fn tokens_are_listed_in_pages_without_their_secrets() {
    let TestStore { store, folder: _folder } = TestStore::new();
    let mut created = Vec::new();
    for (number, app) in (0..).zip(["a1", "a2", "a3"]) {
        let new = NewToken { now_ms: 1_000 + number, user: None, scopes: vec![], ..new_token(app) };
        created.push(store.token_create(new).await.unwrap().0);
    }
    assert_eq!(store.tokens(None, 10).await.unwrap(), created);
    assert_eq!(store.tokens(None, 2).await.unwrap(), created[..2]);
    assert_eq!(store.tokens(Some(&created[1].id), 2).await.unwrap(), created[2..]);
}

#[tokio::test]
async fn a_scope_that_would_read_as_two_is_refused() {
    let TestStore { store, folder: _folder } = TestStore::new();
    for scope in ["", "a b", "a\tb", "a\"b", "a\\b", "é", "a\n"] {
        let new = NewToken { scopes: vec!["fine".to_owned(), scope.to_owned()], ..new_token("a1") };
        let error = store.token_create(new).await.unwrap_err();
        assert_eq!(error.problem().code, &codes::USAGE, "{scope:?}");
    }
    assert!(store.tokens(None, 10).await.unwrap().is_empty());
}
