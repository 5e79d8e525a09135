//! An issuer of tokens, and its keys as they change.
//!
//! A request never reads keys itself: it finds them here. [`Issuer::keep_fresh`], a task of the host's, reads them again now
//! and then, and when a token names a key that is not known, for issuers begin to use new keys whenever they like. Whoever
//! makes up key ids gets one such reading per [`Issuer`] and pause, which all who wait meanwhile share; nobody waits longer
//! than [`MAX_WAIT`], and during the pause nobody waits at all. Where reading fails, the keys that were there stay: an issuer
//! that cannot be reached for an hour must not shut its apps out.

use std::{sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use tokio::{
    sync::{Notify, watch},
    time::{Instant, sleep, timeout},
};

use super::{
    Algorithm, Reason,
    header::Header,
    jwks::Keys,
    source::{Source, SourceError, read_file},
};
use crate::{codes, config, problem::Problem, units::millis};

/// The longest that a request waits for keys to be read. Issuers answer within a fraction of it.
const MAX_WAIT: Duration = Duration::from_secs(2);

/// How often keys are read.
#[derive(Debug, Clone, Copy)]
struct Rhythm {
    /// In quiet times. A key that was taken out of the set is believed for that long at most.
    every: Duration,
    /// After a reading, before a token may cause the next one, and before a failed one is tried again.
    pause: Duration,
}

/// A local file costs nothing, and whoever changed it looks at what happens.
const FILE: Rhythm = Rhythm { every: Duration::from_secs(10), pause: Duration::from_secs(1) };
/// Six requests a minute are nothing to an issuer that serves apps.
const URL: Rhythm = Rhythm { every: Duration::from_mins(5), pause: Duration::from_secs(10) };

/// An issuer of the configuration. Lives as long as the host.
#[derive(Debug)]
pub struct Issuer {
    /// The configuration's name for it.
    pub name: String,
    /// What its tokens say in `iss`.
    pub(super) issuer: String,
    pub(super) skew_ms: u64,
    algorithms: Vec<Algorithm>,
    source: Source,
    rhythm: Rhythm,
    keys: ArcSwap<Keys>,
    reading: watch::Sender<Reading>,
    asked: Notify,
}

/// How far reading has come.
#[derive(Debug, Clone, Copy)]
struct Reading {
    /// Readings that have ended, well or not.
    ended: u64,
    /// One goes on, or was asked for.
    pending: bool,
    /// The end of the pause.
    next: Instant,
}

impl Issuer {
    /// The issuer that the configuration calls `name`. A file is read now, and blocks; from an address nothing is fetched
    /// before [`Issuer::keep_fresh`] runs.
    pub fn new(name: &str, config: &config::Issuer) -> Result<Self, Problem> {
        let failed = |source: &dyn std::fmt::Display, error: &SourceError| {
            Problem::new(&codes::ISSUER_KEYS, format!("`issuers.{name}` has no keys that can be had from {source}"))
                .why(error)
                .fix("put the issuer's JWK set there, as it publishes it")
        };
        let source = Source::new(&config.jwks).map_err(|error| failed(&"its address", &error))?;
        let (rhythm, keys) = match &source {
            Source::Url(..) => (URL, Keys::default()),
            Source::File(path) => {
                let text = read_file(path).map_err(|error| failed(&source, &error.into()))?;
                (FILE, Keys::read(name, &text, &config.algorithms).map_err(|error| failed(&source, &error.into()))?)
            }
        };
        // What is fetched is on its way as soon as the host runs: the first requests wait for it.
        let reading = Reading { ended: 0, pending: keys.len() == 0, next: Instant::now() };
        Ok(Self {
            name: name.to_owned(),
            issuer: config.issuer.clone(),
            skew_ms: millis(config.clock_skew),
            algorithms: config.algorithms.clone(),
            source,
            rhythm,
            keys: ArcSwap::from_pointee(keys),
            reading: watch::Sender::new(reading),
            asked: Notify::new(),
        })
    }

    /// The keys as they are now.
    pub(super) fn keys(&self) -> Arc<Keys> {
        self.keys.load_full()
    }

    /// Keys among which is the one that `header` means; waits for newer ones where it is not known. Where there never were any, that
    /// is [`Reason::NoKeys`].
    ///
    /// Cancellation: harmless; a reading that was asked for goes on.
    pub(super) async fn keys_for(&self, header: &Header) -> Result<Arc<Keys>, Reason> {
        if !self.algorithms.contains(&header.algorithm) {
            return Err(Reason::Algorithm);
        }
        let found = |keys: Arc<Keys>| match keys.find(header.algorithm, header.kid.as_deref()) {
            Ok(_) => Ok(keys),
            Err(Reason::UnknownKey) if keys.len() == 0 => Err(Reason::NoKeys),
            Err(reason) => Err(reason),
        };
        match found(self.keys()) {
            // Boxed, so that the request's future does not grow by what hardly any request needs.
            Err(Reason::UnknownKey | Reason::NoKeys) => {
                Box::pin(async {
                    let mut reading = self.reading.subscribe();
                    let ended = reading.borrow_and_update().ended;
                    // A reading may have ended since; one that ends from here on is noticed.
                    match found(self.keys()) {
                        Err(Reason::UnknownKey | Reason::NoKeys) if self.ask() => {}
                        known => return known,
                    }
                    // Whether it ended or the time is over, what is known then decides.
                    let _ = timeout(MAX_WAIT, reading.wait_for(|reading| reading.ended > ended)).await;
                    found(self.keys())
                })
                .await
            }
            known => known,
        }
    }

    /// Asks for a reading. False during the pause; true when one will end.
    fn ask(&self) -> bool {
        let mut asked = false;
        self.reading.send_if_modified(|reading| {
            if !reading.pending && Instant::now() >= reading.next {
                reading.pending = true;
                self.asked.notify_one();
            }
            asked = reading.pending;
            false
        });
        asked
    }

    /// Reads the keys again and again, for ever. Cancellation: harmless, at any point.
    pub async fn keep_fresh(self: Arc<Self>) {
        // A file was read when the host started.
        let mut pause = if self.keys().len() == 0 { Duration::ZERO } else { self.rhythm.every };
        loop {
            tokio::select! {
                () = sleep(pause) => {}
                () = self.asked.notified() => {}
            }
            self.reading.send_if_modified(|reading| {
                reading.pending = true;
                false
            });
            pause = match self.read_again().await {
                Ok(()) => self.rhythm.every,
                Err(error) => {
                    let (issuer, keys) = (&self.name, self.keys().len());
                    tracing::warn!(code = codes::ISSUER_KEYS.id, issuer, %error, keys, from = %self.source, "the issuer's keys cannot be had; those that are known stay");
                    self.rhythm.pause
                }
            };
            self.reading.send_modify(|reading| {
                *reading = Reading { ended: reading.ended + 1, pending: false, next: Instant::now() + self.rhythm.pause };
            });
        }
    }

    async fn read_again(&self) -> Result<(), SourceError> {
        let text = self.source.read().await?;
        if !self.keys.load().are_of(&text) {
            let keys = Keys::read(&self.name, &text, &self.algorithms)?;
            tracing::info!(issuer = self.name, keys = keys.len(), "the issuer's keys were read");
            self.keys.store(Arc::new(keys));
        }
        Ok(())
    }
}

#[cfg(test)]
impl Issuer {
    /// As if the pause were over.
    pub(super) fn end_pause(&self) {
        self.reading.send_if_modified(|reading| {
            reading.next = Instant::now();
            false
        });
    }
}
