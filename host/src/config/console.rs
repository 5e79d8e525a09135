//! `console-host`, `console-lifetime` and `console-idle` of a service.

use std::time::Duration;

use super::Listen;
use crate::toml_reader::{Item, values::duration};

/// A working day, so that a console opened in the morning is still open in the afternoon and not the day after.
pub(super) const LIFETIME: Duration = Duration::from_hours(8);

/// Longer than lunch.
pub(super) const IDLE: Duration = Duration::from_hours(2);

/// How long a session lasts, or lasts without being used.
pub(super) fn lifetime(item: &Item<'_>) -> Option<Duration> {
    duration(Duration::from_mins(1)..=Duration::from_hours(24 * 7))(item)
}

/// A host name for a console, if nobody on the way there can read its cookie.
pub(super) fn reachable(host: String, item: &Item<'_>, listen: &Listen) -> Option<String> {
    if listen.is_https() || listen.address.ip().is_loopback() {
        return Some(host);
    }
    let why = "its cookie would go through the network in clear text";
    let fix = "add a table [listen.tls]; or, where a proxy speaks TLS, set `public-url` in [listen] to what begins with https";
    item.wrong("cannot be used", why, fix)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{config::Config, problem::Problem};

    const SERVICE: &str = "[services.notes]\nplugin = \"acme/notes\"\n";

    fn parse(text: &str) -> Result<Config, Vec<Problem>> {
        Config::parse(text, Path::new("wharf.toml")).map_err(|problems| problems.0)
    }

    #[test]
    fn a_console_needs_a_platform_and_a_way_that_nobody_can_listen_on() {
        let with = |listen: &str, platform: &str, keys: &str| {
            format!("[listen]\n{listen}\n[platform]\n{platform}\n{SERVICE}{keys}\nconsole-host = \"C.example.com\"\n")
        };
        const REMOTE: &str = "mode = \"remote\"";
        const EMBEDDED: &str = "mode = \"embedded\"";
        const TOKEN: &str = "access-token = { file = \"t\" }";
        const KEY: &str = "security-key = { file = \"k\" }";
        let (everywhere, tls) = ("address = \"0.0.0.0:80\"", "\n[listen.tls]\ncertificate = \"c\"\nkey = { file = \"k\" }");
        for (listen, platform, keys) in [
            ("", REMOTE, TOKEN),
            ("", EMBEDDED, KEY),
            ("address = \"[::1]:80\"", REMOTE, TOKEN),
            (&format!("{everywhere}{tls}"), REMOTE, TOKEN),
            (&format!("{everywhere}\npublic-url = \"https://example.com\""), REMOTE, TOKEN),
        ] {
            let service = &parse(&with(listen, platform, keys)).unwrap().services["notes"];
            assert_eq!(service.console_host.as_deref(), Some("c.example.com"));
            assert_eq!((service.console_lifetime, service.console_idle), (Duration::from_hours(8), Duration::from_hours(2)));
        }
        for (listen, platform, keys, fix) in [
            ("", REMOTE, "", "`access-token = "),
            ("", EMBEDDED, "", "`security-key = "),
            (everywhere, REMOTE, TOKEN, "[listen.tls]"),
            (&format!("{everywhere}\npublic-url = \"http://example.com\""), REMOTE, TOKEN, "[listen.tls]"),
        ] {
            let all = parse(&with(listen, platform, keys)).unwrap_err();
            let [problem] = &all[..] else { panic!("{all:#?}") };
            assert!(problem.what.starts_with("`services.notes.console-host` ") && problem.fix.contains(fix), "{problem:?}");
        }
        // What is claimed once is claimed, whatever for.
        let twice = with("", REMOTE, &format!("{TOKEN}\nhosts = [\"c.example.com\"]"));
        assert_eq!(parse(&twice).unwrap_err()[0].what, "`services.notes.console-host` is claimed twice");
    }
}
