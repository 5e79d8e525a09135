//! `wharf check`: would the host start, and would every service have its plugin?

use std::{path::PathBuf, sync::Arc};

use super::{output::Output, serve::CONFIG_FILE};
use crate::{
    admin::{
        Admin,
        holder::{self, Holder},
    },
    app::App,
    config::{Config, Jwks},
    host::Threads,
    problem::Problems,
    request::listen::tls::Tls,
    store::Store,
};

/// `wharf check`
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The configuration file
    #[arg(long, value_name = "FILE", default_value = CONFIG_FILE)]
    config: PathBuf,
}

/// Reads the configuration, its secrets and key files, and loads every bound plugin; opens no socket, so keys of an address
/// are not fetched. While a host holds the data directory, its plugins are taken as it says they are.
pub fn run(args: &Args, output: &Output) -> Result<(), Problems> {
    let config = Arc::new(Config::load(&args.config)?);
    let threads = Threads::start()?;
    threads.control.block_on(async {
        config.listen.tls.as_ref().map(Tls::load).transpose()?;
        let app = Arc::new(App::new(&config, None, threads.control.handle().clone())?);
        let checked = match holder::find(&config.data_dir).await? {
            Holder::Mine(data) => {
                let admin = Admin::new(config.clone(), &data, Store::open(&data)?, Some(app))?;
                let problems = admin.load_all().await;
                problems.or("configuration, secrets and plugins")?
            }
            Holder::Running(_) => {
                App::check_secrets(&config)?;
                "configuration and secrets (a running host holds the plugins)"
            }
        };
        let services: Vec<&String> = config.services.keys().collect();
        let is_fetched = |name: &&String| matches!(config.issuers[*name].jwks, Jwks::Url(_));
        let not_fetched: Vec<&String> = config.issuers.keys().filter(is_fetched).collect();
        for issuer in &not_fetched {
            output.say(&format_args!("the keys of issuer `{issuer}` come from an address and were not fetched"));
        }
        output.data(
            &format_args!("`{}` is good: {checked}, {} services", args.config.display(), services.len()),
            &serde_json::json!({
                "config": args.config, "checked": checked, "services": services, "issuers_not_fetched": not_fetched,
            }),
        );
        Ok(())
    })
}
