//! Whether the plugins of a running host could work with another configuration: the one it would be started with next. They are
//! judged by what they say of themselves (settings, grants, the engine they need); loading them is left to the start.

use std::{os::unix::fs::MetadataExt as _, path::Path, sync::Arc};

use http::Method;
use serde_json::{Value, json};

use super::{
    Admin, blocking,
    client::Client,
    install::{check_switched_on, not_installed},
};
use crate::{
    capabilities::{self, Grants, in_vain},
    codes,
    config::Config,
    manifest::Manifest,
    problem::{Problem, Problems},
    runtime::inspect::{Inspected, inspect},
};

impl Admin {
    /// What services grant in vain to the plugins that are installed.
    pub async fn granted_in_vain(&self) -> Result<Vec<String>, Problems> {
        let mut vain = Vec::new();
        for service in self.config.services.values() {
            let active = self.active(&service.plugin.to_string()).await?;
            vain.extend(in_vain(&Manifest::parse(&active.manifest)?, service));
        }
        Ok(vain)
    }

    /// What the active version of a plugin says of itself, as JSON: the text of its manifest, and its exports.
    pub async fn declared(&self, id: &str) -> Result<Value, Problems> {
        let active = self.active(id).await?;
        let component = self.component(&active)?;
        let inspected = blocking(|| inspect(&component))
            .map_err(|error| Problem::new(&codes::PLUGIN_INVALID, format!("plugin `{id}` cannot be read")).why(error))?;
        Ok(json!({"manifest": active.manifest, "exports": inspected.exports}))
    }
}

/// What a host that was never started has: of each bound plugin, that it is not installed.
pub fn nothing(config: &Config) -> Problems {
    let not_installed = |id: &String| config.places.locate(not_installed(id), bound_as(config, id).as_deref());
    Problems(config.plugins().iter().map(not_installed).collect())
}

/// Where the configuration first names the plugin.
fn bound_as(config: &Config, id: &str) -> Option<String> {
    let service = config.services.values().find(|service| service.plugin.to_string() == id)?;
    Some(format!("services.{}.plugin", service.key))
}

/// Asks the host for what each bound plugin says of itself, and judges the configuration by it. Returns what is granted in vain;
/// reports all that is wrong at once.
pub async fn against(config: &Config, host: &Client) -> Result<Vec<String>, Problems> {
    let capabilities = capabilities::Host::open(config, None, Arc::default());
    let (mut vain, mut problems) = (Vec::new(), Problems::default());
    for id in config.plugins() {
        let judged = match host.send(Method::GET, &format!("/plugins/{id}/declared"), Vec::new()).await {
            Ok(declared) => blocking(|| judge(config, &capabilities, &id, &declared)),
            Err(more) => Err(more),
        };
        let key = bound_as(config, &id);
        match judged {
            Ok(more) => vain.extend(more),
            Err(Problems(wrong)) => {
                problems.0.extend(wrong.into_iter().map(|problem| config.places.locate(problem, key.as_deref())));
            }
        }
    }
    problems.or(vain)
}

/// What of the configuration the host takes over only when it is started anew; nothing where that is not its own.
pub async fn pending(config: &Config, host: &Client) -> Result<Vec<String>, Problems> {
    let pending = host.send(Method::GET, "/config/pending", Vec::new()).await?;
    if pending["file"] != blocking(|| identity(&config.file)) {
        return Ok(Vec::new());
    }
    let keys = pending["keys"].as_array().into_iter().flatten();
    Ok(keys.filter_map(Value::as_str).map(str::to_owned).collect())
}

/// Which file it is, whatever it is called by whom: device and inode. Blocking.
pub(super) fn identity(file: &Path) -> Value {
    file.metadata().map_or(Value::Null, |file| json!([file.dev(), file.ino()]))
}

/// Whether every service bound to the plugin could run it, and what they grant it in vain. Blocking.
fn judge(config: &Config, capabilities: &capabilities::Host, id: &str, declared: &Value) -> Result<Vec<String>, Problems> {
    let text = declared.get("manifest").and_then(Value::as_str).ok_or_else(|| {
        Problem::new(&codes::CONTROL_FAILED, format!("the host did not say what plugin `{id}` is"))
            .fix("see whether the host is of the same version as this command")
    })?;
    let manifest = Manifest::parse(text)?;
    let exports = declared.get("exports").and_then(Value::as_array).into_iter().flatten();
    let exports = exports.filter_map(Value::as_str).map(str::to_owned).collect();
    check_switched_on(config, &manifest, &Inspected { exports, ..Inspected::default() })?;
    let (mut vain, mut problems) = (Vec::new(), Problems::default());
    for service in config.services.values().filter(|service| service.plugin == manifest.id) {
        vain.extend(in_vain(&manifest, service));
        let ready = Grants::new(&manifest, service).and_then(|grants| capabilities.ready(grants));
        let place = format!("services.{}.plugin", service.key);
        let located = |problem| config.places.locate(problem, Some(&place));
        problems.0.extend(ready.err().into_iter().flat_map(|more| more.0).map(located));
    }
    problems.or(vain)
}
