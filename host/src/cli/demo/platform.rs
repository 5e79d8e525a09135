//! What the demo's platform knows when it is ready: an app, and that it uses the demo's services.

use std::time::Duration;

use serde_json::Value;

use super::setup::SERVICES;
use crate::{admin::platform::Task, codes, host::Host, problem::Problems};

/// The app in whose name the demo calls.
pub(super) const APP: &str = "sample_app";

/// How long the demo waits for its services to say yes, and how often it looks. They are in this very process.
const PATIENCE: Duration = Duration::from_secs(10);
const INTERVAL: Duration = Duration::from_millis(20);

/// Registers what is not there yet, and waits until the services have heard of it.
pub(super) async fn fill(host: &Host) -> Result<(), Problems> {
    unless_there(host, Task::AppCreate { key: APP.into(), name: "Sample".into(), developer: None }).await?;
    for (service, _) in SERVICES {
        unless_there(host, Task::SubscriptionAdd { app: APP.into(), service: service.into() }).await?;
    }
    let deadline = tokio::time::Instant::now() + PATIENCE;
    // A service that takes longer is missing in the first contexts, and in no later one.
    while is_pending(&host.admin.platform(Task::SubscriptionList { after: 0 }.into()).await?)
        && tokio::time::Instant::now() < deadline
    {
        tokio::time::sleep(INTERVAL).await;
    }
    Ok(())
}

/// In a directory of its own the demo finds what it made before.
async fn unless_there(host: &Host, task: Task) -> Result<(), Problems> {
    match host.admin.platform(task.into()).await {
        Err(problems) if problems.0.iter().all(|problem| problem.code == &codes::PLATFORM_REFUSED) => Ok(()),
        done => done.map(drop),
    }
}

fn is_pending(subscriptions: &Value) -> bool {
    let rows = subscriptions.get("subscriptions").and_then(Value::as_array);
    rows.is_some_and(|rows| rows.iter().any(|row| row["state"] == "pending_subscribed"))
}
