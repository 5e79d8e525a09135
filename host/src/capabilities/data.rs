//! `data`: one directory of the operator's, which a plugin reaches through WASI as `/data` and by the usual file functions.
//!
//! It has no interface in `wit/`: a plugin that is not granted a directory imports the same WASI and finds it empty. Paths
//! cannot lead out of the directory, links included. How much a plugin writes there is bounded by the file system alone: give
//! it one of its own, or a quota.

use std::path::{Path, PathBuf};

use wasmtime_wasi::{FsPerms, WasiCtxBuilder};

use super::{Lacking, missing};
use crate::{
    codes,
    config::{Config, Service},
    manifest::{Capability, Manifest},
    problem::{Problem, Problems},
};

/// Where the plugin finds the directory.
const GUEST_PATH: &str = "/data";

/// The host's part: what no plugin may be given.
#[derive(Debug)]
pub struct Data {
    /// Whoever can write here owns the host: its key, its database, the code it runs.
    own: PathBuf,
}

impl Data {
    pub fn open(config: &Config) -> Self {
        Self { own: config.data_dir.clone() }
    }

    /// Looks at the directory. Blocking.
    pub fn ready(&self, grant: Grant) -> Result<Ready, Problem> {
        let Some(directory) = grant.directory else { return Ok(Ready(None)) };
        let subject = format!("services.{}.data", grant.service);
        let failed = |why: &dyn std::fmt::Display, fix: &str| {
            Problem::new(&codes::CONFIG_INVALID, format!("`{subject}` names `{}`, which cannot be used", directory.display()))
                .why(why)
                .fix(fix.to_owned())
        };
        let path = directory.canonicalize().map_err(|error| failed(&error, "make the directory, or name another one"))?;
        if !path.is_dir() {
            return Err(failed(&"it is not a directory", "name a directory"));
        }
        if let Ok(own) = self.own.canonicalize()
            && (path.starts_with(&own) || own.starts_with(&path))
        {
            return Err(failed(&"the host keeps its own data there", "name a directory apart from `data-dir`"));
        }
        Ok(Ready(Some(path)))
    }
}

/// The directory a plugin may use for a service, if any.
#[derive(Debug)]
pub struct Grant {
    service: String,
    directory: Option<PathBuf>,
}

impl Grant {
    /// Fails when a directory is required and `[services.<key>]` has none.
    pub fn new(manifest: &Manifest, service: &Service) -> Result<Self, Problems> {
        let mut asked = manifest.permissions.iter().filter(|permission| permission.capability == Capability::Data).peekable();
        let directory = service.data.clone().filter(|_| asked.peek().is_some());
        let mut problems = Problems::default();
        for permission in asked {
            problems.extend(missing(manifest, service, permission));
        }
        problems.or(Self { service: service.key.clone(), directory })
    }
}

/// A directory, unless `[services.<key>]` has one.
pub fn lacking(service: &Service) -> Vec<Lacking> {
    let fix = format!("add `data = \"…\"` with a directory to [services.{}]", service.key);
    if service.data.is_some() { Vec::new() } else { vec![Lacking { what: "a directory".to_owned(), fix }] }
}

/// The directory of a running version, as an absolute path without links.
#[derive(Debug, Default)]
pub struct Ready(Option<PathBuf>);

impl Ready {
    /// Shows the directory to a plugin that is about to use WASI for the first time in its instance.
    pub fn preopen(&self, wasi: &mut WasiCtxBuilder) {
        let Some(path) = &self.0 else { return };
        if let Err(error) = wasi.preopened_dir(path, GUEST_PATH, FsPerms::ReadWrite) {
            tracing::error!(directory = %Path::display(path), %error, "the directory of a plugin is gone; the plugin sees none");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capabilities::tests::{manifest, service, told};

    const REQUIRED: &str = "[permissions.required.data]\nreason = \"to keep files\"\n";

    fn given(directory: &Path) -> Service {
        service(&format!("data = {directory:?}\n"))
    }

    #[test]
    fn a_directory_is_granted_when_it_is_asked_for_and_given() {
        let (given, none) = (given(Path::new("files")), service(""));
        let granted = |tables: &str, service: &Service| Grant::new(&manifest(tables), service).map(|grant| grant.directory);
        let optional = REQUIRED.replace("required", "optional");
        assert_eq!(granted(REQUIRED, &given).unwrap(), Some("files".into()));
        assert_eq!(granted(&optional, &given).unwrap(), Some("files".into()));
        assert_eq!(granted(&optional, &none).unwrap(), None);
        assert_eq!(granted("", &given).unwrap(), None);
        let what = "plugin `acme/notes` needs a directory, which the service `notes` does not grant";
        let fix = "add `data = \"…\"` with a directory to [services.notes]";
        assert_eq!(told(granted(REQUIRED, &none)), [("WH1210", what.to_owned(), fix.to_owned())]);
    }

    #[test]
    fn the_hosts_own_directory_is_given_to_nobody() {
        let place = tempfile::tempdir().unwrap();
        let (own, files) = (place.path().join("own"), place.path().join("files"));
        for directory in [&own.join("blobs"), &files] {
            std::fs::create_dir_all(directory).unwrap();
        }
        std::os::unix::fs::symlink(&own, place.path().join("link")).unwrap();
        std::fs::write(place.path().join("file"), "").unwrap();
        let host = Data { own: own.clone() };
        let ready = |directory: &Path| host.ready(Grant::new(&manifest(REQUIRED), &given(directory)).unwrap());
        assert!(ready(&files).is_ok());
        for refused in [&own, &own.join("blobs"), place.path(), &place.path().join("link"), &place.path().join("file")] {
            assert_eq!(ready(refused).unwrap_err().code.id, "WH1004", "{}", refused.display());
        }
        let missing = ready(&place.path().join("none")).unwrap_err();
        assert_eq!(missing.fix, "make the directory, or name another one");
    }
}
