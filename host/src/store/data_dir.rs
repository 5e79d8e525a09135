//! The data directory: one place on disk, held by one process.
//!
//! ```text
//! lock            held by flock for the life of the holder; its pid as text
//! host.key        32 random bytes that never leave this machine
//! control.sock    the running host's control socket
//! wharf.db        the store, with -wal and -shm beside it
//! blobs/          <sha256>.wasm: components
//! cache/          <sha256>-<engine>.cwasm: compiled components, each with its tag
//! ```
//!
//! All file access below the directory goes through one capability (a [`cap_std::fs::Dir`]), so no name, however it came
//! about, leads out of it. Two things cannot: SQLite and the control socket take paths. Both paths are fixed names below the
//! canonical path of the locked directory, and SQLite is told not to follow a symbolic link there.

use std::{
    fs::{DirBuilder, File, TryLockError},
    io::{self, Seek as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use cap_std::{
    ambient_authority,
    fs::{Dir, MetadataExt as _, OpenOptions, OpenOptionsExt as _, Permissions},
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::{Seal, files};
use crate::{codes, problem::Problem, secret::Secret};

const CONTROL_SOCKET: &str = "control.sock";
const HOST_KEY: &str = "host.key";
const HOST_KEY_LENGTH: usize = 32;
/// More than is ever in the lock file (a pid) or the key file, and little enough to read without a thought.
const SMALL: u64 = 1 << 10;

/// A data directory that this process holds. The lock goes when the last of this and the [`Store`](super::Store) opened in
/// it is dropped, or when the process ends, however it ends.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    dir: Dir,
    lock: Arc<File>,
    host_key: Secret,
}

/// Who holds a data directory.
#[derive(Debug)]
pub enum Access {
    /// This process does, from now on.
    Mine(DataDir),
    /// Another process does: a host, or a command that will be done shortly.
    InUse(InUse),
}

/// A data directory that another process holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InUse {
    /// The directory.
    pub path: PathBuf,
    /// The holder, if it has written it down yet.
    pub pid: Option<u32>,
}

impl InUse {
    /// Where the holder listens for commands, if it is a host.
    pub fn control_socket(&self) -> PathBuf {
        self.path.join(CONTROL_SOCKET)
    }
}

impl DataDir {
    /// Opens the directory for this process alone, creating it (mode 0700) and what belongs in it.
    ///
    /// Blocking. Fails with [`codes::DATA_LOCKED`] if another process holds it, and with [`codes::DATA_UNUSABLE`] if it
    /// cannot be created or used, if everybody may write to it, or if it belongs to another user.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Problem> {
        match Self::try_open(path)? {
            Access::Mine(data) => Ok(data),
            Access::InUse(InUse { path, pid }) => {
                let holder = pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"));
                Err(Problem::new(&codes::DATA_LOCKED, format!("data directory `{}` is in use", path.display()))
                    .why(format_args!("{holder} holds it"))
                    .fix(format!("end {holder}, or choose another data directory")))
            }
        }
    }

    /// The same as [`DataDir::open`], except that a directory in use is no mistake: commands then talk to its host.
    pub fn try_open(path: impl AsRef<Path>) -> Result<Access, Problem> {
        let path = path.as_ref();
        let failed = |what: &str| {
            let what = format!("data directory `{}` cannot be {what}", path.display());
            move |why: io::Error| unusable(what, why, "choose a directory that the user who runs Wharf may write to")
        };
        create(path).map_err(failed("created"))?;
        let path = path.canonicalize().map_err(failed("found"))?;
        let dir = Dir::open_ambient_dir(&path, ambient_authority()).map_err(failed("opened"))?;
        refuse_writable_by_all(&dir, &path)?;
        let mut options = OpenOptions::new();
        let lock = match dir.open_with("lock", options.read(true).write(true)) {
            // Whoever is to be refused leaves nothing behind, this file least of all.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                refuse_anothers(&dir, &path)?;
                dir.open_with("lock", options.create(true).mode(0o600))
            }
            lock => lock,
        };
        let mut lock = lock.map_err(failed("written to"))?.into_std();
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let pid = files::read(&dir, "lock", SMALL).ok().flatten();
                let pid = pid.and_then(|text| String::from_utf8(text).ok()?.trim().parse().ok());
                return Ok(Access::InUse(InUse { path, pid }));
            }
            Err(TryLockError::Error(error)) => return Err(failed("locked")(error)),
        }
        refuse_anothers(&dir, &path)?;
        take_from_others(&dir, &path)?;
        // Between the lock and this line a second process may read the pid of a holder that crashed; that is as good as a file
        // can tell, and the lock itself is never wrong.
        lock.set_len(0)
            .and_then(|()| lock.rewind())
            .and_then(|()| writeln!(lock, "{}", std::process::id()))
            .map_err(failed("written to"))?;
        let host_key = prepare(&dir, &path)?;
        Ok(Access::Mine(Self { path, dir, lock: Arc::new(lock), host_key }))
    }

    /// Whether nobody has ever kept anything there. A directory that cannot be looked into counts as used.
    pub fn is_unused(path: &Path) -> bool {
        let is_there = |name: &str| path.join(name).try_exists().unwrap_or(true);
        ![HOST_KEY, super::schema::DATABASE].into_iter().any(is_there)
    }

    /// The directory's canonical path, for messages.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where this host listens for commands. A socket that a crash left there may be removed by whoever holds the directory.
    pub fn control_socket(&self) -> PathBuf {
        self.path.join(CONTROL_SOCKET)
    }

    /// The key that proves that a compiled artifact was made by this host. Derived from the host's own key, so that no use of
    /// it can serve for another purpose.
    pub fn artifact_key(&self) -> Secret {
        Secret::new(mac(self.host_key.expose()).chain_update(b"wharf compiled artifact 1").finalize().into_bytes().to_vec())
    }

    /// What seals values of the database. Derived from the host's own key as well: without that key they never open again.
    pub(super) fn seal(&self) -> Seal {
        Seal::new(&self.host_key)
    }

    /// The directory itself.
    pub(super) fn dir(&self) -> &Dir {
        &self.dir
    }

    /// A share in the lock, for whatever must not outlive it.
    pub(super) fn lock(&self) -> Arc<File> {
        Arc::clone(&self.lock)
    }
}

/// HMAC-SHA256 under `key`.
pub(super) fn mac(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes a key of any length")
}

fn create(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    // Without this the directory itself, and all that was answered as stored in it, could be gone after a power cut.
    match path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        Some(parent) => File::open(parent)?.sync_all(),
        None => File::open(".")?.sync_all(),
    }
}

/// A directory like /tmp would let every user of the machine replace the host's key and its database. Group rights are the
/// admin's choice: volumes of container platforms come with them.
fn refuse_writable_by_all(dir: &Dir, path: &Path) -> Result<(), Problem> {
    let what = || format!("data directory `{}` cannot be used", path.display());
    let mode = dir.dir_metadata().map_err(|why| unusable(what(), why, "mend the file system"))?.mode();
    if mode & 0o002 == 0 {
        return Ok(());
    }
    Err(unusable(
        what(),
        "every user of this machine may write to it",
        format!("`chmod o-w {}`, or choose another", path.display()),
    ))
}

/// Backups come back with the rights that whoever made them had. Nobody else has any business in these files.
fn take_from_others(dir: &Dir, path: &Path) -> Result<(), Problem> {
    for name in [HOST_KEY, super::schema::DATABASE, "wharf.db-wal", "wharf.db-shm"] {
        let Ok(file) = dir.symlink_metadata(name) else { continue };
        let mode = file.mode() & 0o7777;
        if file.is_file() && mode & 0o007 != 0 {
            let rights = Permissions::from_std(std::fs::Permissions::from_mode(mode & !0o007));
            dir.set_permissions(name, rights).map_err(|why| {
                let (path, user) = (path.join(name), rustix::process::geteuid().as_raw());
                let fix = if file.uid() == user { "mend the file system".to_owned() } else { give(user, &path) };
                unusable(format!("`{}` cannot be kept from other users", path.display()), why, fix)
            })?;
        }
    }
    Ok(())
}

/// What another user than the host's makes there, root most of all, the host could not read any more. Before there is anything the
/// directory is its owner's, but for those whom he lets write there.
fn refuse_anothers(dir: &Dir, path: &Path) -> Result<(), Problem> {
    let what = || format!("data directory `{}` cannot be used", path.display());
    let directory = dir.dir_metadata().map_err(|why| unusable(what(), why, "mend the file system"))?.uid();
    let key = dir.symlink_metadata(HOST_KEY).ok().map(|key| key.uid());
    belongs_to(Owners { directory, key }, rustix::process::geteuid().as_raw(), path)
}

/// The ids of the users to whom a data directory and the key in it belong.
struct Owners {
    directory: u32,
    key: Option<u32>,
}

fn belongs_to(owners: Owners, user: u32, path: &Path) -> Result<(), Problem> {
    let owner = match owners.key {
        Some(owner) if owner != user => owner,
        None if user == 0 && owners.directory != 0 => owners.directory,
        _ => return Ok(()),
    };
    let what = format!("data directory `{}` cannot be used", path.display());
    Err(if owners.directory == user {
        unusable(
            what,
            format_args!("its `{HOST_KEY}` belongs to user {owner}, and this command runs as user {user}"),
            give(user, path),
        )
    } else {
        unusable(
            what,
            format_args!(
                "it belongs to user {owner}, and this command runs as user {user}: the host could not read what it makes there"
            ),
            format!("run it as that user: `sudo -u '#{owner}' wharf …`"),
        )
    })
}

/// How a file, or a directory with all that is in it, comes to belong to the user: backups come back as whoever copied them.
fn give(user: u32, path: &Path) -> String {
    format!("give it to the user who runs Wharf: `sudo chown -R {user} {}`", path.display())
}

/// Makes the folders, clears away unfinished files, and returns the host's key.
fn prepare(dir: &Dir, path: &Path) -> Result<Secret, Problem> {
    let failed = |what: String| move |why: io::Error| unusable(what, why, "mend the file system, or restore the backup");
    files::remove_unfinished(dir).map_err(failed(format!("data directory `{}` cannot be cleared", path.display())))?;
    for name in [super::blobs::BLOBS, super::blobs::CACHE] {
        let folder = || -> io::Result<()> {
            if !dir.try_exists(name)? {
                let mut builder = cap_std::fs::DirBuilder::new();
                cap_std::fs::DirBuilderExt::mode(&mut builder, 0o700);
                dir.create_dir_with(name, &builder)?;
            }
            files::remove_unfinished(&dir.open_dir(name)?)
        };
        folder().map_err(failed(format!("folder `{}` cannot be prepared", path.join(name).display())))?;
    }
    let key_path = path.join(HOST_KEY);
    let key = files::read(dir, HOST_KEY, SMALL).map_err(failed(format!("host key `{}` cannot be read", key_path.display())))?;
    let key = match key {
        Some(key) => Secret::new(key),
        None => {
            let made = || -> io::Result<Secret> {
                let key = files::random::<HOST_KEY_LENGTH>()?;
                files::write_atomic(dir, HOST_KEY, &[&key])?;
                Ok(Secret::new(key))
            };
            made().map_err(failed(format!("host key `{}` cannot be created", key_path.display())))?
        }
    };
    if key.expose().len() != HOST_KEY_LENGTH {
        let what = format!("host key `{}` is damaged", key_path.display());
        return Err(unusable(
            what,
            "it is not 32 bytes long",
            "restore it from a backup. Without it what is sealed (the platform's access tokens, the outbox) is lost: then remove it, \
             and the host makes a new one, and compiles its plugins again",
        ));
    }
    Ok(key)
}

fn unusable(what: String, why: impl std::fmt::Display, fix: impl Into<String>) -> Problem {
    Problem::new(&codes::DATA_UNUSABLE, what).why(why).fix(fix)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said to the user, who has the directory and the key of these users before him.
    fn told(user: u32, directory: u32, key: Option<u32>) -> Option<String> {
        let refused = belongs_to(Owners { directory, key }, user, Path::new("/srv/wharf")).err()?;
        assert_eq!(refused.code, &codes::DATA_UNUSABLE);
        Some(format!("{}; {}", refused.why, refused.fix))
    }

    #[test]
    fn whose_it_is_not_is_told_whom_to_be_or_what_to_take() {
        // Who lets whom write into an empty directory is their affair, and a volume is often root's.
        for (user, directory, key) in [(998, 998, Some(998)), (998, 0, Some(998)), (998, 998, None), (998, 0, None), (0, 0, None)]
        {
            assert_eq!(told(user, directory, key), None, "{user} {directory} {key:?}");
        }
        let be = "the host could not read what it makes there; run it as that user: `sudo -u '#998' wharf …`";
        for (user, key) in [(0, Some(998)), (0, None), (1000, Some(998))] {
            let said = told(user, 998, key).unwrap_or_default();
            assert!(said.starts_with("it belongs to user 998, and") && said.ends_with(be), "{said}");
        }
        // A backup that root has copied back.
        let said = told(998, 998, Some(0)).unwrap_or_default();
        assert!(said.contains("its `host.key` belongs to user 0") && said.ends_with("`sudo chown -R 998 /srv/wharf`"), "{said}");
    }
}
