//! What the demo runs on: a directory with a configuration, keys and the shipped plugins.

use std::{
    fs,
    io::Write,
    net::SocketAddr,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{
    cli::serve::CONFIG_FILE,
    codes,
    problem::Problem,
    secret::{Secret, SecretRef},
    units::show_duration,
};

/// The shipped plugins, built for wasm32 by the build script.
pub(super) const PLUGINS: [(&str, &[u8]); 6] = [
    ("hello", include_bytes!(env!("WHARF_PLUGIN_HELLO"))),
    ("echo", include_bytes!(env!("WHARF_PLUGIN_ECHO"))),
    ("notes", include_bytes!(env!("WHARF_PLUGIN_NOTES"))),
    ("crud", include_bytes!(env!("WHARF_PLUGIN_CRUD"))),
    ("user", include_bytes!(env!("WHARF_PLUGIN_USER"))),
    ("blog", include_bytes!(env!("WHARF_PLUGIN_BLOG"))),
];

/// The demo's services, each with a securityKey of its own, and what their plugins are granted.
pub(super) const SERVICES: [(&str, &str); 6] =
    [("hello", ""), ("echo", ""), ("notes", NOTES), ("crud", CRUD), ("user", USER), ("blog", "")];

/// Shared notes go to the demo's own echo.
const NOTES: &str = r#"
[services.notes.kv]
stores = ["notes"]

[services.notes.config]
max-notes = 100
share-url = "http://{address}/s/echo/echo"

[services.notes.http-out]
hosts = ["{address}"]
private = ["127.0.0.1"]
"#;

/// Whoever ends the demo waits for it, and its calls are done long before: with all that a host takes beyond this, it ends within
/// five seconds ([`crate::host::END`]).
const DRAIN_TIMEOUT: Duration = Duration::from_millis(500);

/// The host name of crud's console; browsers take every name below `localhost` to this machine.
pub(super) const CONSOLE: &str = "crud.localhost";

/// The entity that the demo's app declares. Pages of 2015 call it, and those hear of nothing but success.
const CRUD: &str = r#"error-status = 200
console-host = "{console}"

[services.crud.kv]
stores = ["documents"]

[services.crud.config.entities.sample_app.blog]
fields = { title = "String", content = "String" }
"#;

/// Accounts are the platform's app users, and letters wait in its outbox.
const USER: &str = r#"error-status = 200
app-users = true
mail = true

[services.user.kv]
stores = ["accounts"]
"#;

/// The first line of the demo's configuration: a directory whose `wharf.toml` begins so is the demo's own.
const MARK: &str = "# Written by `wharf demo`, anew at each start.\n";
const DATA_DIR: &str = "data";

/// The demo's directory; a temporary one is removed when dropped.
#[derive(Debug)]
pub(super) struct Directory {
    path: PathBuf,
    temporary: bool,
}

impl Directory {
    /// The directory named, made if it is missing; or else a temporary one. Fails with [`codes::USAGE`] if somebody else's files
    /// lie there under names that the demo writes or uses.
    pub(super) fn open(named: Option<&Path>) -> Result<Self, Problem> {
        let (path, temporary) = match named {
            Some(path) => {
                no_foreign_files(path)?;
                (path.to_owned(), false)
            }
            None => (std::env::temp_dir().join(format!("wharf-demo-{}", random_hex(8)?)), true),
        };
        fs::DirBuilder::new().recursive(!temporary).mode(0o700).create(&path).map_err(|error| failed(&path, &error))?;
        Ok(Self { path, temporary })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The host's data directory.
    pub(super) fn data(&self) -> PathBuf {
        self.path().join(DATA_DIR)
    }

    /// Writes the configuration, and a securityKey for each service that has none yet; returns the configuration's file.
    pub(super) fn write_config(&self, address: SocketAddr) -> Result<PathBuf, Problem> {
        let drain_timeout = show_duration(DRAIN_TIMEOUT);
        let mut text = format!(
            "{MARK}data-dir = \"{DATA_DIR}\"\n\n[listen]\naddress = \"{address}\"\n\
             drain-timeout = \"{drain_timeout}\"\n\n[log]\nlevel = \"error\"\n\n[platform]\nmode = \"embedded\"\n# Pages of 2015 hear of nothing but success.\nerror-status = 200\n\n# One program on this machine plays all callers, so one caller may send what all may.\n[runtime]\ncaller-rate = 1000000\ncaller-burst = 1000000\n"
        );
        for (service, grants) in SERVICES {
            text.push_str(&format!(
                "\n[services.{service}]\nplugin = \"wharf/{service}\"\nsecurity-key = {{ file = \"{}\" }}\n{}",
                key_file(service),
                grants.replace("{address}", &address.to_string()).replace("{console}", CONSOLE)
            ));
        }
        // First, because it says whose the rest is.
        let file = self.path.join(CONFIG_FILE);
        fs::write(&file, text).map_err(|error| failed(&file, &error))?;
        for (service, _) in SERVICES {
            let key = self.path.join(key_file(service));
            if !key.exists() {
                write_new(&key, random_hex(32)?.as_bytes())?;
            }
        }
        Ok(file)
    }

    /// The securityKey of a service.
    pub(super) fn key(&self, service: &str) -> Result<Secret, Problem> {
        SecretRef::File(self.path.join(key_file(service))).read(&format!("services.{service}.security-key"))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        if self.temporary
            && let Err(error) = fs::remove_dir_all(&self.path)
        {
            tracing::warn!(directory = %self.path.display(), %error, "the temporary directory could not be removed");
        }
    }
}

fn key_file(service: &str) -> String {
    format!("{service}.key")
}

/// Whether all is well: the directory is the demo's own, or has nothing that it would overwrite or take for its own.
fn no_foreign_files(directory: &Path) -> Result<(), Problem> {
    let config = directory.join(CONFIG_FILE);
    if fs::read(&config).is_ok_and(|text| text.starts_with(MARK.as_bytes())) {
        return Ok(());
    }
    let keys = SERVICES.iter().map(|(service, _)| directory.join(key_file(service)));
    let foreign = [config, directory.join(DATA_DIR)].into_iter().chain(keys).find(|path| path.exists());
    match foreign {
        None => Ok(()),
        Some(path) => Err(Problem::new(&codes::USAGE, format!("`{}` is not of the demo", path.display()))
            .why("the demo writes its configuration, keys and data there, and would overwrite it or take it for its own")
            .fix("name an empty directory with --data, or one of an earlier demo")),
    }
}

fn write_new(path: &Path, content: &[u8]) -> Result<(), Problem> {
    let file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    file.and_then(|mut file| file.write_all(content)).map_err(|error| failed(path, &error))
}

fn random_hex(bytes: usize) -> Result<String, Problem> {
    let mut random = vec![0; bytes];
    getrandom::fill(&mut random).map_err(|error| Problem::new(&codes::IO, "the system gives no random numbers").why(error))?;
    Ok(hex::encode(random))
}

fn failed(path: &Path, error: &std::io::Error) -> Problem {
    Problem::new(&codes::IO, format!("`{}` cannot be written", path.display()))
        .why(error)
        .fix("name another directory with --data")
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::{config::Config, host::END};

    #[test]
    fn the_demo_ends_within_five_seconds_whoever_is_there() {
        let directory = Directory::open(None).unwrap();
        let file = directory.write_config(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 8080)).unwrap();
        let config = Config::load(&file).unwrap();
        let longest = config.listen.drain_timeout + END;
        assert!(longest < Duration::from_secs(5), "{longest:?} and what the disk takes");
    }
}
