//! `wharf check`: would the host start, and would every service have its plugin?

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{output::Output, serve::CONFIG_FILE};
use crate::{
    admin::{
        Admin, check,
        holder::{self, Holder},
        install::Without,
    },
    app::App,
    config::{Config, Jwks},
    host::Threads,
    problem::Problems,
    request::listen::tls::Tls,
    store::{DataDir, Store},
};

/// `wharf check`
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The configuration file
    #[arg(long, value_name = "FILE", default_value = CONFIG_FILE)]
    config: PathBuf,
}

/// What a check looked at.
struct Checked {
    /// The same as a sentence has it.
    what: &'static str,
    /// What only a start would show.
    unchecked: &'static [&'static str],
    /// What is granted and does nothing.
    vain: Vec<String>,
    /// The keys that count only from the next start of the running host on, or why it does not say.
    pending: Result<Vec<String>, Problems>,
}

impl Checked {
    fn all(vain: Vec<String>) -> Self {
        Self { what: "configuration, secrets and plugins", unchecked: &[], vain, pending: Ok(Vec::new()) }
    }

    fn beside_a_host(vain: Vec<String>, pending: Result<Vec<String>, Problems>) -> Self {
        let what = "configuration, secrets, and what the plugins of the running host ask for";
        Self { what, unchecked: &["loading"], vain, pending }
    }
}

/// Reads the configuration, its secrets and key files, and loads every bound plugin; reports all that is wrong at once. Asks no
/// other machine, so keys of an address are not fetched. While a host holds the data directory, it is asked what its plugins say
/// of themselves, and they are judged by that.
pub fn run(args: &Args, output: &Output) -> Result<(), Problems> {
    let config = Arc::new(load(&args.config)?);
    let threads = Threads::start()?;
    let (checked, warnings) = threads.control.block_on(async {
        let mut problems = Problems::default();
        let wrong = |problems| Err(config.places.locate_all(problems));
        problems.keep(config.listen.tls.as_ref().map(Tls::load).transpose());
        let app = problems.keep(App::new(&config, None, threads.control.handle().clone()));
        let mut warnings: Vec<String> = app.iter().flat_map(App::warnings).map(|(_, warning)| warning).collect();
        let Some(checked) = problems.keep(plugins(&config, app).await) else { return wrong(problems) };
        warnings.extend_from_slice(&checked.vain);
        problems.or((checked, warnings)).or_else(wrong)
    })?;
    say(args, &config, &checked, &warnings, output);
    Ok(())
}

/// The configuration; beside mistakes in it, the files are looked at that the rest of it names.
fn load(file: &Path) -> Result<Config, Problems> {
    let (config, mut mistakes) = Config::load_what_can_be(file);
    let Some(config) = config else { return Err(mistakes) };
    if mistakes.0.is_empty() {
        return Ok(config);
    }
    mistakes.keep(config.listen.tls.as_ref().map(Tls::load).transpose());
    mistakes.extend(App::check_files(&config));
    Err(config.places.locate_all(mistakes))
}

/// Loads every bound plugin, or has them judged where a running host holds them. Without the `app`, of which it is known what is
/// wrong, there is nothing to load them for.
async fn plugins(config: &Arc<Config>, app: Option<App>) -> Result<Checked, Problems> {
    // A look leaves nothing behind: what is made in the directory belongs to whoever makes it.
    if DataDir::is_unused(&config.data_dir) {
        let mut problems = Problems::default();
        problems.keep(App::check_secrets(config));
        problems.extend(check::nothing(config));
        return problems.or(Checked::all(Vec::new()));
    }
    match holder::find(&config.data_dir).await? {
        Holder::Mine(data) => {
            let Some(app) = app else { return App::check_secrets(config).and(Err(Problems::default())) };
            let admin = Admin::new(config.clone(), &data, Store::open(&data)?, Some(Arc::new(app)))?;
            Without::all(admin.load_all().await).or(())?;
            Ok(Checked::all(admin.granted_in_vain().await?))
        }
        Holder::Running(host) => {
            let vain = check::against(config, &host).await?;
            Ok(Checked::beside_a_host(vain, check::pending(config, &host).await))
        }
    }
}

fn say(args: &Args, config: &Config, checked: &Checked, warnings: &[String], output: &Output) {
    let services: Vec<&String> = config.services.keys().collect();
    let is_fetched = |name: &&String| matches!(config.issuers[*name].jwks, Jwks::Url(_));
    let not_fetched: Vec<&String> = config.issuers.keys().filter(is_fetched).collect();
    for warning in warnings {
        output.say(&format_args!("warning: {warning}"));
    }
    for issuer in &not_fetched {
        output.say(&format_args!("the keys of issuer `{issuer}` come from an address and were not fetched"));
    }
    if !checked.unchecked.is_empty() {
        output.say(&"a running host holds the plugins, so loading them was not tried");
    }
    match &checked.pending {
        Ok(keys) if keys.is_empty() => {}
        Ok(keys) => {
            output.say(&format_args!("the running host was started with other values of `{}`: start it anew", keys.join("`, `")));
        }
        // An older host may not know the question.
        Err(why) => output.say(&format_args!("the running host does not tell what of this it was started with: {why}")),
    }
    output.data(
        &format_args!("`{}` is good: {}, {}", args.config.display(), checked.what, count(services.len(), "service")),
        &serde_json::json!({
            "config": args.config, "checked": checked.what, "unchecked": checked.unchecked, "services": services,
            "issuers_not_fetched": not_fetched, "warnings": warnings, "pending": checked.pending.as_ref().ok(),
        }),
    );
}

/// `no services`, `1 service`, `2 services`.
fn count(number: usize, what: &str) -> String {
    match number {
        0 => format!("no {what}s"),
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}
