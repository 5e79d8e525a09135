//! Passwords of developers: argon2id, a few at a time, on threads where waiting holds up nobody.

use std::{
    num::NonZeroU32,
    sync::{Arc, OnceLock},
    time::Duration,
};

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use tokio::sync::{Semaphore, SemaphorePermit};
use zeroize::Zeroizing;

use super::refusal::Refusal;
use crate::secret::Secret;

/// Each takes 19 MiB and some twenty milliseconds of a core: what is left of the machine serves everybody else.
const AT_ONCE: usize = 2;
/// Whoever comes when as many wait is told to come later; the last of them waits about a second.
const WAITING: usize = 64;
/// Passwords of one name that are hashed or checked: a few at once, for whoever mistypes, and then one in this time.
const ATTEMPTS: NonZeroU32 = NonZeroU32::new(10).expect("10 is not 0");
const ATTEMPT_EVERY: Duration = Duration::from_secs(5);
/// Names that are remembered before those that have been quiet are forgotten.
const REMEMBERED: usize = 1_024;

/// Hashes and checks passwords.
pub(super) struct Passwords {
    running: Arc<Semaphore>,
    waiting: Semaphore,
    attempts: DefaultKeyedRateLimiter<String>,
}

impl Passwords {
    pub(super) fn new() -> Self {
        let quota = Quota::with_period(ATTEMPT_EVERY).expect("5 s is a period").allow_burst(ATTEMPTS);
        Self { running: Arc::new(Semaphore::new(AT_ONCE)), waiting: Semaphore::new(WAITING), attempts: RateLimiter::keyed(quota) }
    }

    /// What to store of the password of `name`. Fails with [`Refusal::TooManyRequests`], [`Refusal::Busy`] or
    /// [`Refusal::System`].
    ///
    /// Cancellation: harmless; the attempt counts, and what has begun is finished for nobody.
    pub(super) async fn hash(&self, name: &str, password: &str) -> Result<Secret, Refusal> {
        let _place = self.attempt(name)?;
        self.work(password, |password| make(password).map(Secret::new)).await?
    }

    /// Whether the password of `name` is the one that `stored` was made of. Where nothing is stored it takes as long to say
    /// no. Fails with [`Refusal::TooManyRequests`], [`Refusal::Busy`] or [`Refusal::System`].
    ///
    /// Cancellation: harmless; the attempt counts.
    pub(super) async fn check(&self, name: &str, password: &str, stored: Option<Secret>) -> Result<bool, Refusal> {
        let _place = self.attempt(name)?;
        self.work(password, move |password| match &stored {
            Some(stored) => Ok(fits(password, stored.expose())),
            None => {
                // Made of no password that anybody knows: this is about the time it takes.
                static NOBODYS: OnceLock<Option<String>> = OnceLock::new();
                let nobodys = NOBODYS.get_or_init(|| make(&random::<32>().ok()?).ok());
                nobodys.as_ref().map(|nobodys| fits(password, nobodys.as_bytes())).ok_or(Refusal::System)?;
                Ok(false)
            }
        })
        .await?
    }

    /// A place among those who wait, and an attempt of `name`'s. Whoever finds no place leaves no name behind, so that a flood
    /// of them is not remembered.
    fn attempt(&self, name: &str) -> Result<SemaphorePermit<'_>, Refusal> {
        let place = self.waiting.try_acquire().map_err(|_| Refusal::Busy)?;
        if self.attempts.len() > REMEMBERED {
            self.attempts.retain_recent();
        }
        self.attempts.check_key(&name.to_owned()).map_err(|_| Refusal::TooManyRequests)?;
        Ok(place)
    }

    async fn work<T: Send + 'static>(
        &self,
        password: &str,
        work: impl FnOnce(&[u8]) -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let password = Zeroizing::new(password.as_bytes().to_vec());
        let running = self.running.clone().acquire_owned().await.map_err(|_| Refusal::System)?;
        let working = tokio::task::spawn_blocking(move || {
            let done = work(&password);
            // Only now: the caller may have left, the thread has not.
            drop(running);
            done
        });
        working.await.map_err(|error| {
            tracing::error!(%error, "a password could not be hashed");
            Refusal::System
        })
    }
}

/// In PHC form, with the library's parameters of today: argon2id, 19 MiB, two passes.
fn make(password: &[u8]) -> Result<String, Refusal> {
    let failed = |error: &dyn std::fmt::Display| {
        tracing::error!(%error, "a password could not be hashed");
        Refusal::System
    };
    let salt = random::<16>().map_err(|error| failed(&error))?;
    let hash: PasswordHash = Argon2::default().hash_password_with_salt(password, &salt).map_err(|error| failed(&error))?;
    Ok(hash.to_string())
}

/// By the parameters that stand in the hash, so that those of tomorrow leave older ones valid.
fn fits(password: &[u8], stored: &[u8]) -> bool {
    let hash = str::from_utf8(stored).ok().and_then(|stored| PasswordHash::new(stored).ok());
    hash.is_some_and(|hash| Argon2::default().verify_password(password, &hash).is_ok())
}

fn random<const N: usize>() -> Result<[u8; N], getrandom::Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_fits_what_was_made_of_it_and_nothing_else() {
        let passwords = Passwords::new();
        let stored = passwords.hash("a", "hunter2").await.unwrap();
        assert!(stored.expose().starts_with(b"$argon2id$v=19$m=19456,t=2,p=1$"));
        assert_ne!(passwords.hash("a", "hunter2").await.unwrap(), stored, "salted");
        assert_eq!(passwords.check("a", "hunter2", Some(stored.clone())).await, Ok(true));
        assert_eq!(passwords.check("a", "hunter3", Some(stored)).await, Ok(false));
        assert_eq!(passwords.check("a", "hunter2", None).await, Ok(false));
        assert_eq!(passwords.check("a", "hunter2", Some(Secret::new("broken"))).await, Ok(false));
    }

    #[tokio::test]
    async fn attempts_under_one_name_are_few() {
        let passwords = Passwords::new();
        let stored = Some(Secret::new("no hash, so that this takes no time"));
        for _ in 0..ATTEMPTS.get() {
            assert_eq!(passwords.check("a", "x", stored.clone()).await, Ok(false));
        }
        assert_eq!(passwords.check("a", "x", stored.clone()).await, Err(Refusal::TooManyRequests));
        assert_eq!(passwords.check("b", "x", stored).await, Ok(false));
    }
}
