//! Names become addresses, of which only the permitted ones are handed on: what is connected to is what was checked.

use std::{collections::BTreeSet, net::SocketAddr, sync::Arc};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::permitted;

/// Addresses of one name that are tried at most.
const MAX_ADDRESSES: usize = 16;

/// The resolver of one client. It is never asked for literals: those are checked with the URL.
#[derive(Debug)]
pub struct Guard {
    /// Names that may resolve to private addresses.
    pub private: Arc<BTreeSet<String>>,
}

/// A name resolved to nothing that may be called. Says no address: what a name means inside a network is the operator's.
#[derive(Debug, thiserror::Error)]
#[error("the name resolves to no address that may be called")]
pub struct Forbidden;

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let private = self.private.contains(name.as_str());
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let (mut allowed, mut refused) = (Vec::new(), 0_usize);
            for address in found.take(MAX_ADDRESSES) {
                if permitted(address.ip(), private) { allowed.push(address) } else { refused += 1 }
            }
            if refused > 0 {
                tracing::info!(name = name.as_str(), refused, "addresses that may not be called were left out");
            }
            if allowed.is_empty() {
                return Err(Forbidden.into());
            }
            Ok::<Addrs, _>(Box::new(allowed.into_iter().map(|address| SocketAddr::new(address.ip(), 0))))
        })
    }
}
