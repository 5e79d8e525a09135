//! Reads and writes where it is told to.

use std::{fs, io};

use wharf_sdk::prelude::*;

#[derive(Deserialize)]
struct Place {
    path: String,
    to: Option<String>,
}

/// What came of it: the text read, or how it failed.
#[post("/{what}")]
fn files(what: String, Json(Place { path, to }): Json<Place>) -> Result<(u16, String)> {
    let to = to.unwrap_or_default();
    let done = match what.as_str() {
        "read" => fs::read_to_string(&path),
        "write" => fs::write(&path, &to).map(|()| String::new()),
        "list" => list(&path),
        "rename" => fs::rename(&path, &to).map(|()| String::new()),
        "link" => fs::hard_link(&path, &to).map(|()| String::new()),
        "remove" => fs::remove_file(&path).map(|()| String::new()),
        _ => return Err(Error::not_found("no such thing to do")),
    };
    Ok(done.map_or_else(|error| (409, format!("{:?}", error.kind())), |text| (200, text)))
}

fn list(path: &str) -> io::Result<String> {
    let names: io::Result<Vec<String>> =
        fs::read_dir(path)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect();
    let mut names = names?;
    names.sort_unstable();
    Ok(names.join(" "))
}

service!(files);
