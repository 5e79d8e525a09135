//! Whether the call may run now.

use std::time::Duration;

use super::{
    budget::{Budgets, Spent},
    respond::Refusal,
    route::Target,
    service::{Installed, Service},
};
use crate::caller::Caller;
use crate::runtime::permit::{NoPermit, Permit};

/// Counts the request against the caller's budget, before its body is read. Fails with [`Refusal::CallerBudget`].
pub fn budget(budgets: &Budgets, service: &Service, caller: &Caller) -> Result<(), Refusal> {
    budgets.spend(&service.key, caller).map_err(|Spent { retry_after, asked, allowed }| Refusal::CallerBudget {
        limit: "caller-rate",
        retry_after,
        asked,
        allowed,
    })
}

/// Takes a permit of the plugin and of the host, waiting at most `wait`. Fails with [`Refusal::NoPermit`].
pub async fn limit(installed: &Installed, target: &Target<'_>, wait: Duration) -> Result<Permit, Refusal> {
    let wait = wait.min(target.timeout);
    installed.permits.acquire(installed.plugin.core_instances, wait).await.map_err(|no| match no {
        NoPermit::Plugin { asked, allowed } => Refusal::NoPermit { of: "plugin", asked, allowed },
        NoPermit::Host { asked, allowed } => Refusal::NoPermit { of: "host", asked, allowed },
    })
}
