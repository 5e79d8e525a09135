//! How the database is opened, and how it came to have its tables.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, TransactionBehavior, config::DbConfig};

use super::{DataDir, files};
use crate::{codes, problem::Problem};

/// The steps from an empty database to today's. Released steps are never edited; a change is a new step at the end, and
/// `PRAGMA user_version` counts how many were taken.
const STEPS: &[&str] = &[
    include_str!("schema_1.sql"),
    include_str!("schema_2.sql"),
    include_str!("schema_3.sql"),
    include_str!("schema_4.sql"),
    include_str!("schema_5.sql"),
];

pub(super) const DATABASE: &str = "wharf.db";

/// Opens the writer's connection of the store in `data`, bringing the tables up to date.
pub(super) fn open_writer(data: &DataDir) -> Result<Connection, Problem> {
    let path = data.path().join(DATABASE);
    let failed = |why: &dyn std::fmt::Display| {
        Problem::new(&codes::DATA_UNUSABLE, format!("database `{}` cannot be opened", path.display()))
            .why(why)
            .fix("look at the disk and at who owns the data directory, or restore the backup")
    };
    // SQLite would create it readable for others; -wal and -shm take the rights of the database.
    create_private(data).map_err(|error| failed(&error))?;
    let mut connection = connect(&path).map_err(|error| failed(&error))?;
    // Looked at before anything is written: a newer host's database is left as it is.
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(|error| failed(&error))?;
    let Some(taken) = usize::try_from(version).ok().filter(|taken| *taken <= STEPS.len()) else {
        return Err(Problem::new(&codes::DATA_UNUSABLE, format!("database `{}` belongs to a newer Wharf", path.display()))
            .why(format_args!("it is at step {version}, and this version of Wharf knows {}", STEPS.len()))
            .fix("run the version of Wharf that wrote it, or a newer one"));
    };
    let mode: String =
        connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0)).map_err(|error| failed(&error))?;
    if mode != "wal" {
        return Err(failed(&"the file system has no shared memory for a write-ahead log (a network file system?)"));
    }
    upgrade(&mut connection, taken).map_err(|error| failed(&error))?;
    Ok(connection)
}

/// Opens one more connection, which can only read.
pub(super) fn open_reader(data: &DataDir) -> rusqlite::Result<Connection> {
    let connection = connect(&data.path().join(DATABASE))?;
    connection.pragma_update(None, "query_only", true)?;
    // Every commit of the writer makes a reader forget its pages, and the system has them in memory too.
    connection.pragma_update(None, "cache_size", -1_024)?;
    Ok(connection)
}

fn create_private(data: &DataDir) -> std::io::Result<()> {
    use cap_std::fs::{OpenOptions, OpenOptionsExt as _};
    if !data.dir().try_exists(DATABASE)? {
        data.dir().open_with(DATABASE, OpenOptions::new().write(true).create_new(true).mode(0o600))?;
        files::sync(data.dir())?;
    }
    Ok(())
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let connection = Connection::open_with_flags(path, flags)?;
    // Nobody else writes to a locked data directory but an admin with the sqlite3 shell.
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    // A commit returns when its frames in the log are synced. With NORMAL the last ones could be lost in a power cut.
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    // KiB. The largest page sets the store works on again and again are its indexes.
    connection.pragma_update(None, "cache_size", -8_192)?;
    // After a burst the log shrinks again instead of keeping the size it once had.
    connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
    // A plan that looks at bound values is made again whenever one of them changes: a third of the writer's time in a drain of
    // messages, for plans that come out the same.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    // About as many statements as there are in this folder, so that each is parsed once per connection.
    connection.set_prepared_statement_cache_capacity(128);
    Ok(connection)
}

/// Takes the steps that are missing, each whole or not at all.
fn upgrade(connection: &mut Connection, taken: usize) -> rusqlite::Result<()> {
    for (number, step) in (1_i64..).zip(STEPS).skip(taken) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", number)?;
        transaction.commit()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_database_is_refused_and_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::open(folder.path()).unwrap();
        open_writer(&data).unwrap().pragma_update(None, "user_version", 99).unwrap();
        let before = std::fs::read(folder.path().join(DATABASE)).unwrap();
        let problem = open_writer(&data).unwrap_err();
        assert_eq!(problem.code, &codes::DATA_UNUSABLE);
        assert!(problem.what.ends_with("belongs to a newer Wharf"), "{problem}");
        assert_eq!(std::fs::read(folder.path().join(DATABASE)).unwrap(), before);
    }

    #[test]
    fn what_is_no_database_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(DATABASE), "not a database, by any means".repeat(100)).unwrap();
        let problem = open_writer(&DataDir::open(folder.path()).unwrap()).unwrap_err();
        assert_eq!((problem.code, problem.why.as_str()), (&codes::DATA_UNUSABLE, "file is not a database"));
    }

    #[test]
    fn subscriptions_survive_the_step_after_which_they_can_be_purged() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::open(folder.path()).unwrap();
        drop(open_writer(&data).unwrap());
        std::fs::remove_file(folder.path().join(DATABASE)).unwrap();
        let older = Connection::open(folder.path().join(DATABASE)).unwrap();
        for step in &STEPS[..4] {
            older.execute_batch(step).unwrap();
        }
        older
            .execute_batch(
                "INSERT INTO subscriptions VALUES ('notes', 'a1', '1', 's1', 'cancelled', 10, 'm1', 20),
                                                  ('notes', 'a2', '2', 's2', 'subscribed', 11, 'm2', NULL);
                 PRAGMA user_version = 4;",
            )
            .unwrap();
        drop(older);
        let connection = open_writer(&data).unwrap();
        let rows: Vec<(String, String, i64, Option<i64>)> = connection
            .prepare("SELECT app_key, state, since_ms, purge_ms FROM subscriptions ORDER BY app_key")
            .and_then(|mut rows| rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?.collect())
            .unwrap();
        assert_eq!(
            rows,
            [("a1".to_owned(), "cancelled".to_owned(), 10, Some(20)), ("a2".to_owned(), "subscribed".to_owned(), 11, None)]
        );
        connection.execute_batch("UPDATE subscriptions SET state = 'purged'").unwrap();
    }

    #[test]
    fn the_database_is_private() {
        use std::os::unix::fs::MetadataExt as _;
        let folder = tempfile::tempdir().unwrap();
        // The other two are there while it is open.
        let _connection = open_writer(&DataDir::open(folder.path()).unwrap()).unwrap();
        for name in [DATABASE, "wharf.db-wal", "wharf.db-shm"] {
            assert_eq!(std::fs::metadata(folder.path().join(name)).unwrap().mode() & 0o777, 0o600, "{name}");
        }
    }
}
