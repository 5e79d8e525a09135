//! All that a data directory holds, to be compared.

use std::{collections::BTreeMap, fs, path::Path};

use rusqlite::{Connection, OpenFlags, types::ValueRef};
use wharf::store::Digest;

/// Files by name with their contents, and every row of every table.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Contents {
    /// By their digests: a failure should show names, not contents.
    files: BTreeMap<String, Digest>,
    rows: Vec<String>,
}

/// Reads the data directory of the host in `here`, whether that runs or not.
pub(super) fn contents(here: &Path) -> Contents {
    let data = here.join("data");
    let mut files = BTreeMap::new();
    read(&data, &data, &mut files);
    Contents { files, rows: rows(&data.join("wharf.db")) }
}

/// The database is compared by its rows; the lock holds the pid of its last holder.
fn read(data: &Path, folder: &Path, files: &mut BTreeMap<String, Digest>) {
    for entry in fs::read_dir(folder).expect("a folder can be read") {
        let path = entry.expect("an entry can be read").path();
        let name = path.strip_prefix(data).expect("it is below").to_string_lossy().into_owned();
        if path.is_dir() {
            read(data, &path, files);
        } else if !name.starts_with("wharf.db") && !["lock", "control.sock"].contains(&name.as_str()) {
            files.insert(name, Digest::of(&fs::read(&path).expect("a file can be read")));
        }
    }
}

fn rows(database: &Path) -> Vec<String> {
    let database = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("the database can be opened");
    let text = |query: &str| -> Vec<String> {
        let mut statement = database.prepare(query).expect("a query");
        let columns = statement.column_count();
        let mut rows = statement.query([]).expect("a query");
        let mut found = Vec::new();
        while let Some(row) = rows.next().expect("a row") {
            let values = (0..columns).map(|column| match row.get_ref(column).expect("a column") {
                ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
                other => format!("{other:?}"),
            });
            found.push(values.collect::<Vec<_>>().join("|"));
        }
        found
    };
    let tables = text("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name");
    let rows = tables.iter().flat_map(|table| {
        text(&format!("SELECT * FROM \"{table}\"")).into_iter().map(move |row| format!("{table}: {row}")).collect::<Vec<_>>()
    });
    let mut rows: Vec<String> = rows.collect();
    rows.sort_unstable();
    rows
}
