//! Names become addresses, of which only the permitted ones are handed on: what is connected to is what was checked.

use std::{
    collections::BTreeSet,
    net::{SocketAddr, ToSocketAddrs},
    sync::Arc,
};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::Semaphore;

use super::permitted;

/// Addresses of one name that are tried at most.
const MAX_ADDRESSES: usize = 16;

/// Lookups of one client at once. Each holds a thread until the system gives up, which can be long after nobody waits for it any
/// more; clients share these threads, and one whose names nobody answers for must leave some to the others.
const MAX_LOOKUPS: usize = 4;

/// The threads of a runtime whose clients look names up: enough for one client more when fifteen of them are in such trouble.
pub const LOOKUP_THREADS: usize = 16 * MAX_LOOKUPS;

/// The resolver of one client. It is never asked for literals: those are checked with the URL.
#[derive(Debug)]
pub struct Guard {
    /// Names that may resolve to private addresses.
    private: Arc<BTreeSet<String>>,
    lookups: Arc<Semaphore>,
}

impl Guard {
    pub fn new(private: Arc<BTreeSet<String>>) -> Self {
        Self { private, lookups: Arc::new(Semaphore::new(MAX_LOOKUPS)) }
    }
}

/// A name resolved to nothing that may be called. Says no address: what a name means inside a network is the operator's.
#[derive(Debug, thiserror::Error)]
#[error("the name resolves to no address that may be called")]
pub struct Forbidden {
    /// Whether one of them is of an inner network, and may be called where the name is among the private ones.
    pub inner: bool,
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let private = self.private.contains(name.as_str());
        let lookups = self.lookups.clone();
        Box::pin(async move {
            let place = lookups.acquire_owned().await?;
            let asked = name.as_str().to_owned();
            let looking = tokio::task::spawn_blocking(move || {
                let found = (asked.as_str(), 0).to_socket_addrs();
                drop(place);
                found
            });
            let found = looking.await??;
            let (mut allowed, mut refused, mut inner) = (Vec::new(), 0_usize, false);
            for address in found.take(MAX_ADDRESSES) {
                if permitted(address.ip(), private) {
                    allowed.push(address);
                } else {
                    refused += 1;
                    inner |= permitted(address.ip(), true);
                }
            }
            if refused > 0 {
                tracing::info!(name = name.as_str(), refused, "addresses that may not be called were left out");
            }
            if allowed.is_empty() {
                return Err(Forbidden { inner }.into());
            }
            Ok::<Addrs, _>(Box::new(allowed.into_iter().map(|address| SocketAddr::new(address.ip(), 0))))
        })
    }
}
