//! The access token that a service shows a platform elsewhere.

use std::sync::{PoisonError, RwLock};

use http::HeaderValue;

use super::PlatformError;
use crate::{
    codes,
    problem::Problem,
    secret::{Secret, SecretRef},
};

/// What stands for the token wherever the platform repeats it.
const BLOT: &str = "…";

/// A token that may be replaced while the host runs.
#[derive(Debug)]
pub(super) struct AccessToken {
    reference: SecretRef,
    /// What it is called in the configuration.
    subject: String,
    now: RwLock<Secret>,
}

impl AccessToken {
    /// Blocking. Fails with [`codes::SECRET_UNREADABLE`] if there is none, or none that can be sent.
    pub(super) fn read(service: &str, reference: &SecretRef) -> Result<Self, Problem> {
        let subject = format!("services.{service}.access-token");
        let now = RwLock::new(read(reference, &subject)?);
        Ok(Self { reference: reference.clone(), subject, now })
    }

    /// Reads it again, for no call renews a service's token: its operator puts a new one into the file. Where there is none
    /// to be had, the old one stays: the platform is who says whether it is still good.
    pub(super) async fn refresh(&self) {
        let SecretRef::File(_) = &self.reference else { return };
        let (reference, subject) = (self.reference.clone(), self.subject.clone());
        match tokio::task::spawn_blocking(move || read(&reference, &subject)).await {
            Ok(Ok(token)) => *self.now.write().unwrap_or_else(PoisonError::into_inner) = token,
            Ok(Err(problem)) => {
                tracing::warn!(code = problem.code.id, "{problem}; the token that was there before stays in use");
            }
            // The host is stopping.
            Err(_) => {}
        }
    }

    /// As it is sent.
    pub(super) fn header(&self) -> Result<HeaderValue, PlatformError> {
        let token = self.now.read().unwrap_or_else(PoisonError::into_inner);
        // Only what can be sent got here.
        header(&token).ok_or_else(|| PlatformError::Unavailable("the access token cannot be sent".into()))
    }
}

/// The text without the token.
pub(super) fn blot(token: &HeaderValue, text: &str) -> String {
    match str::from_utf8(token.as_bytes()) {
        Ok(token) => text.replace(token, BLOT),
        // What is no text cannot be in one.
        Err(_) => text.to_owned(),
    }
}

fn read(reference: &SecretRef, subject: &str) -> Result<Secret, Problem> {
    let token = reference.read(subject)?;
    match header(&token) {
        Some(_) => Ok(token),
        None => Err(Problem::new(&codes::SECRET_UNREADABLE, format!("`{subject}` cannot be sent as a header"))
            .why("it holds a line break or another control character")
            .fix("put the access token there, on one line")),
    }
}

fn header(token: &Secret) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_bytes(token.expose()).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[tokio::test]
    async fn a_file_that_is_replaced_is_read_again_and_one_that_is_gone_is_not_missed() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("token");
        fs::write(&file, "first\n").unwrap();
        let token = AccessToken::read("notes", &SecretRef::File(file.clone())).unwrap();
        assert_eq!(token.header().unwrap(), "first");
        fs::write(&file, "second\n").unwrap();
        token.refresh().await;
        assert_eq!(token.header().unwrap(), "second");
        for unfit in ["", "two\nlines\n"] {
            fs::write(&file, unfit).unwrap();
            token.refresh().await;
        }
        fs::remove_file(&file).unwrap();
        token.refresh().await;
        assert_eq!(token.header().unwrap(), "second");
    }

    #[test]
    fn one_that_cannot_be_sent_is_told_by_its_name() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("token");
        fs::write(&file, "s3cret\nline\n").unwrap();
        let problem = AccessToken::read("notes", &SecretRef::File(file)).unwrap_err();
        assert_eq!(problem.code, &codes::SECRET_UNREADABLE);
        assert!(problem.what.contains("services.notes.access-token"), "{problem}");
        assert!(!format!("{problem:?}").contains("s3cret"));
    }

    #[test]
    fn it_is_seen_nowhere_but_in_the_header() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("token");
        fs::write(&file, "s3cret").unwrap();
        let token = AccessToken::read("notes", &SecretRef::File(file)).unwrap();
        assert!(!format!("{token:?} {:?}", token.header()).contains("s3cret"));
        assert_eq!(blot(&token.header().unwrap(), "no token s3cret, s3cret!"), "no token …, …!");
    }
}
