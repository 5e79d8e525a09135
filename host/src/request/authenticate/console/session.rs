//! Sessions: found by the token of a cookie, and ended.
//!
//! Those that were found are remembered by the hash of their token ([`Remembered`]); what ends one drops it ([`Sessions::end`],
//! and opening another one in its place). Its time is judged for every request.
//!
//! A request may not cost a write either: that a session is used is written when an eighth of its idle time has gone by since it was last.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::{super::remembered::Remembered, Refused};
use crate::{
    secret::Secret,
    store::{
        Digest, Store,
        sessions::{self, NewSession, PURGE, Session},
    },
};

/// Sessions remembered at once, of some 300 bytes each.
const MAX_REMEMBERED: usize = 4_096;

/// Reads of the store at once, so that who makes up cookies fills these places and no others.
const MAX_READS: usize = 8;

/// How many times a session that is used all the time is written in its idle time.
const WRITES: u64 = 8;

/// All sessions of all consoles.
#[derive(Debug)]
pub struct Sessions {
    /// `None` where nothing is served.
    store: Option<Store>,
    remembered: Remembered<Session>,
    reads: Semaphore,
}

impl Sessions {
    pub fn new(store: Option<Store>) -> Self {
        Self { store, remembered: Remembered::new(MAX_REMEMBERED), reads: Semaphore::new(MAX_READS) }
    }

    /// The session that `token` is of, if it is one of the service `service` and not over at `now_ms`.
    ///
    /// Waits for the store only for a session that is not remembered. Cancellation: harmless.
    pub async fn find(&self, service: &str, token: &str, now_ms: u64) -> Result<Arc<Session>, Refused> {
        let hash = sessions::hash(token).ok_or(Refused::NoSession("malformed"))?;
        let session = match self.remembered.recall(&hash, now_ms) {
            Some(session) => session,
            None => self.read(hash, now_ms).await?,
        };
        if session.service != service {
            return Err(Refused::NoSession("other_service"));
        }
        if session.is_over(now_ms) { Err(Refused::NoSession("over")) } else { Ok(session) }
    }

    /// The session, which was found and is used at `now_ms`, lasts for `idle_ms` from now on. It is over when it is not used for
    /// so long, or for an eighth less.
    ///
    /// Waits for the store once in that eighth. Cancellation: harmless.
    pub async fn used(&self, session: &Session, idle_ms: u64, now_ms: u64) {
        let expires_ms = now_ms.saturating_add(idle_ms).min(session.ends_ms);
        let moved = expires_ms.saturating_sub(session.expires_ms);
        let is_last = expires_ms == session.ends_ms;
        if moved == 0 || (moved < idle_ms / WRITES && !is_last) {
            return;
        }
        let Some(store) = &self.store else { return };
        let before = self.remembered.ends();
        match store.session_used(session, expires_ms).await {
            Ok(true) => {
                let session = Arc::new(Session { expires_ms, ..session.clone() });
                self.remembered.remember(session.hash, session, now_ms, before);
            }
            // Another request of it was faster, or it was ended; the next one looks at what is stored.
            Ok(false) => self.drop_ended(&[session.hash]),
            // It is still good for a while, and the next request tries again.
            Err(error) => tracing::warn!(%error, "it cannot be written that a console's session is used"),
        }
    }

    /// The session that a code opened, over or not.
    pub async fn of_code(&self, code: Digest) -> Result<Option<Session>, Refused> {
        let _place = self.reads.acquire().await.map_err(|error| failed(&error))?;
        let Some(store) = &self.store else { return Ok(None) };
        store.session_of_code(code).await.map_err(|error| failed(&error))
    }

    /// Opens a session in the place of `instead`. Returns its token; `None` where the code has opened one before.
    pub async fn open(&self, new: NewSession, instead: Option<&Session>) -> Result<Option<Secret>, Refused> {
        let store = self.store.as_ref().ok_or(Refused::Store)?;
        let opened = store.session_open(new, instead.map(|session| session.hash)).await;
        Ok(opened.map_err(|error| failed(&error))?.map(|(_, token, ended)| {
            self.drop_ended(&ended);
            token
        }))
    }

    /// Ends a session; no request that comes later is let in by it.
    pub async fn end(&self, session: &Session, now_ms: u64) -> Result<(), Refused> {
        let store = self.store.as_ref().ok_or(Refused::Store)?;
        let ended = store.session_end(session.hash, now_ms).await;
        // In any case: after an error nobody knows what is stored.
        self.drop_ended(&[session.hash]);
        ended.map_err(|error| failed(&error))
    }

    /// Forgets sessions that were over long ago, a few at a time.
    pub async fn forget_over(&self, now_ms: u64) {
        let Some(store) = &self.store else { return };
        loop {
            match store.sessions_purge(now_ms).await {
                Ok(purged) if purged == PURGE => {}
                Ok(_) => return,
                // It is tried again soon.
                Err(error) => return tracing::warn!(%error, "old sessions of consoles cannot be forgotten"),
            }
        }
    }

    /// Reads the session from the store, and remembers it unless one was ended meanwhile.
    async fn read(&self, hash: Digest, now_ms: u64) -> Result<Arc<Session>, Refused> {
        let _place = self.reads.acquire().await.map_err(|error| failed(&error))?;
        let before = self.remembered.ends();
        let store = self.store.as_ref().ok_or(Refused::NoSession("unknown"))?;
        let found = store.session_find(hash).await.map_err(|error| failed(&error))?;
        let session = Arc::new(found.ok_or(Refused::NoSession("unknown"))?);
        if !session.is_over(now_ms) {
            self.remembered.remember(hash, session.clone(), now_ms, before);
        }
        Ok(session)
    }

    fn drop_ended(&self, ended: &[Digest]) {
        self.remembered.drop_ended(|hash, _| ended.contains(hash));
    }
}

fn failed(error: &dyn std::fmt::Display) -> Refused {
    tracing::error!(%error, "a console's session cannot be read or written");
    Refused::Store
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        request::authenticate::remembered::MAX_AGE_MS,
        store::{DataDir, sessions::code_hash},
    };

    struct Test {
        sessions: Sessions,
        store: Store,
        _folder: tempfile::TempDir,
    }

    impl Test {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let store = Store::open(&DataDir::open(folder.path()).unwrap()).unwrap();
            Self { sessions: Sessions::new(Some(store.clone())), store, _folder: folder }
        }

        async fn open(&self, code: &str, instead: Option<&Session>) -> String {
            let new = NewSession {
                service: "notes".to_owned(),
                app: "a1".to_owned(),
                app_id: "55b88eef4df03bab3307c0ff".to_owned(),
                code: code_hash("notes", code),
                now_ms: 1_000,
                expires_ms: 5_000_000,
                ends_ms: 6_000_000,
            };
            let token = self.sessions.open(new, instead).await.unwrap().unwrap();
            String::from_utf8(token.expose().to_vec()).unwrap()
        }

        async fn find(&self, token: &str, now_ms: u64) -> Result<String, &'static str> {
            let found = self.sessions.find("notes", token, now_ms).await;
            found.map(|session| session.app.clone()).map_err(Refused::detail)
        }

        fn remembered(&self) -> usize {
            self.sessions.remembered.len()
        }
    }

    #[tokio::test]
    async fn a_session_lets_in_until_it_is_over_remembered_or_not() {
        let test = Test::new();
        let token = test.open("c1", None).await;
        for _ in 0..2 {
            assert_eq!(test.find(&token, 4_999_999).await, Ok("a1".to_owned()));
            assert_eq!(test.find(&token, 5_000_000).await, Err("over"));
            let elsewhere = test.sessions.find("mail", &token, 4_999_999).await;
            assert_eq!(elsewhere.map_err(Refused::detail).err(), Some("other_service"));
        }
        assert_eq!(test.remembered(), 1);
    }

    #[tokio::test]
    async fn an_end_holds_from_the_next_request_on() {
        let test = Test::new();
        let token = test.open("c1", None).await;
        let session = test.sessions.find("notes", &token, 2_000).await.unwrap();
        test.sessions.end(&session, 2_000).await.unwrap();
        assert_eq!((test.find(&token, 2_000).await, test.remembered()), (Err("over"), 0));

        let second = test.open("c2", None).await;
        let session = test.sessions.find("notes", &second, 2_000).await.unwrap();
        let third = test.open("c3", Some(&session)).await;
        assert_eq!((test.find(&second, 2_000).await, test.find(&third, 2_000).await), (Err("over"), Ok("a1".to_owned())));
    }

    /// What is stored of the session now.
    async fn stored(test: &Test, token: &str) -> Session {
        test.store.session_find(sessions::hash(token).unwrap()).await.unwrap().unwrap()
    }

    #[tokio::test]
    async fn a_session_that_is_used_lasts_longer_and_is_rarely_written() {
        const IDLE: u64 = 800_000;
        let test = Test::new();
        let token = test.open("c1", None).await;
        // An eighth of 800 s are 100 s; it was opened with time until 5,000 s, and may last until 6,000 s.
        for (now_ms, expires_ms) in [
            (4_200_000, 5_000_000),
            (4_299_999, 5_000_000),
            (4_300_000, 5_100_000),
            (4_350_000, 5_100_000),
            (5_099_999, 5_899_999),
            (5_199_999, 5_999_999),
            (5_200_000, 6_000_000),
            (5_999_999, 6_000_000),
        ] {
            let session = test.sessions.find("notes", &token, now_ms).await.unwrap();
            test.sessions.used(&session, IDLE, now_ms).await;
            assert_eq!(stored(&test, &token).await.expires_ms, expires_ms, "{now_ms}");
            assert_eq!(test.sessions.find("notes", &token, now_ms).await.unwrap().expires_ms, expires_ms, "{now_ms}");
        }
        assert_eq!(test.find(&token, 6_000_000).await, Err("over"));
    }

    #[tokio::test]
    async fn a_use_that_an_end_overtakes_brings_nothing_back() {
        let test = Test::new();
        let token = test.open("c1", None).await;
        let session = test.sessions.find("notes", &token, 4_900_000).await.unwrap();
        test.sessions.end(&session, 4_950_000).await.unwrap();
        test.sessions.used(&session, 800_000, 4_900_000).await;
        assert_eq!((stored(&test, &token).await.expires_ms, test.find(&token, 4_950_000).await), (4_950_000, Err("over")));
    }

    #[tokio::test]
    async fn of_two_uses_at_once_one_is_written_and_the_session_stays_open() {
        let test = Test::new();
        let token = test.open("c1", None).await;
        let session = test.sessions.find("notes", &token, 4_900_000).await.unwrap();
        futures_util::future::join(
            test.sessions.used(&session, 800_000, 4_900_000),
            test.sessions.used(&session, 800_000, 4_900_001),
        )
        .await;
        let expires_ms = stored(&test, &token).await.expires_ms;
        assert!(expires_ms == 5_700_000 || expires_ms == 5_700_001, "{expires_ms}");
        assert_eq!(test.find(&token, 5_699_999).await, Ok("a1".to_owned()));
    }

    #[tokio::test]
    async fn what_is_no_session_is_unknown_and_not_remembered() {
        let test = Test::new();
        for (token, why) in [("", "malformed"), ("x", "malformed"), (&*"0".repeat(64), "unknown")] {
            assert_eq!(test.find(token, 1_000).await, Err(why), "{token}");
        }
        assert_eq!(test.remembered(), 0);
    }

    #[tokio::test]
    async fn a_remembered_session_is_looked_at_again_after_a_while() {
        let test = Test::new();
        let token = test.open("c1", None).await;
        let session = test.sessions.find("notes", &token, 1_000).await.unwrap();
        // Behind the back of `end`.
        test.store.session_end(session.hash, 1_000).await.unwrap();
        assert!(test.find(&token, 1_000 + MAX_AGE_MS - 1).await.is_ok());
        assert_eq!(test.find(&token, 1_000 + MAX_AGE_MS).await, Err("over"));
    }

    #[tokio::test]
    async fn a_read_that_an_end_overtakes_is_not_remembered() {
        let test = Test::new();
        let token = test.open("c1", None).await;
        let session = Arc::new(test.store.session_find(sessions::hash(&token).unwrap()).await.unwrap().unwrap());
        let before = test.sessions.remembered.ends();
        test.sessions.end(&session, 2_000).await.unwrap();
        test.sessions.remembered.remember(session.hash, session.clone(), 1_000, before);
        assert_eq!((test.remembered(), test.find(&token, 2_000).await), (0, Err("over")));
    }
}
