//! Files that are either wholly there or not there at all.

use std::io::{self, Read as _, Write as _};

use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt as _};

/// What the name of an unfinished file begins with; [`remove_unfinished`] clears away those that a crash left.
const UNFINISHED: &str = ".unfinished-";

/// Random bytes of the system's.
pub(super) fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(bytes)
}

/// Writes `parts`, one after the other, as the file `name` of `dir`, readable by this user only, replacing what was there.
///
/// When this returns the content is on disk under its name, through a power cut too: the bytes are synced before the
/// rename, and the directory after it. After an error or a crash `name` is what it was before, or the new file whole.
pub(super) fn write_atomic(dir: &Dir, name: &str, parts: &[&[u8]]) -> io::Result<()> {
    let unfinished = format!("{UNFINISHED}{}", hex::encode(random::<16>()?));
    let written = (|| {
        let mut file = dir.open_with(&unfinished, OpenOptions::new().write(true).create_new(true).mode(0o600))?;
        for part in parts {
            file.write_all(part)?;
        }
        file.sync_all()?;
        dir.rename(&unfinished, dir, name)?;
        sync(dir)
    })();
    if written.is_err() {
        // It may be renamed already, or never created; what is left otherwise goes at the next start.
        let _ = dir.remove_file(&unfinished);
    }
    written
}

/// The whole file `name` of `dir`, or `None` if there is none. Fails if it is longer than `max` bytes.
pub(super) fn read(dir: &Dir, name: &str, max: u64) -> io::Result<Option<Vec<u8>>> {
    let file = match dir.open(name) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let length = file.metadata()?.len();
    if length > max {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it is longer than {max} bytes")));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
    file.take(max).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// Makes the names in `dir` durable: what was created, renamed or removed.
pub(super) fn sync(dir: &Dir) -> io::Result<()> {
    dir.open(".")?.sync_all()
}

/// Removes what [`write_atomic`] left behind when the process died inside it. The caller holds the data directory's lock, so
/// nobody is writing.
pub(super) fn remove_unfinished(dir: &Dir) -> io::Result<()> {
    for entry in dir.entries()? {
        let name = entry?.file_name();
        if name.to_str().is_some_and(|name| name.starts_with(UNFINISHED)) {
            dir.remove_file(&name)?;
        }
    }
    Ok(())
}
