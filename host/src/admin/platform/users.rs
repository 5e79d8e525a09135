//! App users: whom the services have made.

use serde_json::{Value, json};

use super::{app, service, unknown};
use crate::{platform::embedded::Embedded, problem::Problem};

pub(super) async fn log_out(embedded: &Embedded, app_key: &str, service_key: &str, account: &str) -> Result<Value, Problem> {
    let (app, service) = (app(embedded, app_key).await?, service(embedded, service_key).await?);
    let user = embedded.store.platform_user_by_account(&app.id, &service.id, account).await.map_err(|error| error.problem())?;
    let user = user.ok_or_else(|| {
        unknown(
            "app user",
            account,
            "write the account name as it was registered, with the app's and the service's keys before it",
        )
    })?;
    embedded.log_out(&user).await.map_err(|error| error.problem())?;
    tracing::warn!(app = app_key, service = service_key, user = user.id, "the access tokens of an app user were ended");
    Ok(json!({"app": app_key, "service": service_key, "account": account, "id": user.id, "logged_out": true}))
}
