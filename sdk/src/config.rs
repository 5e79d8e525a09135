//! The settings the operator gave this service.

use serde::de::DeserializeOwned;

use crate::{Error, Result, sys};

/// The service's settings: every key of the manifest's `[config]`, with the operator's value or the default, checked by the
/// host against the manifest.
///
/// ```
/// use wharf_sdk::prelude::*;
///
/// #[derive(Deserialize)]
/// struct Settings {
///     greeting: String,
/// }
///
/// #[get("/greeting")]
/// fn greeting() -> Result<String> {
///     Ok(settings::<Settings>()?.greeting)
/// }
/// # fn main() {}
/// ```
///
/// # Errors
/// `plugin.settings` when they do not fit `T`: then manifest and plugin disagree.
pub fn settings<T: DeserializeOwned>() -> Result<T> {
    let wrong = |error| Error::failure("plugin.settings", format!("the settings do not fit the plugin's type: {error}"));
    serde_json::from_str(&sys::config::settings()?).map_err(wrong)
}
