use super::TestStore;
use crate::{
    codes,
    secret::Secret,
    store::{
        Store,
        tokens::{NewToken, State, Token, User, hash},
    },
};

fn new_token(app: &str) -> NewToken {
    NewToken {
        service: "notes".to_owned(),
        app: app.to_owned(),
        user: Some(User { id: "u1".to_owned(), account: "ada".to_owned(), name: String::new() }),
        scopes: vec!["read".to_owned(), "notes:write".to_owned()],
        now_ms: 1_000,
        expires_ms: 2_000,
    }
}

fn text(secret: &Secret) -> &str {
    std::str::from_utf8(secret.expose()).unwrap()
}

async fn find(store: &Store, secret: &Secret) -> Option<Token> {
    store.token_find(hash(text(secret)).unwrap()).await.unwrap()
}

async fn create(store: &Store, app: &str) -> (Token, Secret) {
    store.token_create(new_token(app)).await.unwrap()
}

#[tokio::test]
async fn a_token_is_valid_until_it_expires_or_is_revoked() {
    let TestStore { store, folder: _folder } = TestStore::new();
    let (token, secret) = create(&store, "a1").await;
    assert_eq!(find(&store, &secret).await.as_ref(), Some(&token));
    assert_eq!((token.state(1_999), token.state(2_000)), (State::Active, State::Expired));

    assert!(store.token_revoke(&token.id, 1_500).await.unwrap());
    assert!(store.token_revoke(&token.id, 1_600).await.unwrap());
    let revoked = find(&store, &secret).await.unwrap();
    assert_eq!((revoked.state(1_000), revoked.state(9_000)), (State::Revoked, State::Revoked));
    assert_eq!(revoked, Token { revoked_ms: Some(1_500), ..token });
    assert!(!store.token_revoke("no such id", 1_500).await.unwrap());
}

#[tokio::test]
async fn a_token_is_nowhere_in_the_data_directory() {
    let test = TestStore::new();
    let (_, secret) = create(&test.store, "a1").await;
    let (test, secret) = (test.reopen(), text(&secret).to_owned());
    assert!(secret.starts_with("wharf_") && secret.len() == 6 + 64, "its shape is documented");
    for entry in std::fs::read_dir(test.folder.path()).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_file()) {
        let bytes = std::fs::read(entry.path()).unwrap();
        assert!(!bytes.windows(64).any(|window| window == &secret.as_bytes()[6..]), "{entry:?}");
    }
    assert!(test.store.token_find(hash(&secret).unwrap()).await.unwrap().is_some());
}

#[tokio::test]
async fn anything_else_is_unknown() {
    let TestStore { store, folder: _folder } = TestStore::new();
    let (_, secret) = create(&store, "a1").await;
    let good = text(&secret);
    for text in ["", "wharf_", &good[6..], &good[..69], &format!("{good}0"), &good.to_uppercase(), "wharf_é"] {
        assert_eq!(hash(text), None, "{text}");
    }
    for text in [format!("wharf_{}", "0".repeat(64)), format!("wharf_{}", good[6..].to_uppercase())] {
        assert_eq!(store.token_find(hash(&text).unwrap()).await.unwrap(), None, "{text}");
    }
}

#[tokio::test]
async fn tokens_that_ended_long_ago_are_forgotten() {
    const DAY: u64 = 86_400_000;
    let TestStore { store, folder: _folder } = TestStore::new();
    let new = |now_ms: u64, expires_ms: u64| NewToken { now_ms, expires_ms, ..new_token("a1") };
    let (expired, _) = store.token_create(new(0, 10 * DAY)).await.unwrap();
    let (revoked, _) = store.token_create(new(1, 999 * DAY)).await.unwrap();
    store.token_revoke(&revoked.id, 10 * DAY + 1).await.unwrap();
    let (active, _) = store.token_create(new(2, 999 * DAY)).await.unwrap();
    let ids = async || store.tokens(None, 10).await.unwrap().into_iter().map(|token| token.id).collect::<Vec<_>>();

    let (second, _) = store.token_create(new(100 * DAY, 999 * DAY)).await.unwrap();
    assert_eq!(ids().await, [&*expired.id, &revoked.id, &active.id, &second.id]);
    let (third, _) = store.token_create(new(100 * DAY + 1, 999 * DAY)).await.unwrap();
    assert_eq!(ids().await, [&*revoked.id, &active.id, &second.id, &third.id]);
    let (fourth, _) = store.token_create(new(100 * DAY + 2, 999 * DAY)).await.unwrap();
    assert_eq!(ids().await, [&*active.id, &second.id, &third.id, &fourth.id]);
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
