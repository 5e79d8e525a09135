//! What the platform lists: messages that no notice named, and the order of all.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{Letter, State, UNFINISHED, count, queue, tell, unread, unwritten};
use crate::store::{Store, StoreError, from_sql, to_sql};

/// Messages in one write: a long list must not keep other services from the writer.
const CHUNK: u32 = 64;
/// A message that is resolved here and that the platform still lists so long after, in milliseconds, is resolved once more:
/// the platform forgot. A list that was made while the message was being resolved is never so old.
const AGAIN_MS: u64 = 10 * 60_000;
/// How often it is written down that a dropped message is still listed, in milliseconds.
const SEEN_MS: u64 = 24 * 3_600_000;

/// What a list brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Listed {
    /// Messages that were not known before.
    pub new: u64,
    /// Those of them that are dead from the beginning.
    pub dead: u64,
    /// Messages that the platform was told are handled, and does not know to be.
    pub again: u64,
    /// There was no room for all: [`UNFINISHED`].
    pub full: bool,
}

impl Listed {
    fn count(&mut self, letter: &Letter) {
        self.new += 1;
        self.dead += u64::from(letter.state() == State::Dead);
    }
}

impl Store {
    /// Takes what the platform listed at `listed_ms`, in its order: stores what is new, makes known what was hinted, and gives
    /// places so that every app's unfinished messages stand in the order of the list. What is done or dropped stays so.
    ///
    /// In chunks; each is on disk before the next is begun. Cancellation: the rest is not looked at; repeating is harmless.
    pub async fn messages_listed(
        &self,
        service: &str,
        letters: Vec<Letter>,
        listed_ms: u64,
        now_ms: u64,
    ) -> Result<Listed, StoreError> {
        let mut listed = Listed::default();
        // The place of the last one that had one: whoever stands before it and is listed behind it goes to the end.
        let mut last = 0;
        let mut letters = letters.into_iter();
        loop {
            let chunk: Vec<Letter> = letters.by_ref().take(CHUNK as usize).collect();
            if chunk.is_empty() || listed.full {
                return Ok(listed);
            }
            // Most of what is listed again and again needs nothing, and that is no work for the writer.
            let (service, chunk) = (Arc::<str>::from(service), Arc::new(chunk));
            let (of, letters) = (service.clone(), chunk.clone());
            let look = move |connection: &Connection| {
                List { connection, service: &of, listed_ms, now_ms }.untouched(&letters, last).map_err(unread)
            };
            if let Some(place) = self.read(look).await? {
                last = place;
                continue;
            }
            let weight = chunk.iter().map(|letter| letter.content.len()).sum();
            let write = move |connection: &Connection| {
                List { connection, service: &service, listed_ms, now_ms }.take(&chunk, last, listed).map_err(unwritten(&service))
            };
            (last, listed) = self.write(weight, write).await?;
        }
    }

    /// The number of the last message that waits for a place. To be asked before the list is.
    ///
    /// Cancellation: harmless.
    pub async fn messages_unplaced(&self, service: &str) -> Result<Option<u64>, StoreError> {
        let service = service.to_owned();
        self.read(move |connection| {
            connection
                .prepare_cached(
                    "SELECT max(number) FROM messages
                     WHERE service = ?1 AND place IS NULL AND app_key IS NOT NULL AND state IN ('known', 'dead')",
                )
                .and_then(|mut statement| statement.query_row([&service], |row| row.get::<_, Option<i64>>(0)))
                .map(|number| number.map(from_sql))
                .map_err(unread)
        })
        .await
    }

    /// Gives places in the order of arrival to all messages up to `last` that still wait for one: the platform's list did not
    /// name them, or could not be had.
    ///
    /// Cancellation: some have one then; repeating is harmless.
    pub async fn messages_place(&self, service: &str, last: u64, now_ms: u64) -> Result<(), StoreError> {
        loop {
            let service = service.to_owned();
            let write = move |connection: &Connection| place(connection, &service, last, now_ms).map_err(unwritten(&service));
            if !self.write(0, write).await? {
                return Ok(());
            }
        }
    }

    /// Makes messages due now that wait for another attempt, but for those whose plugin named the time itself: a poll has come
    /// before their timers. At most [`super::PAGE`] of them.
    ///
    /// Cancellation: as for [`Store::commit`].
    pub async fn messages_wake(&self, service: &str, now_ms: u64) -> Result<(), StoreError> {
        let service = service.to_owned();
        self.write(0, move |connection| {
            connection
                .prepare_cached(
                    "UPDATE messages SET due_ms = ?2 WHERE number IN (
                         SELECT number FROM messages
                         WHERE service = ?1 AND state = 'known' AND head = 1 AND due_ms > ?2 AND patient = 0
                         ORDER BY due_ms LIMIT ?3)",
                )
                .and_then(|mut statement| statement.execute(params![service, to_sql(now_ms), super::PAGE]))
                .map(drop)
                .map_err(unwritten(&service))
        })
        .await
    }
}

/// One list, while it is taken.
struct List<'a> {
    connection: &'a Connection,
    service: &'a str,
    listed_ms: u64,
    now_ms: u64,
}

/// What must be known of a message that is listed.
struct Found {
    number: u64,
    state: State,
    place: Option<u64>,
    app_key: Option<String>,
    changed_ms: u64,
}

impl List<'_> {
    /// Takes some letters; returns the last place there is then.
    fn take(&self, letters: &[Letter], mut last: u64, mut listed: Listed) -> rusqlite::Result<(u64, Listed)> {
        let unfinished = [State::Hinted, State::Known, State::Claimed, State::Dead];
        let mut room = UNFINISHED.saturating_sub(count(self.connection, self.service, &unfinished)?);
        for letter in letters {
            let found = self.find(&letter.id)?;
            match found.as_ref().map(|found| found.state) {
                None if self.is_dropped(&letter.id)? => {}
                None if room == 0 => {
                    listed.full = true;
                    break;
                }
                None => {
                    self.insert(letter)?;
                    room -= 1;
                    listed.count(letter);
                }
                Some(State::Hinted) => {
                    tell::tell(self.connection, self.service, letter, self.now_ms)?;
                    listed.count(letter);
                }
                Some(State::Resolved) if found.as_ref().is_some_and(|found| self.is_forgotten(found)) => {
                    self.resolve_again(&letter.id)?;
                    listed.again += 1;
                }
                Some(State::Known | State::Claimed | State::Dead | State::Done | State::Resolved) => {}
            }
            last = self.place(&letter.id, last)?;
        }
        Ok((last, listed))
    }

    /// The last place after these letters, if all of them are stored and stand where they should.
    fn untouched(&self, letters: &[Letter], mut last: u64) -> rusqlite::Result<Option<u64>> {
        for letter in letters {
            let Some(found) = self.find(&letter.id)? else { return Ok(None) };
            match (found.state, found.place) {
                (State::Done, _) => {}
                (State::Resolved, _) if !self.is_forgotten(&found) => {}
                (State::Dead, _) if found.app_key.is_none() => {}
                (State::Known | State::Claimed | State::Dead, Some(place)) if place > last => last = place,
                (State::Hinted | State::Known | State::Claimed | State::Resolved | State::Dead, _) => return Ok(None),
            }
        }
        Ok(Some(last))
    }

    /// Whether the platform still lists a message long after it was told that it is handled.
    fn is_forgotten(&self, found: &Found) -> bool {
        found.state == State::Resolved && found.changed_ms + AGAIN_MS < self.listed_ms
    }

    fn find(&self, id: &str) -> rusqlite::Result<Option<Found>> {
        self.connection
            .prepare_cached("SELECT number, state, place, app_key, changed_ms FROM messages WHERE service = ?1 AND id = ?2")?
            .query_row(params![self.service, id], |row| {
                Ok(Found {
                    number: from_sql(row.get(0)?),
                    state: row.get(1)?,
                    place: row.get::<_, Option<i64>>(2)?.map(from_sql),
                    app_key: row.get(3)?,
                    changed_ms: from_sql(row.get(4)?),
                })
            })
            .optional()
    }

    /// Whether an operator dropped the message. That it is still listed is kept, so that it is not forgotten too early.
    fn is_dropped(&self, id: &str) -> rusqlite::Result<bool> {
        let seen_ms = self
            .connection
            .prepare_cached("SELECT seen_ms FROM messages_dropped WHERE service = ?1 AND id = ?2")?
            .query_row(params![self.service, id], |row| Ok(from_sql(row.get(0)?)))
            .optional()?;
        if seen_ms.is_some_and(|seen_ms| seen_ms + SEEN_MS < self.now_ms) {
            self.connection
                .prepare_cached("UPDATE messages_dropped SET seen_ms = ?3 WHERE service = ?1 AND id = ?2")?
                .execute(params![self.service, id, to_sql(self.now_ms)])?;
        }
        Ok(seen_ms.is_some())
    }

    fn insert(&self, letter: &Letter) -> rusqlite::Result<()> {
        let Letter { id, kind, content, back_service_id, about, fault } = letter;
        self.connection
            .prepare_cached(
                "INSERT INTO messages (service, id, state, kind, content, back_service_id, app_key, app_id, subscription_id,
                     reason, at_ms, changed_ms, due_ms)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11, ?11)",
            )?
            .execute(params![
                self.service,
                id,
                letter.state(),
                kind,
                content,
                back_service_id,
                about.as_ref().map(|about| &about.app_key),
                about.as_ref().map(|about| &about.app_id),
                about.as_ref().map(|about| &about.subscription_id),
                fault,
                to_sql(self.now_ms),
            ])
            .map(drop)
    }

    fn resolve_again(&self, id: &str) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached(
                "UPDATE messages SET state = 'done', changed_ms = ?3, due_ms = ?3, tries = 0
                 WHERE service = ?1 AND id = ?2 AND state = 'resolved'",
            )?
            .execute(params![self.service, id, to_sql(self.now_ms)])
            .map(drop)
    }

    /// Sees to it that message `id`, if it is unfinished, stands behind the place `last`; returns where it stands.
    fn place(&self, id: &str, last: u64) -> rusqlite::Result<u64> {
        let Some(Found { number, state, place, app_key: Some(app_key), .. }) = self.find(id)? else { return Ok(last) };
        match (state, place) {
            (State::Hinted | State::Done | State::Resolved, _) => Ok(last),
            (State::Known | State::Claimed | State::Dead, Some(place)) if place > last => Ok(place),
            (State::Known | State::Claimed | State::Dead, _) => {
                set_place(self.connection, self.service, number, &app_key, self.now_ms)
            }
        }
    }
}

/// Places some that have none; returns whether there may be more.
fn place(connection: &Connection, service: &str, last: u64, now_ms: u64) -> rusqlite::Result<bool> {
    let waiting = connection
        .prepare_cached(
            "SELECT number, app_key FROM messages
             WHERE service = ?1 AND place IS NULL AND app_key IS NOT NULL AND state IN ('known', 'dead') AND number <= ?2
             ORDER BY number LIMIT ?3",
        )?
        .query_map(params![service, to_sql(last), CHUNK], |row| Ok((from_sql(row.get(0)?), row.get(1)?)))?
        .collect::<rusqlite::Result<Vec<(u64, String)>>>()?;
    for (number, app_key) in &waiting {
        set_place(connection, service, *number, app_key, now_ms)?;
    }
    Ok(waiting.len() == CHUNK as usize)
}

/// Puts a message at the end of its app's queue.
fn set_place(connection: &Connection, service: &str, number: u64, app_key: &str, now_ms: u64) -> rusqlite::Result<u64> {
    let place = queue::next_place(connection, service)?;
    connection
        .prepare_cached("UPDATE messages SET place = ?2 WHERE number = ?1")?
        .execute(params![to_sql(number), to_sql(place)])?;
    queue::settle(connection, service, app_key, now_ms)?;
    Ok(place)
}
