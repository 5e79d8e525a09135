//! Secrets by reference: the configuration names a file or an environment variable, never the secret itself.

use std::{fmt, path::PathBuf};

use zeroize::Zeroizing;

use crate::{codes, problem::Problem};

/// Bytes that must not be seen: `Debug` shows none of them, and they are wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(Zeroizing::new(bytes.into()))
    }

    /// The content of a key file: exactly one final LF or CRLF is dropped and nothing else, because spaces and tabs belong to
    /// the key.
    pub fn from_file_content(mut bytes: Vec<u8>) -> Self {
        if bytes.last() == Some(&b'\n') {
            bytes.pop();
            if bytes.last() == Some(&b'\r') {
                bytes.pop();
            }
        }
        Self::new(bytes)
    }

    /// The bytes themselves; whoever calls this must not log or print them.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Where a secret is to be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretRef {
    /// A file; a relative path counts from the directory of the configuration file, and is already joined to it here.
    File(PathBuf),
    /// An environment variable of the host.
    Env(String),
}

impl SecretRef {
    /// Reads the secret. `subject` is what it is for, e.g. `services.notes.security-key`.
    ///
    /// Blocking. Fails with [`codes::SECRET_UNREADABLE`] if it is not there, larger than 64 KiB, or empty.
    pub fn read(&self, subject: &str) -> Result<Secret, Problem> {
        const MAX: u64 = 64 << 10;
        let failed = |why: &dyn fmt::Display| {
            Problem::new(&codes::SECRET_UNREADABLE, format!("`{subject}` cannot be read from {self}")).why(why).fix(match self {
                Self::File(_) => "put the secret there, readable for the user that runs Wharf".to_owned(),
                Self::Env(name) => format!("set `{name}` in the environment of the process that runs Wharf"),
            })
        };
        let secret = match self {
            Self::File(path) => {
                let mut bytes = Vec::new();
                let mut file = std::fs::File::open(path).map_err(|error| failed(&error))?;
                std::io::Read::read_to_end(&mut std::io::Read::take(&mut file, MAX + 1), &mut bytes)
                    .map_err(|error| failed(&error))?;
                Secret::from_file_content(bytes)
            }
            Self::Env(name) => {
                #[expect(clippy::disallowed_methods, reason = "the one place where the environment is a source of configuration")]
                let value = std::env::var_os(name).ok_or_else(|| failed(&"it is not set"))?;
                Secret::new(std::os::unix::ffi::OsStringExt::into_vec(value))
            }
        };
        match secret.expose().len() {
            0 => Err(failed(&"it is empty")),
            length if length as u64 > MAX => Err(failed(&"it is larger than 64 KiB")),
            _ => Ok(secret),
        }
    }
}

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "file `{}`", path.display()),
            Self::Env(name) => write!(f, "environment variable `{name}`"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_one_final_newline_is_dropped() {
        for (content, key) in
            [("k", "k"), ("k\n", "k"), ("k\r\n", "k"), ("k\n\n", "k\n"), (" k\t\n", " k\t"), ("k\r", "k\r"), ("\n", "")]
        {
            assert_eq!(Secret::from_file_content(content.into()).expose(), key.as_bytes(), "{content:?}");
        }
    }

    #[test]
    fn a_secret_does_not_show_itself() {
        assert_eq!(format!("{:?}", Secret::new("hunter2")), "Secret(…)");
    }
}
