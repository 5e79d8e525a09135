use super::TestStore;
use crate::store::{
    Store, StoreError,
    platform::{
        AccessToken, App, AuthCode, Cancel, Force, MessageState, NewAccessToken, PAGE, PlatformError, Register, Service, State,
        Subscribe, To, TokenKind, User, Write, Written, mint, mint_code, new_id,
    },
};

async fn write(store: &Store, write: Write) -> Result<Written, PlatformError> {
    match store.platform_write(vec![write]).await {
        Ok(mut written) => Ok(written.remove(0)),
        Err(StoreError::Platform(error)) => Err(error),
        Err(other) => panic!("{other}"),
    }
}

fn app(key: &str) -> App {
    App { id: format!("{key:0>24}"), key: key.to_owned(), name: key.to_owned(), owner: None, created_ms: 1, updated_ms: 1 }
}

fn service(key: &str) -> Service {
    Service {
        id: format!("{key:0>24}"),
        key: key.to_owned(),
        name: key.to_owned(),
        public: true,
        sign_key: None,
        message_api: String::new(),
        service_api: String::new(),
        description: String::new(),
        manage_address: String::new(),
        manage_by_open: false,
        allow_user_api: true,
        owner: None,
        created_ms: 1,
        updated_ms: 1,
    }
}

/// A store with the app `a` and the service `s`.
async fn store() -> (TestStore, App, Service) {
    let test = TestStore::new();
    let (app, service) = (app("a"), service("s"));
    write(&test.store, Write::AppInsert(app.clone())).await.unwrap();
    write(&test.store, Write::ServiceSeed(service.clone())).await.unwrap();
    (test, app, service)
}

fn subscribe(app: &App, service: &Service, number: u32) -> Write {
    Write::Subscribe(Subscribe {
        id: format!("b{number}"),
        message: format!("m{number}"),
        app: app.id.clone(),
        service: service.id.clone(),
        by_operator: false,
        now_ms: 10,
    })
}

fn token(store: &Store, kind: TokenKind, resource: &str, account: &str, expires_ms: u64) -> AccessToken {
    let new = NewAccessToken {
        kind,
        resource: resource.to_owned(),
        resource_key: "key".to_owned(),
        account: account.to_owned(),
        now_ms: 1_000,
        expires_ms,
    };
    mint(store.seal(), new).unwrap().0
}

#[tokio::test]
async fn a_subscription_and_the_message_about_it_are_one() {
    let (test, app, service) = store().await;
    let state = async || test.store.platform_subscription(&app.id, &service.id).await.unwrap().map(|(_, state)| state);
    let cancel = |message: &str| {
        let (app, service) = (app.id.clone(), service.id.clone());
        Write::Cancel(Cancel { message: message.to_owned(), app, service, now_ms: 11 })
    };
    let resolve = |message: &str| Write::Resolve { message: message.to_owned(), now_ms: 12 };
    assert!(matches!(write(&test.store, cancel("m0")).await, Err(PlatformError::NotSubscribed)));
    write(&test.store, subscribe(&app, &service, 1)).await.unwrap();
    assert!(matches!(write(&test.store, subscribe(&app, &service, 2)).await, Err(PlatformError::Subscribed)));
    assert!(matches!(write(&test.store, cancel("m3")).await, Err(PlatformError::Pending)));
    assert_eq!(state().await, Some(State::PendingSubscribed));
    let open = test.store.platform_messages_open(&service.id, 0).await.unwrap();
    assert_eq!(open.iter().map(|message| message.id.as_str()).collect::<Vec<_>>(), ["m1"], "what was refused left no message");

    for _ in 0..2 {
        write(&test.store, resolve("m1")).await.unwrap();
        assert_eq!(state().await, Some(State::Subscribed));
    }
    write(&test.store, cancel("m4")).await.unwrap();
    // The first message again says nothing about what is pending now.
    write(&test.store, resolve("m1")).await.unwrap();
    assert_eq!(state().await, Some(State::PendingCancel));
    write(&test.store, resolve("m4")).await.unwrap();
    assert_eq!(state().await, None);
    assert!(matches!(write(&test.store, resolve("m9")).await, Err(PlatformError::Unknown)));
    // And an old cancel says nothing about a new subscription.
    write(&test.store, subscribe(&app, &service, 5)).await.unwrap();
    write(&test.store, resolve("m4")).await.unwrap();
    assert_eq!(state().await, Some(State::PendingSubscribed));
}

#[tokio::test]
async fn open_messages_are_listed_page_by_page() {
    let (test, _, service) = store().await;
    let writes = (0..PAGE).flat_map(|number| {
        let app = app(&format!("app{number}"));
        [Write::AppInsert(app.clone()), subscribe(&app, &service, number)]
    });
    test.store.platform_write(writes.collect()).await.unwrap();
    let last = app("z");
    test.store.platform_write(vec![Write::AppInsert(last.clone()), subscribe(&last, &service, PAGE)]).await.unwrap();
    write(&test.store, Write::Resolve { message: "m7".to_owned(), now_ms: 12 }).await.unwrap();
    let first = test.store.platform_messages_open(&service.id, 0).await.unwrap();
    assert_eq!((first.len(), first[7].id.as_str(), first[999].id.as_str()), (1_000, "m8", "m1000"));
    write(&test.store, Write::Resolve { message: "m0".to_owned(), now_ms: 12 }).await.unwrap();
    assert_eq!(test.store.platform_messages_open(&service.id, first[998].seq).await.unwrap(), first[999..]);
    assert!(test.store.platform_messages_open(&service.id, first[999].seq).await.unwrap().is_empty());
}

#[tokio::test]
async fn by_force_a_subscription_holds_or_is_gone_and_nothing_is_asked_any_more() {
    let (test, app, service) = store().await;
    let force = |subscribed| {
        let (app, service) = (app.id.clone(), service.id.clone());
        Write::Force(Force { id: "f".to_owned(), app, service, subscribed, now_ms: 11 })
    };
    assert!(matches!(write(&test.store, force(false)).await, Err(PlatformError::NotSubscribed)));
    write(&test.store, subscribe(&app, &service, 1)).await.unwrap();
    for (subscribed, state) in [(true, Some(State::Subscribed)), (false, None), (true, Some(State::Subscribed))] {
        write(&test.store, force(subscribed)).await.unwrap();
        let now = test.store.platform_subscription(&app.id, &service.id).await.unwrap();
        assert_eq!(now.map(|(_, state)| state), state);
        assert!(test.store.platform_messages_open(&service.id, 0).await.unwrap().is_empty());
    }
    assert!(test.store.platform_notices(To::Here, 10, &[]).await.unwrap().is_empty());
}

#[tokio::test]
async fn notices_are_due_until_one_arrives_or_they_are_given_up() {
    let (test, app, service) = store().await;
    let other = service_named(&test.store, "t").await;
    write(&test.store, subscribe(&app, &service, 1)).await.unwrap();
    write(&test.store, subscribe(&app, &other, 2)).await.unwrap();
    let due = async || {
        let notices = test.store.platform_notices(To::Here, 10, &[]).await.unwrap();
        notices.into_iter().map(|notice| (notice.message, notice.service_key, notice.next_ms)).collect::<Vec<_>>()
    };
    let row = |message: &str, service: &str, next| (message.to_owned(), service.to_owned(), next);
    assert_eq!(due().await, [row("m1", "s", 10), row("m2", "t", 10)]);
    assert_eq!(test.store.platform_notices(To::Away, 10, &[]).await.unwrap(), []);
    let others = test.store.platform_notices(To::Here, 10, std::slice::from_ref(&service.id)).await.unwrap();
    assert_eq!(others.iter().map(|notice| notice.message.as_str()).collect::<Vec<_>>(), ["m2"]);
    let failed = |next_ms| Write::NoticeFailed { message: "m1".to_owned(), next_ms };
    write(&test.store, failed(Some(99))).await.unwrap();
    assert_eq!(due().await, [row("m2", "t", 10), row("m1", "s", 99)]);
    write(&test.store, Write::Noticed { message: "m2".to_owned() }).await.unwrap();
    write(&test.store, failed(None)).await.unwrap();
    assert_eq!(due().await, []);
    let state = async |id: &str| test.store.platform_message(id).await.unwrap().unwrap();
    assert_eq!((state("m1").await.state, state("m1").await.attempts), (MessageState::Init, 2));
    assert_eq!(state("m2").await.state, MessageState::Send);
    // Resolved before its notice arrived: no notice any more, and a late failure brings none back.
    write(&test.store, Write::Resolve { message: "m1".to_owned(), now_ms: 12 }).await.unwrap();
    write(&test.store, failed(Some(100))).await.unwrap();
    write(&test.store, Write::Noticed { message: "m1".to_owned() }).await.unwrap();
    assert_eq!((due().await, state("m1").await.state), (Vec::new(), MessageState::Resolved));
}

async fn service_named(store: &Store, key: &str) -> Service {
    let service = service(key);
    write(store, Write::ServiceSeed(service.clone())).await.unwrap();
    service
}

#[tokio::test]
async fn resolved_messages_are_forgotten_when_they_are_old() {
    const DAY: u64 = 86_400_000;
    let (test, app, service) = store().await;
    for number in 0..4 {
        let now_ms = u64::from(number) * 5 * DAY;
        let Write::Subscribe(subscribe) = subscribe(&app, &service, number) else { unreachable!() };
        write(&test.store, Write::Subscribe(Subscribe { now_ms, ..subscribe })).await.unwrap();
        let (app, service) = (app.id.clone(), service.id.clone());
        write(&test.store, Write::Force(Force { id: String::new(), app, service, subscribed: false, now_ms })).await.unwrap();
    }
    let left: Vec<String> = test.store.platform_messages(0).await.unwrap().into_iter().map(|(message, _)| message.id).collect();
    assert_eq!(left, ["m2", "m3"]);
}

#[tokio::test]
async fn keys_are_for_one_and_the_configurations_come_first() {
    let (test, app, _) = store().await;
    assert!(matches!(write(&test.store, Write::AppInsert(app)).await, Err(PlatformError::KeyTaken)));
    let developer = crate::store::platform::Developer {
        id: "d".repeat(24),
        email: "ada@example.com".to_owned(),
        password: None,
        cellphone: String::new(),
        name: String::new(),
        invitation: String::new(),
        created_ms: 1,
        updated_ms: None,
    };
    let id = developer.id.clone();
    write(&test.store, Write::Register(Register { developer, invitation: None })).await.unwrap();
    let theirs = Service { owner: Some(id.clone()), sign_key: Some(vec![1]), public: false, ..service("t") };
    write(&test.store, Write::ServiceInsert(theirs.clone())).await.unwrap();
    assert!(matches!(write(&test.store, Write::ServiceInsert(service("t"))).await, Err(PlatformError::KeyTaken)));
    let of_theirs = token(&test.store, TokenKind::Service, &theirs.id, &id, 9_000);
    write(&test.store, Write::TokenInsert(of_theirs.clone())).await.unwrap();

    let seeded = Service { id: "another".to_owned(), ..service("t") };
    let Written::Seeded(seed) = write(&test.store, Write::ServiceSeed(seeded.clone())).await.unwrap() else { panic!() };
    assert_eq!((seed.id.as_str(), seed.taken_from.as_ref()), (theirs.id.as_str(), Some(&id)));
    let now = test.store.platform_service_by_key("t").await.unwrap().unwrap();
    assert_eq!(now, Service { id: theirs.id.clone(), ..seeded.clone() });
    assert_eq!(test.store.platform_token(of_theirs.hash).await.unwrap(), None, "its tokens are ended");
    // From then on it is only looked at.
    let Written::Seeded(seed) = write(&test.store, Write::ServiceSeed(seeded)).await.unwrap() else { panic!() };
    assert_eq!(seed.taken_from, None);
}

#[tokio::test]
async fn live_tokens_of_one_account_are_bounded_and_expired_ones_go() {
    const WEEK: u64 = 7 * 86_400_000;
    let (test, app, _) = store().await;
    let mut hashes = Vec::new();
    for number in 0..70_u64 {
        let token = token(&test.store, TokenKind::End, &app.id, "u1", 2_000 + number);
        hashes.push(token.hash);
        write(&test.store, Write::TokenInsert(token)).await.unwrap();
    }
    let mut found = Vec::new();
    for hash in &hashes {
        found.push(test.store.platform_token(*hash).await.unwrap().is_some());
    }
    assert_eq!(found.iter().filter(|found| **found).count(), 64);
    assert_eq!(found.iter().position(|found| *found), Some(6), "the oldest gave way");
    let late = AccessToken { created_ms: 2_050 + WEEK, ..token(&test.store, TokenKind::End, &app.id, "u2", 3_000 + WEEK) };
    write(&test.store, Write::TokenInsert(late)).await.unwrap();
    assert!(test.store.platform_token(hashes[49]).await.unwrap().is_none());
    assert!(test.store.platform_token(hashes[50]).await.unwrap().is_some());
}

#[tokio::test]
async fn codes_of_one_app_are_bounded() {
    let (test, app, _) = store().await;
    let mut codes = Vec::new();
    for number in 0..1_003_u64 {
        let (hash, _) = mint_code().unwrap();
        codes.push(hash);
        let code = AuthCode { hash, app: app.id.clone(), now_ms: number, expires_ms: 60_000 + number };
        write(&test.store, Write::CodeInsert(code)).await.unwrap();
    }
    let known = async |number: usize| test.store.platform_code(codes[number]).await.unwrap();
    assert_eq!((known(2).await, known(3).await), (None, Some((app.id.clone(), 60_003))));
}

#[tokio::test]
async fn one_account_name_is_one_app_user_however_often_and_by_whom() {
    let (test, app, service) = store().await;
    let other = service_named(&test.store, "t").await;
    let user = |id: &str, service: &Service, account: &str| User {
        id: id.to_owned(),
        app: app.id.clone(),
        service: service.id.clone(),
        account: account.to_owned(),
        name: id.to_owned(),
        email: None,
        cellphone: None,
        created_ms: 1,
        updated_ms: 1,
    };
    let create = async |user: User| match write(&test.store, Write::UserCreate(user)).await.unwrap() {
        Written::User(user) => user.id,
        other => panic!("{other:?}"),
    };
    let racing = futures_util::future::join_all((0..20).map(|number| create(user(&format!("u{number}"), &service, "ada")))).await;
    assert!(racing.iter().all(|id| *id == racing[0]), "{racing:?}");
    assert_eq!(create(user("v1", &service, "Ada")).await, "v1");
    assert_eq!(create(user("v2", &other, "ada")).await, "v2");
    write(&test.store, Write::AppRemove { id: app.id.clone() }).await.unwrap();
    assert_eq!(test.store.platform_user(&racing[0]).await.unwrap(), None);
}

#[test]
fn ids_are_those_of_the_platform() {
    let (one, other) = (new_id(1_440_750_000_000).unwrap(), new_id(1_440_750_000_000).unwrap());
    assert!(one.len() == 24 && one.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')), "{one}");
    assert_eq!(one[..8], format!("{:08x}", 1_440_750_000));
    assert_ne!(one, other);
}
