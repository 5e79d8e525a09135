//! Whether the call may run now.

use std::time::Duration;

use super::{respond::Refusal, route::Target};
use crate::runtime::permit::{HostPermits, NoPermit, Permit};

/// Takes a permit of the plugin and of the host, waiting at most `wait`. Fails with [`Refusal::NoPermit`].
pub async fn limit(target: &Target, host: &HostPermits, wait: Duration) -> Result<Permit, Refusal> {
    let wait = wait.min(target.route.timeout);
    target.installed.permits.acquire(host, target.plugin.core_instances, wait).await.map_err(|no| {
        let of = match no {
            NoPermit::Plugin => "plugin",
            NoPermit::Host => "host",
        };
        tracing::warn!(plugin = &*target.plugin.name, of, limit = "concurrency", "no permit came free in time");
        Refusal::NoPermit
    })
}
