use super::TestStore;
use crate::{
    secret::Secret,
    store::{
        Digest, Store,
        sessions::{MAX_OF_APP, MAX_OF_SERVICE, NewSession, PURGE, Session, code_hash, hash},
    },
};

const MINUTE: u64 = 60_000;

fn new_session(app: &str, code: &str) -> NewSession {
    NewSession {
        service: "notes".to_owned(),
        app: app.to_owned(),
        app_id: "55b88eef4df03bab3307c0ff".to_owned(),
        code: code_hash("notes", code),
        now_ms: 1_000,
        expires_ms: 2_000,
        ends_ms: 90 * MINUTE,
    }
}

fn text(secret: &Secret) -> &str {
    std::str::from_utf8(secret.expose()).unwrap()
}

async fn open(store: &Store, new: NewSession) -> (Session, Secret, Vec<Digest>) {
    store.session_open(new, None).await.unwrap().unwrap()
}

async fn find(store: &Store, secret: &Secret) -> Option<Session> {
    store.session_find(hash(text(secret)).unwrap()).await.unwrap()
}

#[tokio::test]
async fn a_session_is_found_by_its_token_until_it_is_over() {
    let test = TestStore::new();
    let (session, secret, ended) = open(&test.store, new_session("a1", "c1")).await;
    assert_eq!((find(&test.store, &secret).await.as_ref(), ended), (Some(&session), Vec::new()));
    assert_eq!((session.is_over(1_999), session.is_over(2_000)), (false, true));

    let test = test.reopen();
    test.store.session_end(session.hash, 1_500).await.unwrap();
    test.store.session_end(session.hash, 1_600).await.unwrap();
    assert_eq!(find(&test.store, &secret).await, Some(Session { expires_ms: 1_500, ..session }));
    test.store.session_end(Digest::of(b"none of ours"), 1_600).await.unwrap();
}

#[tokio::test]
async fn a_code_opens_one_session_of_one_service() {
    let TestStore { store, folder: _folder } = TestStore::new();
    let (session, _, _) = open(&store, new_session("a1", "c1")).await;
    let again = store.session_open(new_session("a2", "c1"), Some(session.hash)).await.unwrap();
    assert!(again.is_none());
    let found = store.session_of_code(code_hash("notes", "c1")).await.unwrap();
    assert_eq!(found, Some(session.clone()), "it was not ended for nothing");
    let elsewhere = NewSession { service: "mail".to_owned(), code: code_hash("mail", "c1"), ..new_session("a1", "c1") };
    open(&store, elsewhere).await;
    // Nor does it when the session is over.
    store.session_end(session.hash, 1_500).await.unwrap();
    assert!(store.session_open(new_session("a1", "c1"), None).await.unwrap().is_none());
}

#[tokio::test]
async fn a_second_session_of_one_caller_ends_the_first() {
    let TestStore { store, folder: _folder } = TestStore::new();
    let (first, first_secret, _) = open(&store, new_session("a1", "c1")).await;
    let new = NewSession { now_ms: 1_200, ..new_session("a2", "c2") };
    let (_, secret, ended) = store.session_open(new, Some(first.hash)).await.unwrap().unwrap();
    assert_eq!(ended, [first.hash]);
    assert_eq!(find(&store, &first_secret).await.unwrap().expires_ms, 1_200);
    assert_eq!(find(&store, &secret).await.unwrap().app, "a2");
}

#[tokio::test]
async fn an_app_has_only_so_many_and_the_next_to_end_makes_room() {
    let TestStore { store, folder: _folder } = TestStore::new();
    let (other, _, _) = open(&store, new_session("a2", "c")).await;
    let mut opened = Vec::new();
    for number in 0..MAX_OF_APP {
        // The second of them is the one that ends first.
        let expires_ms = if number == 1 { 3_000 } else { 4_000 + u64::from(number) };
        let new = NewSession { expires_ms, ..new_session("a1", &number.to_string()) };
        let (session, _, ended) = open(&store, new).await;
        assert_eq!(ended, Vec::new());
        opened.push(session);
    }
    // Though it would end before all others itself.
    let (new, _, ended) = open(&store, NewSession { expires_ms: 2_500, ..new_session("a1", "one too many") }).await;
    assert_eq!(ended, [opened[1].hash]);
    assert_eq!(store.session_find(opened[1].hash).await.unwrap(), None);
    for left in [&new, &opened[0], &opened[2], &other] {
        assert_eq!(store.session_find(left.hash).await.unwrap().as_ref(), Some(left));
    }
}

#[tokio::test]
async fn a_service_has_only_so_many_whatever_their_apps() {
    let TestStore { store, folder: _folder } = TestStore::new();
    let numbers: Vec<u32> = (0..MAX_OF_SERVICE).collect();
    for some in numbers.chunks(500) {
        let all = some.iter().map(|number| {
            let name = number.to_string();
            store.session_open(NewSession { expires_ms: 5_000 + u64::from(*number), ..new_session(&name, &name) }, None)
        });
        let opened = futures_util::future::join_all(all).await;
        assert!(opened.into_iter().all(|opened| opened.unwrap().unwrap().2.is_empty()));
    }
    let (_, _, ended) = open(&store, NewSession { expires_ms: 20_000, ..new_session("new", "new") }).await;
    let first = store.session_of_code(code_hash("notes", "0")).await.unwrap();
    assert_eq!((ended.len(), first), (1, None));
    assert!(store.session_of_code(code_hash("notes", "1")).await.unwrap().is_some());
}

#[tokio::test]
async fn a_use_moves_the_end_and_never_past_the_last_one_nor_of_what_was_ended() {
    let TestStore { store, folder: _folder } = TestStore::new();
    let (session, secret, _) = open(&store, new_session("a1", "c1")).await;
    assert!(store.session_used(&session, 5_000).await.unwrap());
    let moved = find(&store, &secret).await.unwrap();
    assert_eq!(moved, Session { expires_ms: 5_000, ..session.clone() });
    assert!(!store.session_used(&session, 6_000).await.unwrap(), "it is no longer what it was");
    assert!(store.session_used(&moved, u64::MAX).await.unwrap());
    let moved = find(&store, &secret).await.unwrap();
    assert_eq!(moved.expires_ms, moved.ends_ms);
    store.session_end(session.hash, 7_000).await.unwrap();
    assert!(!store.session_used(&moved, 9_000).await.unwrap());
    assert_eq!(find(&store, &secret).await.unwrap().expires_ms, 7_000);
}

#[tokio::test]
async fn a_session_tells_the_id_of_its_app() {
    let TestStore { store, folder: _folder } = TestStore::new();
    assert_eq!(store.app_id("a1").await.unwrap(), None);
    open(&store, new_session("a1", "c1")).await;
    let other = NewSession { app_id: "55b88eef4df03bab3307c0fe".to_owned(), ..new_session("a1", "c1") };
    assert!(store.session_open(other, None).await.unwrap().is_none());
    assert_eq!(store.app_id("a1").await.unwrap().as_deref(), Some("55b88eef4df03bab3307c0ff"), "no session, nothing told");
}

#[tokio::test]
async fn sessions_that_are_over_are_forgotten_a_few_at_a_time() {
    let TestStore { store, folder: _folder } = TestStore::new();
    for number in 0..u64::from(PURGE) + 3 {
        let new = NewSession { expires_ms: 2_000 + number, ..new_session(&format!("a{}", number / 16), &number.to_string()) };
        open(&store, new).await;
    }
    let (open_still, _, _) = open(&store, NewSession { expires_ms: 60 * MINUTE, ..new_session("b", "open") }).await;
    // Their codes must stay used for a while.
    assert_eq!(store.sessions_purge(2_000 + 10 * MINUTE).await.unwrap(), 0);
    assert_eq!(store.sessions_purge(2_001 + 10 * MINUTE).await.unwrap(), 1);
    assert_eq!(store.sessions_purge(20 * MINUTE).await.unwrap(), PURGE);
    assert_eq!(store.sessions_purge(20 * MINUTE).await.unwrap(), 2);
    assert_eq!(store.sessions_purge(20 * MINUTE).await.unwrap(), 0);
    assert_eq!(store.session_find(open_still.hash).await.unwrap(), Some(open_still));
}

#[tokio::test]
async fn neither_token_nor_code_is_in_the_data_directory() {
    const CODE: &str = "0efc46c1584e5d51c58a0f3317491f09f9047c55";
    let test = TestStore::new();
    let (_, secret, _) = open(&test.store, new_session("a1", CODE)).await;
    let test = test.reopen();
    for entry in std::fs::read_dir(test.folder.path()).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_file()) {
        let bytes = std::fs::read(entry.path()).unwrap();
        let holds = |wanted: &str| bytes.windows(wanted.len()).any(|window| window == wanted.as_bytes());
        assert!(!holds(text(&secret)) && !holds(CODE), "{entry:?}");
    }
}

#[test]
fn anything_else_is_no_token() {
    let good = "0a".repeat(32);
    assert_eq!(hash(&good), Some(Digest::of(good.as_bytes())));
    for text in ["", &good[1..], &format!("{good}0"), &good.to_uppercase(), &good.replace('a', "é")] {
        assert_eq!(hash(text), None, "{text}");
    }
    assert_ne!(code_hash("a", "bc"), code_hash("ab", "c"));
}
