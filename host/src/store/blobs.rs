//! Components by digest, and what they were compiled to.
//!
//! A component is named by its SHA-256 and checked against it whenever it is read. A compiled artifact is native code that
//! the host will run without looking at it, so it carries a tag that only this host can make, over the engine it was
//! compiled for, the component it came from and every byte of it. The tag is the head of the same file and not a file beside
//! it, so that one rename brings both. Artifacts are handed out as bytes and never as a file to map: what was verified is
//! then exactly what runs, even if the file changes a moment later.
//!
//! Everything here blocks; call it from a blocking thread.

use std::{collections::HashSet, io};

use cap_std::fs::Dir;
use hmac::Mac as _;

use super::{DataDir, data_dir::mac, digest::Digest, files};
use crate::{codes, problem::Problem, secret::Secret};

pub(super) const BLOBS: &str = "blobs";
pub(super) const CACHE: &str = "cache";

/// Longer than any file that belongs here: the largest components of script languages compile to about 60 MB.
const MAX_FILE: u64 = 1 << 30;
const TAG: usize = 32;

/// The two folders of the data directory that hold components and compiled artifacts.
#[derive(Debug)]
pub struct Blobs {
    blobs: Dir,
    cache: Dir,
    key: Secret,
}

/// What the cache has of a component for an engine.
#[derive(Debug, PartialEq, Eq)]
pub enum Artifact {
    /// The very bytes that this host stored.
    Ready(Vec<u8>),
    /// Nothing: compile it.
    Absent,
    /// There was something that this host did not make, or not for this engine and component, or that was changed. It is
    /// removed; compile again, and log it.
    Refused,
}

/// What could not be done with which file.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    #[error("`{name}` cannot be written")]
    Write { name: String, source: io::Error },
    #[error("`{name}` cannot be read")]
    Read { name: String, source: io::Error },
    #[error("`{name}` cannot be removed")]
    Remove { name: String, source: io::Error },
    #[error("folder `{name}` cannot be listed")]
    List { name: &'static str, source: io::Error },
    /// The content no longer has the digest it is named by. Storing the component again mends it.
    #[error("component `{digest}` is damaged")]
    Damaged { digest: Digest },
}

impl BlobError {
    /// The same for a person.
    pub fn problem(&self) -> Problem {
        let problem = Problem::new(&codes::STORE_FAILED, self.to_string());
        match self {
            Self::Write { source, .. } | Self::Read { source, .. } | Self::Remove { source, .. } | Self::List { source, .. } => {
                problem.why(source).fix("look at the disk of the data directory")
            }
            Self::Damaged { .. } => {
                problem.why("its bytes changed on disk").fix("install the plugin again, and look at the disk")
            }
        }
    }
}

impl Blobs {
    /// Opens the folders of `data`.
    pub fn open(data: &DataDir) -> Result<Self, BlobError> {
        let folder = |name: &'static str| data.dir().open_dir(name).map_err(|source| BlobError::List { name, source });
        Ok(Self { blobs: folder(BLOBS)?, cache: folder(CACHE)?, key: data.artifact_key() })
    }

    /// Stores a component and returns its name; on disk when this returns. Storing it again mends a damaged one and otherwise
    /// does nothing.
    pub fn put_component(&self, component: &[u8]) -> Result<Digest, BlobError> {
        let digest = Digest::of(component);
        let name = component_name(&digest);
        let written = match self.component(&digest) {
            // It may be there from a call that failed after the rename, so its name is made durable once more.
            Ok(Some(_)) => files::sync(&self.blobs),
            Ok(None) | Err(_) => files::write_atomic(&self.blobs, &name, &[component]),
        };
        written.map(|()| digest).map_err(|source| BlobError::Write { name, source })
    }

    /// The component of that digest, or `None` if there is none. Never other bytes: [`BlobError::Damaged`] then.
    pub fn component(&self, digest: &Digest) -> Result<Option<Vec<u8>>, BlobError> {
        let name = component_name(digest);
        let found = files::read(&self.blobs, &name, MAX_FILE).map_err(|source| BlobError::Read { name, source })?;
        match found {
            Some(component) if Digest::of(&component) != *digest => Err(BlobError::Damaged { digest: *digest }),
            found => Ok(found),
        }
    }

    /// Stores what the component `digest` was compiled to for `engine`, replacing what was there. Only what the host's own
    /// compiler made may come here: from now on it is trusted.
    pub fn put_artifact(&self, digest: &Digest, engine: &Digest, artifact: &[u8]) -> Result<(), BlobError> {
        let name = artifact_name(digest, engine);
        let tag = self.mac(digest, engine, artifact).finalize().into_bytes();
        files::write_atomic(&self.cache, &name, &[&tag, artifact]).map_err(|source| BlobError::Write { name, source })
    }

    /// What there is of the component `digest` for `engine`. The tag is compared in constant time before a byte is returned.
    pub fn artifact(&self, digest: &Digest, engine: &Digest) -> Result<Artifact, BlobError> {
        let name = artifact_name(digest, engine);
        let file = match files::read(&self.cache, &name, MAX_FILE) {
            Ok(Some(file)) => file,
            Ok(None) => return Ok(Artifact::Absent),
            Err(source) => return Err(BlobError::Read { name, source }),
        };
        if let Some((tag, artifact)) = file.split_first_chunk::<TAG>()
            && self.mac(digest, engine, artifact).verify_slice(tag).is_ok()
        {
            let mut artifact = file;
            artifact.drain(..TAG);
            return Ok(Artifact::Ready(artifact));
        }
        self.cache.remove_file(&name).map_err(|source| BlobError::Remove { name, source })?;
        Ok(Artifact::Refused)
    }

    /// Removes every component that is not among `components`, and every artifact whose component or engine is not named.
    /// Returns the names of the removed files. Files of other names are left alone.
    ///
    /// A component is stored before the row that refers to it, so the caller must not let an install run meanwhile.
    pub fn sweep(&self, components: &HashSet<Digest>, engines: &HashSet<Digest>) -> Result<Vec<String>, BlobError> {
        let mut removed = remove_where(&self.blobs, BLOBS, |name| {
            name.strip_suffix(".wasm")
                .and_then(|digest| digest.parse().ok())
                .is_some_and(|digest: Digest| !components.contains(&digest))
        })?;
        removed.extend(remove_where(&self.cache, CACHE, |name| {
            let Some((digest, engine)) = name.strip_suffix(".cwasm").and_then(|name| name.split_once('-')) else { return false };
            let (Ok(digest), Ok(engine)) = (digest.parse(), engine.parse()) else { return false };
            !components.contains(&digest) || !engines.contains(&engine)
        })?);
        Ok(removed)
    }

    /// Digests are of one length, so no two triples feed the same bytes.
    fn mac(&self, digest: &Digest, engine: &Digest, artifact: &[u8]) -> hmac::Hmac<sha2::Sha256> {
        mac(self.key.expose()).chain_update(engine.as_bytes()).chain_update(digest.as_bytes()).chain_update(artifact)
    }
}

fn component_name(digest: &Digest) -> String {
    format!("{digest}.wasm")
}

fn artifact_name(digest: &Digest, engine: &Digest) -> String {
    format!("{digest}-{engine}.cwasm")
}

/// Removes the files of `dir` that `unwanted` picks by name.
fn remove_where(dir: &Dir, folder: &'static str, unwanted: impl Fn(&str) -> bool) -> Result<Vec<String>, BlobError> {
    let listed = |source| BlobError::List { name: folder, source };
    let mut removed = Vec::new();
    for entry in dir.entries().map_err(listed)? {
        let Ok(name) = entry.map_err(listed)?.file_name().into_string() else { continue };
        if unwanted(&name) {
            if let Err(source) = dir.remove_file(&name) {
                return Err(BlobError::Remove { name, source });
            }
            removed.push(name);
        }
    }
    files::sync(dir).map_err(listed)?;
    Ok(removed)
}
