//! The host's own tokens: random text that means nothing but in this host's store.
//!
//! Tokens that were found active are remembered by their hash ([`Remembered`]); revoking drops them ([`Tokens::forget`]).

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::{super::remembered::Remembered, Reason};
use crate::store::{
    Digest, Store,
    tokens::{self, State, Token},
};

/// Tokens remembered at once, of some 500 bytes each.
const MAX_REMEMBERED: usize = 16_384;

/// Reads of the store at once. Who makes up tokens can fill these places and no others: the store's readers also work for
/// plugins, and their queue is long.
const MAX_READS: usize = 16;

/// The host's own tokens.
#[derive(Debug)]
pub struct Tokens {
    /// `None` where nothing is served.
    store: Option<Store>,
    remembered: Remembered<Token>,
    reads: Semaphore,
}

impl Tokens {
    pub fn new(store: Option<Store>) -> Self {
        Self { store, remembered: Remembered::new(MAX_REMEMBERED), reads: Semaphore::new(MAX_READS) }
    }

    /// The token, if it opens the service `service` at `now_ms`.
    ///
    /// Waits for the store only for a token that is not remembered. Cancellation: harmless.
    pub async fn open(&self, service: &str, presented: &str, now_ms: u64) -> Result<Arc<Token>, Reason> {
        let hash = tokens::hash(presented).ok_or(Reason::Unknown)?;
        let token = match self.remembered.recall(&hash, now_ms) {
            Some(token) => token,
            // Boxed, so that the request's future does not grow by what hardly any request needs.
            None => Box::pin(self.find(hash, now_ms)).await?,
        };
        match token.state(now_ms) {
            _ if token.service != service => Err(Reason::OtherService),
            State::Active => Ok(token),
            State::Expired => Err(Reason::Expired),
            State::Revoked => Err(Reason::Revoked),
        }
    }

    /// Drops what is remembered of the token `id`. To be called when its revocation is on disk, whatever became of whoever
    /// asked for it.
    pub fn forget(&self, id: &str) {
        self.remembered.drop_ended(|_, token| token.id == id);
    }

    /// Reads the token from the store, and remembers it if it is active and nothing was revoked meanwhile.
    async fn find(&self, hash: Digest, now_ms: u64) -> Result<Arc<Token>, Reason> {
        let unreadable = |error: &dyn std::fmt::Display| {
            tracing::error!(%error, "a bearer token could not be looked up");
            Reason::Unreadable
        };
        let _place = self.reads.acquire().await.map_err(|error| unreadable(&error))?;
        // Of many requests that wait with one token, the first has read it.
        if let Some(token) = self.remembered.recall(&hash, now_ms) {
            return Ok(token);
        }
        let before = self.remembered.ends();
        let store = self.store.as_ref().ok_or(Reason::Unknown)?;
        let found = store.token_find(hash).await.map_err(|error| unreadable(&error))?;
        let token = Arc::new(found.ok_or(Reason::Unknown)?);
        if token.state(now_ms) == State::Active {
            self.remembered.remember(hash, token.clone(), now_ms, before);
        }
        Ok(token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        request::authenticate::remembered::MAX_AGE_MS,
        secret::Secret,
        store::{DataDir, tokens::NewToken},
    };

    struct Test {
        tokens: Tokens,
        store: Store,
        _folder: tempfile::TempDir,
    }

    impl Test {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let store = Store::open(&DataDir::open(folder.path()).unwrap()).unwrap();
            Self { tokens: Tokens::new(Some(store.clone())), store, _folder: folder }
        }

        async fn create(&self, expires_ms: u64) -> (Token, String) {
            let new = NewToken {
                service: "notes".to_owned(),
                app: "a1".to_owned(),
                user: None,
                scopes: vec!["read".to_owned()],
                now_ms: 1_000,
                expires_ms,
            };
            let (token, secret): (Token, Secret) = self.store.token_create(new).await.unwrap();
            (token, String::from_utf8(secret.expose().to_vec()).unwrap())
        }

        async fn open(&self, text: &str, now_ms: u64) -> Result<String, Reason> {
            self.tokens.open("notes", text, now_ms).await.map(|token| token.app.clone())
        }

        fn remembered(&self) -> usize {
            self.tokens.remembered.len()
        }
    }

    #[tokio::test]
    async fn a_token_opens_its_service_until_it_expires_or_is_revoked() {
        let test = Test::new();
        let (token, text) = test.create(5_000).await;
        for _ in 0..2 {
            assert_eq!(test.open(&text, 4_999).await, Ok("a1".to_owned()));
            assert_eq!(test.open(&text, 5_000).await, Err(Reason::Expired), "remembered or not");
            assert_eq!(test.tokens.open("mail", &text, 4_999).await, Err(Reason::OtherService));
        }
        assert_eq!(test.remembered(), 1);
        test.store.token_revoke(&token.id, 2_000).await.unwrap();
        test.tokens.forget(&token.id);
        assert_eq!(test.open(&text, 2_001).await, Err(Reason::Revoked));
        assert_eq!(test.remembered(), 0);
    }

    #[tokio::test]
    async fn what_is_no_token_is_unknown_and_not_remembered() {
        let test = Test::new();
        for text in ["", "wharf_", "wharf_00", "a.b.c", &format!("wharf_{}", "0".repeat(64))] {
            assert_eq!(test.open(text, 1_000).await, Err(Reason::Unknown), "{text}");
        }
        assert_eq!(test.remembered(), 0);
    }

    #[tokio::test]
    async fn a_remembered_token_is_looked_at_again_after_a_while() {
        let test = Test::new();
        let (token, text) = test.create(u64::MAX >> 1).await;
        test.open(&text, 1_000).await.unwrap();
        // Behind the back of `forget`.
        test.store.token_revoke(&token.id, 2_000).await.unwrap();
        assert!(test.open(&text, 1_000 + MAX_AGE_MS - 1).await.is_ok());
        assert_eq!(test.open(&text, 1_000 + MAX_AGE_MS).await, Err(Reason::Revoked));
    }

    #[tokio::test]
    async fn a_store_that_cannot_be_read_is_not_a_bad_token() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&DataDir::open(folder.path()).unwrap()).unwrap();
        rusqlite::Connection::open(folder.path().join("wharf.db")).unwrap().execute("DROP TABLE tokens", []).unwrap();
        let tokens = Tokens::new(Some(store));
        let text = format!("wharf_{}", "0".repeat(64));
        assert_eq!(tokens.open("notes", &text, 1_000).await, Err(Reason::Unreadable));
    }
}
