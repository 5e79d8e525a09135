//! The host's own tokens: random text that means nothing but in this host's store.
//!
//! A request must not cost a read of the database, so tokens that were found active are remembered here, by their hash.
//! Revoking goes through this process ([`Tokens::forget`]): a store is held by one process at a time, and commands reach a
//! running host through its control socket. So what is remembered is dropped in the moment in which the revocation is on
//! disk, and a request that comes after the command has returned meets the store. The one race there is, a read that began
//! before the revocation and ends after it, is caught by counting revocations: such a read answers its own request and is not
//! remembered. Should a row ever change behind the host's back, it is noticed within a minute.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use tokio::sync::Semaphore;

use super::Reason;
use crate::store::{
    Digest, Store,
    tokens::{self, State, Token},
};

/// Tokens remembered at once, of some 500 bytes each. When they are too many all are dropped: each costs one read again.
const MAX_REMEMBERED: usize = 16_384;

/// How long one is believed without looking again.
const MAX_AGE_MS: u64 = 60_000;

/// Reads of the store at once. Who makes up tokens can fill these places and no others: the store's readers also work for
/// plugins, and their queue is long.
const MAX_READS: usize = 16;

/// The host's own tokens.
#[derive(Debug)]
pub struct Tokens {
    /// `None` where nothing is served.
    store: Option<Store>,
    remembered: RwLock<Remembered>,
    reads: Semaphore,
}

#[derive(Debug, Default)]
struct Remembered {
    by_hash: HashMap<Digest, Known>,
    revocations: u64,
}

#[derive(Debug)]
struct Known {
    token: Arc<Token>,
    read_ms: u64,
}

impl Tokens {
    pub fn new(store: Option<Store>) -> Self {
        Self { store, remembered: RwLock::default(), reads: Semaphore::new(MAX_READS) }
    }

    /// The token, if it opens the service `service` at `now_ms`.
    ///
    /// Waits for the store only for a token that is not remembered. Cancellation: harmless.
    pub async fn open(&self, service: &str, presented: &str, now_ms: u64) -> Result<Arc<Token>, Reason> {
        let hash = tokens::hash(presented).ok_or(Reason::Unknown)?;
        let token = match self.recall(&hash, now_ms) {
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
        let mut remembered = self.remembered.write().unwrap_or_else(PoisonError::into_inner);
        remembered.revocations += 1;
        remembered.by_hash.retain(|_, known| known.token.id != id);
    }

    fn recall(&self, hash: &Digest, now_ms: u64) -> Option<Arc<Token>> {
        let remembered = self.remembered.read().unwrap_or_else(PoisonError::into_inner);
        let known = remembered.by_hash.get(hash)?;
        (now_ms.saturating_sub(known.read_ms) < MAX_AGE_MS).then(|| known.token.clone())
    }

    /// Reads the token from the store, and remembers it if it is active and nothing was revoked meanwhile.
    async fn find(&self, hash: Digest, now_ms: u64) -> Result<Arc<Token>, Reason> {
        let unreadable = |error: &dyn std::fmt::Display| {
            tracing::error!(%error, "a bearer token could not be looked up");
            Reason::Unreadable
        };
        let _place = self.reads.acquire().await.map_err(|error| unreadable(&error))?;
        // Of many requests that wait with one token, the first has read it.
        if let Some(token) = self.recall(&hash, now_ms) {
            return Ok(token);
        }
        let before = self.revocations();
        let store = self.store.as_ref().ok_or(Reason::Unknown)?;
        let found = store.token_find(hash).await.map_err(|error| unreadable(&error))?;
        let token = Arc::new(found.ok_or(Reason::Unknown)?);
        if token.state(now_ms) == State::Active {
            self.remember(hash, Known { token: token.clone(), read_ms: now_ms }, before);
        }
        Ok(token)
    }

    fn revocations(&self) -> u64 {
        self.remembered.read().unwrap_or_else(PoisonError::into_inner).revocations
    }

    /// Remembers what was read after `before` revocations, unless there were more since.
    fn remember(&self, hash: Digest, known: Known, before: u64) {
        let mut remembered = self.remembered.write().unwrap_or_else(PoisonError::into_inner);
        if remembered.revocations != before {
            return;
        }
        if remembered.by_hash.len() >= MAX_REMEMBERED {
            remembered.by_hash.clear();
        }
        remembered.by_hash.insert(hash, known);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
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
            self.tokens.remembered.read().unwrap().by_hash.len()
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
    async fn a_read_that_a_revocation_overtakes_is_not_remembered() {
        let test = Test::new();
        let (token, text) = test.create(5_000).await;
        let known = || Known { token: Arc::new(token.clone()), read_ms: 1_000 };
        let before = test.tokens.revocations();
        test.store.token_revoke(&token.id, 1_000).await.unwrap();
        test.tokens.forget(&token.id);
        test.tokens.remember(token.hash, known(), before);
        assert_eq!((test.remembered(), test.open(&text, 1_000).await), (0, Err(Reason::Revoked)));
        test.tokens.remember(token.hash, known(), test.tokens.revocations());
        assert_eq!(test.remembered(), 1);
    }

    #[tokio::test]
    async fn what_is_remembered_is_bounded() {
        let test = Test::new();
        let (token, text) = test.create(5_000).await;
        {
            let mut remembered = test.tokens.remembered.write().unwrap();
            for number in 0..MAX_REMEMBERED {
                let known = Known { token: Arc::new(token.clone()), read_ms: 0 };
                remembered.by_hash.insert(Digest::of(&number.to_le_bytes()), known);
            }
        }
        assert!(test.open(&text, 1_000).await.is_ok());
        assert_eq!(test.remembered(), 1);
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
