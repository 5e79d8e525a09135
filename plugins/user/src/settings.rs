//! What the operator set; see `plugin.toml`.

use std::collections::BTreeMap;
use std::time::Duration;

use wharf_sdk::prelude::*;

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Settings {
    pub(crate) error_status: u16,
    pub(crate) service_key: String,
    reset_link: Option<BTreeMap<String, String>>,
    pub(crate) failed_logins: u32,
    failed_login_minutes: u64,
}

/// Where the token stands in a link.
const TOKEN: &str = "{token}";

impl Settings {
    pub(crate) fn read() -> Result<Self> {
        settings()
    }

    pub(crate) fn failed_login_window(&self) -> Duration {
        Duration::from_mins(self.failed_login_minutes)
    }

    /// The link to the app's page, from the token; none where the operator set none that is one.
    pub(crate) fn reset_link(&self, app_key: &str) -> Option<impl Fn(&str) -> String> {
        let template = self.reset_link.as_ref()?.get(app_key)?;
        let is_link = (template.starts_with("https://") || template.starts_with("http://")) && template.contains(TOKEN);
        if !is_link {
            error!(app = app_key; "`reset-link` of the app is no http or https address with {{token}} in it: no password can be reset");
            return None;
        }
        Some(move |token: &str| template.replace(TOKEN, token))
    }
}
