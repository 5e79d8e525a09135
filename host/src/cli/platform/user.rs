//! `wharf platform user`: app users of the embedded platform.

use super::{At, Output, Problems, Task, send, show};

#[derive(Debug, clap::Subcommand)]
pub enum User {
    /// End all access tokens of an app user, so that none fetches another context. Headers of contexts that were fetched before
    /// stay good until they expire
    LogOut {
        /// The app's key
        app: String,
        /// The key of the service that made the user
        service: String,
        /// The account name
        account: String,
        #[command(flatten)]
        at: At,
    },
}

pub(super) fn run(command: User, output: &Output) -> Result<(), Problems> {
    let User::LogOut { app, service, account, at } = command;
    let ended = send(&at, Task::UserLogOut { app, service, account })?;
    let (account, app) = (show::text(&ended, "account"), show::text(&ended, "app"));
    output.data(
        &format_args!("`{}` of the app `{app}` is logged out: all access tokens have ended", account.escape_debug()),
        &ended,
    );
    Ok(())
}
