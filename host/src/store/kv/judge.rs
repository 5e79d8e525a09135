//! What changes come to: conditions, versions and quota, judged over what was looked up before.
//!
//! One function for both who make changes, the writer inside its transaction and an [`super::Overlay`] of what is not stored
//! yet. So they cannot come to judge differently.

use std::collections::HashMap;

use super::{Applied, Apply, CHANGES, Change, Condition, KEY, KvError, weight};

/// What has to be known of one place: as it is before the changes, and once they are judged as it is after them.
pub(super) struct Seen<'a> {
    /// The row of every key that the changes name, or that there is none.
    pub(super) rows: HashMap<&'a str, Option<Row>>,
    /// The highest version that a removed key of this store ever had.
    pub(super) floor: u64,
    pub(super) sums: Sums,
}

/// What a condition and the quota need to know of a row; its value is not read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) version: u64,
    pub(super) length: u64,
}

/// What is kept of a service beside its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sums {
    pub(super) bytes: u64,
    pub(super) floor: u64,
}

/// What can be refused without looking at a row.
pub(super) fn check(Apply { changes, quota, .. }: &Apply) -> Result<(), KvError> {
    if changes.len() > CHANGES {
        return Err(KvError::TooMany { count: changes.len() });
    }
    for change in changes {
        let length = change.key().len();
        if length == 0 || length > KEY {
            return Err(KvError::KeyLength { length });
        }
        match change {
            Change::Put { key, value, .. } if value.len() as u64 > quota.value => {
                return Err(KvError::ValueTooLarge { key: key.clone(), asked: value.len() as u64, allowed: quota.value });
            }
            Change::Put { .. } | Change::Remove { .. } => {}
        }
    }
    Ok(())
}

/// Judges changes that were checked, in their order. When it fails, `seen` is of no more use.
pub(super) fn judge<'a>(seen: &mut Seen<'a>, apply: &'a Apply) -> Result<Vec<Applied>, KvError> {
    let Apply { place, changes, quota } = apply;
    let before = seen.sums.bytes;
    let mut applied = Vec::with_capacity(changes.len());
    for (index, change) in changes.iter().enumerate() {
        let key = change.key();
        let found = seen.rows.get(key).copied().flatten();
        let version = found.map(|row| row.version);
        let holds = match change.condition() {
            Condition::Always => true,
            Condition::Absent => version.is_none(),
            Condition::Version(wanted) => version == Some(wanted),
        };
        if !holds {
            return Err(KvError::Conflict { index, key: key.to_owned(), found: version });
        }
        // Never below 0 unless somebody else changed the tables; a wrong sum must not stop the writer.
        seen.sums.bytes = seen.sums.bytes.saturating_sub(found.map_or(0, |row| weight(key.len(), row.length)));
        let after = match change {
            Change::Put { value, .. } => {
                let length = value.len() as u64;
                seen.sums.bytes += weight(key.len(), length);
                let last = version.unwrap_or_else(|| seen.sums.floor.max(seen.floor));
                Some(Row { version: last + 1, length })
            }
            Change::Remove { .. } => {
                seen.floor = seen.floor.max(version.unwrap_or(0));
                None
            }
        };
        seen.rows.insert(key, after);
        applied.push(Applied { version: after.map_or(0, |row| row.version), existed: found.is_some() });
    }
    let after = seen.sums.bytes;
    if after > before && after > quota.total {
        return Err(KvError::Quota { service: place.service.clone(), asked: after, allowed: quota.total });
    }
    Ok(applied)
}
