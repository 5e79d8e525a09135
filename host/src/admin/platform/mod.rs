//! What an operator does on the embedded platform, and with the outbox: each an [`Order`], which a command carries out itself or
//! sends to a running host (`POST /platform`).

mod apps;
mod developers;
mod outbox;
mod services;
mod subscriptions;
mod users;

pub use self::outbox::Letters;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Admin;
use crate::{
    codes,
    platform::embedded::{Embedded, base_url},
    problem::{Problem, Problems},
    store::{
        StoreError,
        platform::{App, PlatformError, Service},
    },
};

/// One thing to do.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    Platform(Task),
    Outbox(Letters),
}

impl From<Task> for Order {
    fn from(task: Task) -> Self {
        Self::Platform(task)
    }
}

impl From<Letters> for Order {
    fn from(task: Letters) -> Self {
        Self::Outbox(task)
    }
}

/// One thing to do on the platform. Apps and services go by their keys, developers by their e-mail addresses.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Task {
    AppCreate {
        key: String,
        name: String,
        developer: Option<String>,
    },
    AppList {
        after: String,
    },
    AppToken {
        key: String,
        renew: bool,
    },
    AppRemove {
        key: String,
    },
    ServiceList {
        after: String,
    },
    ServiceShow {
        key: String,
    },
    ServiceToken {
        key: String,
        renew: bool,
    },
    SubscriptionAdd {
        app: String,
        service: String,
    },
    SubscriptionCancel {
        app: String,
        service: String,
    },
    SubscriptionForce {
        app: String,
        service: String,
        subscribed: bool,
    },
    SubscriptionList {
        after: u64,
    },
    MessageList {
        after: u64,
    },
    /// All access tokens of an app user end; it goes by the account name that the service made it with.
    UserLogOut {
        app: String,
        service: String,
        account: String,
    },
    /// Without a password one is made.
    DeveloperCreate {
        email: String,
        name: String,
        password: Option<String>,
    },
    DeveloperList {
        after: String,
    },
    InvitationCreate {
        lifetime_ms: u64,
    },
}

impl Admin {
    /// Carries an order out. Lists are pages: `next` is what `after` has to be for the page behind, or null.
    ///
    /// Fails with [`codes::PLATFORM_ABSENT`], [`codes::PLATFORM_UNKNOWN`] or [`codes::PLATFORM_REFUSED`], or as the store does.
    /// Cancelled, a write that has begun takes place all the same.
    pub async fn platform(&self, order: Order) -> Result<Value, Problems> {
        let task = match order {
            Order::Outbox(task) => return Ok(outbox::carry_out(&self.store, &self.clock, task).await?),
            Order::Platform(task) => task,
        };
        let embedded = self.embedded().await?;
        Ok(match task {
            Task::AppCreate { key, name, developer } => apps::create(embedded, &key, &name, developer.as_deref()).await?,
            Task::AppList { after } => apps::list(embedded, &after).await?,
            Task::AppToken { key, renew } => apps::token(embedded, &key, renew).await?,
            Task::AppRemove { key } => apps::remove(embedded, &key).await?,
            Task::ServiceList { after } => services::list(embedded, &after).await?,
            Task::ServiceShow { key } => services::show(embedded, &key).await?,
            Task::ServiceToken { key, renew } => services::token(embedded, &key, renew).await?,
            Task::SubscriptionAdd { app, service } => subscriptions::add(embedded, &app, &service).await?,
            Task::SubscriptionCancel { app, service } => subscriptions::cancel(embedded, &app, &service).await?,
            Task::SubscriptionForce { app, service, subscribed } => {
                subscriptions::force(self, embedded, &app, &service, subscribed).await?
            }
            Task::SubscriptionList { after } => subscriptions::list(embedded, after).await?,
            Task::MessageList { after } => subscriptions::messages(embedded, after).await?,
            Task::UserLogOut { app, service, account } => users::log_out(embedded, &app, &service, &account).await?,
            Task::DeveloperCreate { email, name, password } => developers::create(embedded, &email, &name, password).await?,
            Task::DeveloperList { after } => developers::list(embedded, &after).await?,
            Task::InvitationCreate { lifetime_ms } => developers::invite(embedded, lifetime_ms).await?,
        })
    }

    /// The platform of this host. A command that works on a data directory alone first brings the configuration's services up
    /// to date, as a start would have.
    async fn embedded(&self) -> Result<&Embedded, Problems> {
        let absent = || {
            Problem::new(&codes::PLATFORM_ABSENT, "there is no platform in this host")
                .fix("write `mode = \"embedded\"` in [platform]")
        };
        let embedded = self.embedded.as_deref().ok_or_else(absent)?;
        if self.app.is_none() {
            embedded.seed(&self.config, &base_url(&self.config.listen, self.config.listen.address)).await?;
        }
        Ok(embedded)
    }
}

async fn app(embedded: &Embedded, key: &str) -> Result<App, Problem> {
    let found = embedded.store.platform_app_by_key(key).await.map_err(|error| error.problem())?;
    found.ok_or_else(|| unknown("app", key, "see those there are with `wharf platform app list`"))
}

async fn service(embedded: &Embedded, key: &str) -> Result<Service, Problem> {
    let found = embedded.store.platform_service_by_key(key).await.map_err(|error| error.problem())?;
    found.ok_or_else(|| unknown("service", key, "see those there are with `wharf platform service list`"))
}

fn unknown(what: &str, key: &str, fix: &str) -> Problem {
    Problem::new(&codes::PLATFORM_UNKNOWN, format!("the platform has no {what} `{}`", key.escape_debug())).fix(fix)
}

/// The platform's no, about `subject`; or the store's failure.
fn refused(subject: &str) -> impl Fn(StoreError) -> Problem {
    move |error| {
        let StoreError::Platform(refusal) = &error else { return error.problem() };
        let fix = match refusal {
            PlatformError::Failed { .. } | PlatformError::Random { .. } => return error.problem(),
            PlatformError::KeyTaken => "choose another key: keys are for ever",
            PlatformError::Subscribed => {
                "look at `wharf platform subscription list`; a cancel is over when its service has handled it"
            }
            PlatformError::NotSubscribed => "look at `wharf platform subscription list`",
            PlatformError::Pending => {
                "wait until the service has handled its message (`wharf platform message list`), or use \
                 `wharf platform subscription force`"
            }
            PlatformError::TooMany => "remove those that nobody needs",
            PlatformError::EmailTaken
            | PlatformError::CellphoneTaken
            | PlatformError::Invitation
            | PlatformError::Unknown
            | PlatformError::Private => "look at what the platform has with `wharf platform`",
        };
        Problem::new(&codes::PLATFORM_REFUSED, format!("the platform refuses {subject}")).why(refusal).fix(fix)
    }
}

/// What to ask for the page behind one of [`PAGE`](crate::store::platform::PAGE) rows.
fn next<T>(page: &[T], of: impl Fn(&T) -> Value) -> Value {
    page.last().filter(|_| page.len() == crate::store::platform::PAGE as usize).map_or(Value::Null, of)
}
