//! Where an issuer's keys come from: a file, or an address on the network.

use std::{fmt, io::Read, path::Path, time::Duration};

use reqwest::{Client, redirect};

use super::jwks::{MAX_JWKS, NoKeys};
use crate::config::Jwks;

/// From the first packet to the last byte; whoever publishes keys answers within a second.
const FETCH: Duration = Duration::from_secs(5);
const CONNECT: Duration = Duration::from_secs(3);

/// Why keys could not be had.
#[derive(Debug, thiserror::Error)]
pub(super) enum SourceError {
    #[error("it cannot be read: {0}")]
    Io(#[from] std::io::Error),
    /// The library's own words, with all their causes and without the address, which may carry a key of the operator's.
    #[error("it cannot be fetched: {0}")]
    Fetch(String),
    #[error("the answer is {0} instead of 200; redirects are not followed")]
    Status(http::StatusCode),
    #[error(transparent)]
    NoKeys(#[from] NoKeys),
}

/// A way to the keys that is ready to be gone.
#[derive(Debug)]
pub(super) enum Source {
    File(std::path::PathBuf),
    Url(Client, reqwest::Url),
}

impl Source {
    /// Opens nothing. Fails when the system has no certificates to trust.
    pub(super) fn new(jwks: &Jwks) -> Result<Self, SourceError> {
        match jwks {
            Jwks::File(path) => Ok(Self::File(path.clone())),
            Jwks::Url(url) => Ok(Self::Url(client(url)?, url.clone())),
        }
    }

    /// The text of the keys, at most one byte more than may be. Cancellation: harmless.
    pub(super) async fn read(&self) -> Result<Vec<u8>, SourceError> {
        match self {
            Self::File(path) => {
                let path = path.clone();
                let reading = tokio::task::spawn_blocking(move || read_file(&path));
                Ok(reading.await.map_err(std::io::Error::other)??)
            }
            Self::Url(client, url) => fetch(client, url).await,
        }
    }
}

/// Without proxies of the environment, which nobody configured; without redirects, which could lead to where no TLS is.
fn client(url: &reqwest::Url) -> Result<Client, SourceError> {
    let tls = url.scheme() == "https";
    let builder = Client::builder()
        .no_proxy()
        .redirect(redirect::Policy::none())
        .https_only(tls)
        .connect_timeout(CONNECT)
        .timeout(FETCH)
        // Minutes lie between two fetches.
        .pool_max_idle_per_host(0)
        .user_agent(concat!("wharf/", env!("CARGO_PKG_VERSION")));
    // To this machine itself nothing is encrypted, so no certificates need to be looked for.
    let builder = if tls { builder } else { builder.tls_certs_only([]) };
    builder.build().map_err(failed)
}

async fn fetch(client: &Client, url: &reqwest::Url) -> Result<Vec<u8>, SourceError> {
    let mut response =
        client.get(url.clone()).header("accept", "application/jwk-set+json, application/json").send().await.map_err(failed)?;
    if response.status() != http::StatusCode::OK {
        return Err(SourceError::Status(response.status()));
    }
    let mut text = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(failed)? {
        text.extend_from_slice(&chunk);
        if text.len() > MAX_JWKS {
            return Err(NoKeys::TooLarge.into());
        }
    }
    Ok(text)
}

fn failed(error: reqwest::Error) -> SourceError {
    let error = error.without_url();
    let mut causes: Option<&dyn std::error::Error> = Some(&error);
    let mut words = Vec::new();
    while let Some(cause) = causes {
        words.push(cause.to_string());
        causes = cause.source();
    }
    SourceError::Fetch(words.join(": "))
}

/// Blocking.
pub(super) fn read_file(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut text = Vec::new();
    std::fs::File::open(path)?.take(MAX_JWKS as u64 + 1).read_to_end(&mut text)?;
    Ok(text)
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "file `{}`", path.display()),
            // Without its query.
            Self::Url(_, url) => write!(f, "`{}{}`", url.origin().ascii_serialization(), url.path()),
        }
    }
}
