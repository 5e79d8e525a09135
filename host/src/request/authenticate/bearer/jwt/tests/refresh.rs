//! Keys that change while tokens come in.

use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering},
};

use super::*;

/// Keys behind an address on this machine.
struct Published {
    answer: Mutex<(u16, String)>,
    fetched: AtomicUsize,
}

impl Published {
    async fn new(jwks: &str) -> (Arc<Self>, Arc<Issuer>) {
        let published = Arc::new(Self { answer: Mutex::new((200, jwks.to_owned())), fetched: AtomicUsize::new(0) });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/jwks.json", listener.local_addr().unwrap()).parse().unwrap();
        let shared = published.clone();
        let answer = move || async move {
            shared.fetched.fetch_add(1, Ordering::SeqCst);
            let (status, text) = shared.answer.lock().unwrap().clone();
            let location = [("location", "http://127.0.0.1:1/")];
            (http::StatusCode::from_u16(status).unwrap(), location, text)
        };
        let routes = axum::Router::new().route("/jwks.json", axum::routing::get(answer));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        let issuer = Issuer::new("acme", &config(Jwks::Url(url), &[Algorithm::Rs256, Algorithm::Es256])).unwrap();
        (published, Arc::new(issuer))
    }

    fn set(&self, status: u16, text: &str) {
        *self.answer.lock().unwrap() = (status, text.to_owned());
    }

    fn fetched(&self) -> usize {
        self.fetched.load(Ordering::SeqCst)
    }
}

fn accept(issuer: &Arc<Issuer>) -> Accept {
    Accept { audience: AUD.to_owned(), issuers: vec![issuer.clone()] }
}

fn by_rsa() -> String {
    token(&json!({}), &json!({}))
}

fn by_p256() -> String {
    p256().sign("ES256", &changed(header(), &json!({"alg": "ES256", "kid": "e"})), &claims().to_string())
}

#[tokio::test]
async fn the_first_requests_wait_for_the_first_keys_and_share_one_fetch() {
    let (published, issuer) = Published::new(&set(&[rsa().jwk("r")])).await;
    assert_eq!(published.fetched(), 0);
    let accept = accept(&issuer);
    let (tokens, token) = (Tokens::default(), by_rsa());
    let first = || tokens.open(Some(&accept), &token, NOW);
    let keeping = tokio::spawn(issuer.clone().keep_fresh());
    let (a, b, c) = tokio::join!(first(), first(), first());
    assert!(a.is_ok() && b.is_ok() && c.is_ok());
    assert_eq!(published.fetched(), 1);
    keeping.abort();
}

#[tokio::test]
async fn made_up_key_ids_cause_one_fetch_in_a_while() {
    let (published, issuer) = Published::new(&set(&[rsa().jwk("r")])).await;
    let (accept, tokens) = (accept(&issuer), Tokens::default());
    let keeping = tokio::spawn(issuer.clone().keep_fresh());
    assert!(tokens.open(Some(&accept), &by_rsa(), NOW).await.is_ok());
    for kid in ["x", "y", "z"] {
        let made_up = token(&json!({"kid": kid}), &json!({}));
        assert_eq!(tokens.open(Some(&accept), &made_up, NOW).await.err(), Some(Reason::UnknownKey));
    }
    // The first fetch is not long ago, so that none of them caused another one.
    assert_eq!(published.fetched(), 1);
    keeping.abort();
}

#[tokio::test]
async fn an_unknown_key_is_looked_for_once_the_pause_is_over() {
    let (published, issuer) = Published::new(&set(&[rsa().jwk("r")])).await;
    let (accept, tokens) = (accept(&issuer), Tokens::default());
    let keeping = tokio::spawn(issuer.clone().keep_fresh());
    assert!(tokens.open(Some(&accept), &by_rsa(), NOW).await.is_ok());
    published.set(200, &set(&[p256().jwk("e")]));
    issuer.end_pause();
    let (a, b) = (by_p256(), by_p256());
    let (a, b) = tokio::join!(tokens.open(Some(&accept), &a, NOW), tokens.open(Some(&accept), &b, NOW));
    assert!(a.is_ok() && b.is_ok(), "{a:?} {b:?}");
    assert_eq!(published.fetched(), 2);
    // The old key is gone, and with it what was proven by it.
    assert_eq!(tokens.open(Some(&accept), &by_rsa(), NOW).await.err(), Some(Reason::UnknownKey));
    keeping.abort();
}

#[tokio::test]
async fn what_fails_leaves_the_keys_that_were_there() {
    let (published, issuer) = Published::new(&set(&[rsa().jwk("r")])).await;
    let (accept, tokens) = (accept(&issuer), Tokens::default());
    let keeping = tokio::spawn(issuer.clone().keep_fresh());
    assert!(tokens.open(Some(&accept), &by_rsa(), NOW).await.is_ok());
    let long = " ".repeat(300 << 10);
    for (status, text) in
        [(500, "{}"), (404, ""), (302, ""), (204, ""), (200, ""), (200, "{\"keys\":[]}"), (200, "<html>"), (200, &long)]
    {
        published.set(status, text);
        issuer.end_pause();
        let fetched = published.fetched();
        assert_eq!(tokens.open(Some(&accept), &by_p256(), NOW).await.err(), Some(Reason::UnknownKey));
        assert_eq!(published.fetched(), fetched + 1, "{status} {text:.20}");
        assert!(Tokens::default().open(Some(&accept), &by_rsa(), NOW).await.is_ok(), "{status} {text:.20}");
    }
    keeping.abort();
}

#[tokio::test]
async fn nobody_waits_for_keys_that_do_not_come() {
    // Nobody reads any.
    let (_published, issuer) = Published::new("").await;
    assert_eq!(Tokens::default().open(Some(&accept(&issuer)), &by_rsa(), NOW).await.err(), Some(Reason::NoKeys));
}

#[tokio::test]
async fn a_file_that_changes_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jwks.json");
    std::fs::write(&file, set(&[rsa().jwk("r")])).unwrap();
    let issuer = Arc::new(Issuer::new("acme", &config(Jwks::File(file.clone()), &[Algorithm::Rs256, Algorithm::Es256])).unwrap());
    let (accept, tokens) = (accept(&issuer), Tokens::default());
    let keeping = tokio::spawn(issuer.clone().keep_fresh());
    assert!(tokens.open(Some(&accept), &by_rsa(), NOW).await.is_ok());
    assert_eq!(tokens.open(Some(&accept), &by_p256(), NOW).await.err(), Some(Reason::UnknownKey));
    std::fs::write(&file, set(&[p256().jwk("e")])).unwrap();
    issuer.end_pause();
    assert!(tokens.open(Some(&accept), &by_p256(), NOW).await.is_ok());
    assert_eq!(tokens.open(Some(&accept), &by_rsa(), NOW).await.err(), Some(Reason::UnknownKey));
    // A file that is gone, or half written, changes nothing.
    for text in [None, Some("{\"keys\":[")] {
        match text {
            None => std::fs::remove_file(&file).unwrap(),
            Some(text) => std::fs::write(&file, text).unwrap(),
        }
        issuer.end_pause();
        assert_eq!(tokens.open(Some(&accept), &by_rsa(), NOW).await.err(), Some(Reason::UnknownKey));
        assert!(Tokens::default().open(Some(&accept), &by_p256(), NOW).await.is_ok());
    }
    keeping.abort();
}

#[test]
fn a_file_without_keys_is_a_problem_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let problem =
        |name: &str| Issuer::new("acme", &config(Jwks::File(folder.path().join(name)), &[Algorithm::Rs256])).unwrap_err();
    assert_eq!(problem("absent").code.id, "WH1010");
    std::fs::write(folder.path().join("ec-only"), set(&[p256().jwk("e")])).unwrap();
    let problem = problem("ec-only");
    assert!(
        problem.what.contains("`issuers.acme`") && problem.what.contains("ec-only") && problem.why.contains("`algorithms`"),
        "{problem:?}"
    );
}
