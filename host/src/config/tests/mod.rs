mod default_text;

use std::{net::IpAddr, time::Duration};

use proptest::prelude::*;

use super::*;
use crate::{
    codes::{CONFIG_INVALID, CONFIG_MISSING_KEY, CONFIG_SYNTAX, CONFIG_UNKNOWN_KEY, CONFIG_UNREADABLE, Code},
    problem::Problem,
    secret::SecretRef,
};

const SERVICE: &str = "[services.notes]\nplugin = \"acme/notes\"\n";

fn parse(text: &str) -> Result<Config, Problems> {
    Config::parse(text, Path::new("etc/wharf.toml"))
}

#[track_caller]
fn valid(text: &str) -> Config {
    parse(text).unwrap_or_else(|problems| panic!("{problems}\nin\n{text}"))
}

#[track_caller]
fn mistakes(text: &str) -> Vec<Problem> {
    parse(text).expect_err(text).0
}

/// Each text has exactly one mistake: its code, line, subject, and a piece of the way out.
#[track_caller]
fn check(table: &[(&str, &Code, usize, &str, &str)]) {
    for (text, code, line, subject, fix) in table {
        let all = mistakes(text);
        let [problem] = &all[..] else { panic!("{all:#?}\nin\n{text}") };
        assert_eq!(problem.code, *code, "{problem:?}\nin\n{text}");
        assert_eq!(
            problem.at.as_ref().map(|at| (at.file.as_str(), at.line)),
            Some(("etc/wharf.toml", *line)),
            "{problem:?}\nin\n{text}"
        );
        assert!(problem.what.starts_with(&format!("`{subject}` ")), "{problem:?}\nin\n{text}");
        assert!(problem.fix.contains(fix), "{problem:?}\nin\n{text}");
    }
}

#[test]
fn host_sections_refuse_bad_values() {
    check(&[
        ("data-dri = \"x\"", &CONFIG_UNKNOWN_KEY, 1, "data-dri", "did you mean `data-dir`?"),
        ("data-dir = \"\"", &CONFIG_INVALID, 1, "data-dir", "path"),
        ("data-dir = 1", &CONFIG_INVALID, 1, "data-dir", "path"),
        ("[lisen]\naddress = \"127.0.0.1:1\"", &CONFIG_UNKNOWN_KEY, 1, "lisen", "`listen`"),
        ("listen = 8080", &CONFIG_INVALID, 1, "listen", "[listen]"),
        ("[listen]\naddress = \"localhost:8080\"", &CONFIG_INVALID, 2, "listen.address", "127.0.0.1:8080"),
        ("[listen]\nadress = \"127.0.0.1:8080\"", &CONFIG_UNKNOWN_KEY, 2, "listen.adress", "`address`"),
        ("[listen]\n\nmax_connections = 10", &CONFIG_UNKNOWN_KEY, 3, "listen.max_connections", "`max-connections`"),
        ("[listen]\nmax-connections = 0", &CONFIG_INVALID, 2, "listen.max-connections", "from 1"),
        ("[listen]\nmax-connections = -1", &CONFIG_INVALID, 2, "listen.max-connections", "from 1"),
        ("[listen]\nmax-connections = 99999999999999999999", &CONFIG_INVALID, 2, "listen.max-connections", "from 1"),
        ("[listen]\nmax-connections = \"many\"", &CONFIG_INVALID, 2, "listen.max-connections", "whole number"),
        (
            "[listen]\nmax-connections = 9\nmax-connections-per-address = 10",
            &CONFIG_INVALID,
            3,
            "listen.max-connections-per-address",
            "`max-connections`",
        ),
        ("[listen]\nheader-timeout = 10", &CONFIG_INVALID, 2, "listen.header-timeout", "\"10s\""),
        ("[listen]\nheader-timeout = \"10 sec\"", &CONFIG_INVALID, 2, "listen.header-timeout", "\"10s\""),
        ("[listen]\nheader-timeout = \"1ms\"", &CONFIG_INVALID, 2, "listen.header-timeout", "from 100ms to 10m"),
        ("[listen]\nmin-body-rate = \"1kB\"", &CONFIG_INVALID, 2, "listen.min-body-rate", "\"64KiB\""),
        ("[listen]\npublic-url = \"ftp://example.com\"", &CONFIG_INVALID, 2, "listen.public-url", "https://"),
        ("[listen]\npublic-url = \"https://example.com/wharf\"", &CONFIG_INVALID, 2, "listen.public-url", "without"),
        ("[listen]\npublic-url = \"https://me:pw@example.com\"", &CONFIG_INVALID, 2, "listen.public-url", "without user"),
        ("[listen]\ntrusted-proxies = \"10.0.0.1\"", &CONFIG_INVALID, 2, "listen.trusted-proxies", "[brackets]"),
        (
            "[listen]\ntrusted-proxies = [\"10.0.0.1\", \"10.0.0.1/8\"]",
            &CONFIG_INVALID,
            2,
            "listen.trusted-proxies[1]",
            "10.0.0.0/8",
        ),
        ("[listen]\ntrusted-proxies = [\n\"0.0.0.0/0\",\n]", &CONFIG_INVALID, 3, "listen.trusted-proxies[0]", "not allowed"),
        ("[listen]\ntls = \"wharf.crt\"", &CONFIG_INVALID, 2, "listen.tls", "[listen.tls]"),
        ("[listen.tls]\ncertificate = \"a\"", &CONFIG_MISSING_KEY, 1, "listen.tls.key", "add `key = …`"),
        ("[listen.tls]\nkey = { file = \"a\" }", &CONFIG_MISSING_KEY, 1, "listen.tls.certificate", "add `certificate = …`"),
        ("[listen.tls]\ncertificate = \"a\"\nkey = \"a\"", &CONFIG_INVALID, 3, "listen.tls.key", "{ file = \"path\" }"),
        ("[operation]\naddress = \"localhost:9464\"", &CONFIG_INVALID, 2, "operation.address", "127.0.0.1:9464"),
        ("[platform]\nmode = \"local\"", &CONFIG_INVALID, 2, "platform.mode", "\"embedded\" or \"remote\""),
        ("[platform]\napi-base = \"https://a.com\"", &CONFIG_MISSING_KEY, 1, "platform.mode", "add `mode = …`"),
        ("[platform]\nmode = \"embedded\"\napi-base = \"https://a.com\"", &CONFIG_INVALID, 3, "platform.api-base", "remote"),
        ("[platform]\nmode = \"remote\"\napi-base = \"http://a.com\"", &CONFIG_INVALID, 3, "platform.api-base", "https://"),
        ("[platform]\nmode = \"remote\"\napi-base = \"http://10.0.0.1\"", &CONFIG_INVALID, 3, "platform.api-base", "https://"),
        ("[platform]\nmode = \"remote\"\napi-base = \"https://a.com/v1\"", &CONFIG_INVALID, 3, "platform.api-base", "https://"),
        ("[platform]\nmode = \"remote\"\napi-base = \"https://me@a.com\"", &CONFIG_INVALID, 3, "platform.api-base", "https://"),
        ("[platform]\nmode = \"embedded\"\npaths = { app = \"/app/:appId\" }", &CONFIG_INVALID, 3, "platform.paths", "remove it"),
        ("[platform]\nmode = \"remote\"\nerror-status = 200", &CONFIG_INVALID, 3, "platform.error-status", "embedded"),
        ("[platform]\nmode = \"embedded\"\nerror-status = 500", &CONFIG_INVALID, 3, "platform.error-status", "401, or 200"),
        (
            "[platform]\nmode = \"embedded\"\nuser-token-lifetime = \"0s\"",
            &CONFIG_INVALID,
            3,
            "platform.user-token-lifetime",
            "from 1s",
        ),
        ("[platform]\nmode = \"remote\"\ntimeout = \"1h\"", &CONFIG_INVALID, 3, "platform.timeout", "to 5m"),
        ("[platform]\nmode = \"remote\"\npoll-interval = \"0s\"", &CONFIG_INVALID, 3, "platform.poll-interval", "from 1s"),
        (
            "[platform]\nmode = \"remote\"\nauth-code-parameter = \"a&b\"",
            &CONFIG_INVALID,
            3,
            "platform.auth-code-parameter",
            "appAuthCode",
        ),
        ("[platform]\nmode = \"remote\"\npaths = { app = \"/app\" }", &CONFIG_INVALID, 3, "platform.paths.app", "/:appId"),
        ("[platform]\nmode = \"remote\"\npaths = { app = \"/a?b/:appId\" }", &CONFIG_INVALID, 3, "platform.paths.app", "/:appId"),
        (
            "[platform]\nmode = \"remote\"\npaths = { messages = \"/{m}\" }",
            &CONFIG_INVALID,
            3,
            "platform.paths.messages",
            "/v1.0/",
        ),
        (
            "[platform]\nmode = \"remote\"\npaths = { mesages = \"/\" }",
            &CONFIG_UNKNOWN_KEY,
            3,
            "platform.paths.mesages",
            "messages",
        ),
        ("[log]\naccess = \"yes\"", &CONFIG_INVALID, 2, "log.access", "`true` or `false`"),
        ("[runtime]\nmax-calls = 1.5", &CONFIG_INVALID, 2, "runtime.max-calls", "whole number"),
        ("[runtime]\nwait = \"1h\"", &CONFIG_INVALID, 2, "runtime.wait", "to 1m"),
        ("[runtime]\ncompile-memory = \"1MiB\"", &CONFIG_INVALID, 2, "runtime.compile-memory", "256MiB"),
        ("[limits]\nmemory = \"64\"", &CONFIG_INVALID, 2, "limits.memory", "unit"),
        ("[limits]\nhandles = 0", &CONFIG_INVALID, 2, "limits.handles", "from 1"),
        ("[log]\nlevel = \"verbose\"", &CONFIG_INVALID, 2, "log.level", "\"debug\" or \"trace\""),
        ("[log]\nlevel = \"inof\"", &CONFIG_INVALID, 2, "log.level", "did you mean \"info\"?"),
        ("[log]\nformat = true", &CONFIG_INVALID, 2, "log.format", "\"text\" or \"json\""),
        ("[listen]\naddress = 127.0.0.1", &CONFIG_SYNTAX, 2, "etc/wharf.toml", "quotes"),
        ("[log]\nlevel = \"info\"\nlevel = \"warn\"", &CONFIG_SYNTAX, 3, "etc/wharf.toml", "once"),
    ]);
}

#[test]
fn a_plugin_that_asks_the_platform_needs_one_that_knows_its_service() {
    let with = |mode: &str, keys: &str| format!("[platform]\nmode = \"{mode}\"\n{SERVICE}{keys}app-users = true\napps = true\n");
    for (mode, keys) in [("remote", "access-token = { file = \"t\" }\n"), ("embedded", "security-key = { file = \"k\" }\n")] {
        let service = &valid(&with(mode, keys)).services["notes"];
        assert!(service.app_users && service.apps);
    }
    for (mode, keys, fix) in [("remote", "", "`access-token = "), ("embedded", "", "`security-key = ")] {
        let all = mistakes(&with(mode, keys));
        let subjects: Vec<_> = all.iter().map(|problem| problem.what.as_str()).collect();
        assert_eq!(subjects, ["`services.notes.app-users` has no effect", "`services.notes.apps` has no effect"]);
        assert!(all.iter().all(|problem| problem.fix.contains(fix)), "{all:?}");
    }
    check(&[(
        &format!("[platform]\nmode = \"embedded\"\n{SERVICE}access-token = {{ file = \"t\" }}\n"),
        &CONFIG_INVALID,
        5,
        "services.notes.access-token",
        "remove it",
    )]);
}

#[test]
fn services_refuse_bad_values() {
    for (rest, line, subject, fix) in [
        ("access-token = { file = \"t\" }", 3, "access-token", "add a table [platform]"),
        ("app-users = true", 3, "app-users", "add a table [platform]"),
        ("console-host = \"c.example.com\"", 3, "console-host", "add a table [platform]"),
        ("console-host = \"c.example.com:8080\"", 3, "console-host", "without scheme, port"),
        ("console-lifetime = \"1s\"", 3, "console-lifetime", "from 1m to 7d"),
        ("console-idle = \"8d\"", 3, "console-idle", "from 1m to 7d"),
        ("apps = true", 3, "apps", "add a table [platform]"),
        ("app-users = \"yes\"", 3, "app-users", "`true` or `false`"),
        ("mail = 1", 3, "mail", "`true` or `false`"),
        ("service-id = \"55b88eef\"", 3, "service-id", "24 hex digits"),
        ("hosts = [\"notes.example.com:443\"]", 3, "hosts[0]", "without scheme, port"),
        ("hosts = [\"a.com\", \"A.com\"]", 3, "hosts[1]", "of its own"),
        ("ocean-auth = \"v1\"", 3, "ocean-auth", "\"legacy\", \"both\" or \"v2\""),
        ("ocean-auth = \"legasy\"", 3, "ocean-auth", "did you mean \"legacy\"?"),
        ("key-encoding = \"utf-8\"", 3, "key-encoding", "did you mean \"utf8\"?"),
        ("max-lifetime = \"99999d\"", 3, "max-lifetime", "36500d"),
        ("anonymous-without-expiry = true", 3, "anonymous-without-expiry", "\"allow\" or \"deny\""),
        ("missing-comma = \"no\"", 3, "missing-comma", "`true` or `false`"),
        ("error-status = 403", 3, "error-status", "401"),
        ("error-status = \"401\"", 3, "error-status", "whole number"),
        ("reuse = -1", 3, "reuse", "from 0"),
        ("data = [\"a\"]", 3, "data", "path"),
        ("limits = \"64MiB\"", 3, "limits", "[services.notes.limits]"),
        ("[services.notes.limits]\nmemory = \"1GiB\"", 4, "limits.memory", "`[limits]`"),
        ("[services.notes.kv]\nstores = [\"Items\"]", 4, "kv.stores[0]", "lower-case"),
        ("[services.notes.kv]\nquota = \"1MiB\"\nmax-value = \"2MiB\"", 5, "kv.max-value", "quota"),
        ("[services.notes.http-out]\nhosts = [\"https://api.example.com\"]", 4, "http-out.hosts[0]", "api.example.com"),
        ("[services.notes.http-out]\nhosts = [\"*\"]", 4, "http-out.hosts[0]", "*.example.com"),
        ("[services.notes.http-out]\nhosts = [\"a.com\"]\nprivate = [\"b.com\"]", 5, "http-out.private[0]", "`hosts`"),
        ("[services.notes.http-out]\ninject = [1]", 4, "http-out.inject[0]", "{ key = value }"),
        ("[services.notes.http-out]\ninject = { host = \"a.com\" }", 4, "http-out.inject", "[[services.notes.http-out.inject]]"),
        ("[services.notes.config]\nsince = 2026-01-01", 4, "config.since", "in quotes"),
        ("[services.notes.config]\nlist = [1, inf]", 4, "config.list[1]", "choose"),
        ("[services.notes.secrets]\n\"a key\" = { env = \"A\" }", 4, "secrets.\"a key\"", "lower-case"),
    ] {
        check(&[(&format!("{SERVICE}{rest}"), &CONFIG_INVALID, line, &format!("services.notes.{subject}"), fix)]);
    }
    check(&[
        (
            "[services.notes]\nhosts = []",
            &CONFIG_MISSING_KEY,
            1,
            "services.notes.plugin",
            "add `plugin = …` to `[services.notes]`",
        ),
        ("[services.notes]\nplugin = \"notes\"", &CONFIG_INVALID, 2, "services.notes.plugin", "publisher/name"),
        ("services.notes = \"acme/notes\"", &CONFIG_INVALID, 1, "services.notes", "[services.notes]"),
        ("[services.Notes]\nplugin = \"acme/notes\"", &CONFIG_INVALID, 1, "services.Notes", "lower-case"),
        (&format!("{SERVICE}[services.notes.lmits]"), &CONFIG_UNKNOWN_KEY, 3, "services.notes.lmits", "did you mean `limits`?"),
    ]);
}

#[test]
fn an_injected_secret_needs_a_granted_host_a_free_header_and_a_secret() {
    let inject = "[[services.notes.http-out.inject]]\nhost = \"a.com\"\nheader = \"Host\"\nsecret = \"s\"\n";
    let subjects = |text: &str| mistakes(text).into_iter().map(|problem| problem.what).collect::<Vec<_>>();
    assert_eq!(
        subjects(&format!("{SERVICE}{inject}")),
        [
            "`services.notes.http-out.inject[0].host` is not among the hosts of this grant",
            "`services.notes.http-out.inject[0].header` is not a header that can be added",
            "`services.notes.http-out.inject[0].secret` is not a secret of this service",
        ]
    );
    // A secret that is there, but wrong, is blamed once.
    let rest = "[services.notes.http-out]\nhosts = [\"*.com:8443\"]\n[services.notes.secrets]\ns = 7\n";
    assert_eq!(
        subjects(&format!("{SERVICE}{rest}{}", inject.replace("Host", "x-key"))),
        ["`services.notes.secrets.s` is not a reference to a secret",]
    );
}

#[test]
fn a_secret_in_the_configuration_is_refused_and_not_repeated() {
    for reference in [
        "\"hunter2\"",
        "[\"hunter2\"]",
        "{ file = \"a\", env = \"hunter2\" }",
        "{}",
        "{ env = \"hunter2 hunter2\" }",
        "{ key = \"hunter2\" }",
        "{ file = [\"hunter2\"] }",
        "7",
    ] {
        for text in [
            format!("{SERVICE}security-key = {reference}"),
            format!("{SERVICE}[services.notes.secrets]\napi = {reference}"),
            format!("{SERVICE}security_key = {reference}"),
        ] {
            let all = mistakes(&text);
            assert!(!format!("{all:?}").contains("hunter2"), "{all:?}");
        }
    }
    let text = format!("{SERVICE}security-key = \"hunter2\"");
    check(&[(&text, &CONFIG_INVALID, 3, "services.notes.security-key", "{ file = \"path\" } or { env = \"NAME\" }")]);
}

#[test]
fn two_services_may_not_share_a_host_name_or_a_key() {
    let text = "[services.a]\nplugin = \"x/a\"\nhosts = [\"one.example.com\"]\nsecurity-key = { file = \"k\" }\n\
                [services.b]\nplugin = \"x/a\"\nhosts = [\"ONE.example.com\"]\nsecurity-key = { file = \"./k\" }\n\
                [services.c]\nplugin = \"x/a\"\nsecurity-key = { env = \"k\" }\n";
    let all = mistakes(text);
    let told: Vec<_> = all.iter().map(|problem| (problem.at.as_ref().map(|at| at.line), problem.what.as_str())).collect();
    assert_eq!(
        told,
        [(Some(7), "`services.b.hosts[0]` is claimed twice"), (Some(8), "`services.b.security-key` is used twice"),]
    );
    assert!(all.iter().all(|problem| problem.why.contains("`a`")), "{all:?}");
}

const ISSUER: &str = "[issuers.acme]\nissuer = \"https://a\"\njwks = { file = \"a.json\" }\n";

#[test]
fn issuers_refuse_bad_values() {
    for (rest, line, subject, fix) in [
        ("algorithms = [\"HS256\"]", 4, "algorithms[0]", "\"RS256\", "),
        ("algorithms = [\"none\"]", 4, "algorithms[0]", "\"RS256\", "),
        ("algorithms = []", 4, "algorithms", "name one"),
        ("algorithms = \"RS256\"", 4, "algorithms", "[brackets]"),
        ("clock-skew = \"6m\"", 4, "clock-skew", "from 0ms to 5m"),
    ] {
        check(&[(&format!("{ISSUER}{rest}"), &CONFIG_INVALID, line, &format!("issuers.acme.{subject}"), fix)]);
    }
    for (jwks, subject, fix) in [
        ("\"a.json\"", "jwks", "{ file = "),
        ("{}", "jwks", "{ url = "),
        ("{ file = \"a\", url = \"https://a/\" }", "jwks", "{ url = "),
        ("{ url = \"http://login.example.com/jwks\" }", "jwks.url", "https://"),
        ("{ url = \"http://127.0.0.1.example.com/\" }", "jwks.url", "https://"),
        ("{ url = \"http://10.0.0.1/\" }", "jwks.url", "https://"),
        ("{ url = \"https://me:pw@a/\" }", "jwks.url", "without user"),
        ("{ url = \"https://a/#x\" }", "jwks.url", "fragment"),
        ("{ url = \"file:///etc/passwd\" }", "jwks.url", "https://"),
        ("{ url = \"a.json\" }", "jwks.url", "https://"),
        ("{ file = \"\" }", "jwks.file", "path"),
    ] {
        let text = format!("[issuers.acme]\nissuer = \"https://a\"\njwks = {jwks}\n");
        check(&[(&text, &CONFIG_INVALID, 3, &format!("issuers.acme.{subject}"), fix)]);
    }
    check(&[
        (&ISSUER.replace("acme", "Acme"), &CONFIG_INVALID, 1, "issuers.Acme", "lower-case"),
        (&ISSUER.replace("issuer = \"https://a\"\n", ""), &CONFIG_MISSING_KEY, 1, "issuers.acme.issuer", "add"),
        (&format!("{ISSUER}{}", ISSUER.replace("acme", "b")), &CONFIG_INVALID, 5, "issuers.b.issuer", "once"),
        (&format!("{ISSUER}audience = \"x\""), &CONFIG_UNKNOWN_KEY, 4, "issuers.acme.audience", "known here"),
        (
            &format!("{SERVICE}issuers = [\"acem\"]\naudience = \"x\"\n{ISSUER}"),
            &CONFIG_INVALID,
            3,
            "services.notes.issuers[0]",
            "`acme`",
        ),
        (&format!("{SERVICE}issuers = [\"acme\"]\n{ISSUER}"), &CONFIG_INVALID, 3, "services.notes.issuers", "`audience`"),
        (&format!("{SERVICE}audience = \"\""), &CONFIG_INVALID, 3, "services.notes.audience", "words"),
    ]);
    for url in ["http://localhost:1/j", "http://[::1]/", "http://127.9.9.9/", "https://login.example.com/jwks?v=2"] {
        let text = ISSUER.replace("{ file = \"a.json\" }", &format!("{{ url = \"{url}\" }}"));
        assert_eq!(valid(&text).issuers["acme"].jwks, Jwks::Url(url.parse().unwrap()));
    }
}

#[test]
fn every_service_has_an_audience_of_its_own_or_none() {
    let services = |public_url: &str, a: &str, b: &str| {
        let text = format!("{public_url}{ISSUER}[services.a]\nplugin = \"x/a\"\n{a}\n[services.b]\nplugin = \"x/a\"\n{b}\n");
        parse(&text).map(|config| ["a", "b"].map(|key| config.services[key].audience.clone().unwrap_or_default()))
    };
    let url = "[listen]\npublic-url = \"https://h\"\n";
    assert_eq!(services("", "", "").unwrap(), ["", ""]);
    assert_eq!(services(url, "", "").unwrap(), ["https://h/s/a", "https://h/s/b"]);
    assert_eq!(services(url, "audience = \"x\"", "").unwrap(), ["x", "https://h/s/b"]);
    assert_eq!(services(url, "audience = \"https://h/s/a\"", "").unwrap()[0], "https://h/s/a");
    assert!(services("", "audience = \"x\"", "audience = \"x\"").is_err());
    // Whichever stands first, nobody gets what another one has by default.
    assert!(services(url, "audience = \"https://h/s/b\"", "").is_err());
    assert!(services(url, "", "audience = \"https://h/s/a\"").is_err());
    let config = valid(&format!("{ISSUER}{SERVICE}[services.b]\nplugin = \"x/a\"\nissuers = []\n"));
    assert_eq!((config.services["notes"].issuers.len(), config.services["b"].issuers.len()), (1, 0));
}

#[test]
fn a_file_with_five_mistakes_yields_five_problems() {
    let all = mistakes("data-dir = 5\n[listen]\nadress = \"\"\n[log]\nlevel = \"loud\"\n[services.notes]\nerror-status = 500\n");
    let lines: Vec<_> = all.iter().map(|problem| (problem.code.id, problem.at.as_ref().map(|at| (at.line, at.column)))).collect();
    assert_eq!(
        lines,
        [
            ("WH1004", Some((1, 12))),
            ("WH1003", Some((3, 1))),
            ("WH1004", Some((5, 9))),
            ("WH1005", Some((6, 1))),
            ("WH1004", Some((7, 16))),
        ]
    );
}

#[test]
fn an_unreadable_cap_does_not_blame_the_services() {
    let text = format!("{SERVICE}[services.notes.limits]\nmemory = \"1GiB\"\n[limits]\nmemory = \"2GB\"");
    check(&[(&text, &CONFIG_INVALID, 6, "limits.memory", "unit")]);
}

#[test]
fn files_that_cannot_be_read_say_so() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("wharf.toml");
    let problem = |file: &Path| Config::load(file).unwrap_err().0.remove(0);
    assert_eq!(problem(&file).code, &CONFIG_UNREADABLE);
    assert_eq!(problem(directory.path()).code, &CONFIG_UNREADABLE);
    std::fs::write(&file, b"[log]\n# \xff\n").unwrap();
    assert_eq!((problem(&file).code, problem(&file).at.unwrap().line), (&CONFIG_UNREADABLE, 2));
    std::fs::write(&file, vec![b'#'; toml_reader::MAX_FILE + 1]).unwrap();
    assert_eq!(problem(&file).code, &CONFIG_SYNTAX);
    std::fs::write(&file, "data-dir = \"d\"").unwrap();
    assert_eq!(Config::load(&file).unwrap().data_dir, directory.path().join("d"));
}

#[test]
fn everything_has_a_default_but_a_services_plugin() {
    let config = valid(SERVICE);
    assert_eq!(config.data_dir, Path::new("etc/wharf-data"));
    assert_eq!(config.listen.address.to_string(), "127.0.0.1:8080");
    assert_eq!(config.limits, Limits::CAPS);
    assert_eq!(config.runtime.compile_memory, 2 << 30);
    let service = &config.services["notes"];
    assert_eq!((service.plugin.to_string().as_str(), service.reuse, service.error_status), ("acme/notes", 0, 401));
    assert_eq!(service.ocean_auth.max_lifetime, Duration::from_hours(31 * 24));
    assert_eq!((service.kv.stores.len(), service.kv.quota, service.kv.max_value), (0, 64 << 20, 1 << 20));
    assert_eq!((service.http_out.clone(), service.security_key.clone()), (HttpOutGrant::default(), None));
}

#[test]
fn values_arrive_in_their_normal_form() {
    let config = valid(
        "[listen]\npublic-url = \"HTTPS://Wharf.Example.com:8443/\"\nmax-connections = 10\n\
         [services.a]\nplugin = \"x/a\"\nhosts = [\"A.example.com\"]\nsecurity-key = { file = \"a.key\" }\ndata = \"/srv/a\"\n\
         [services.a.kv]\nquota = \"4KiB\"\n\
         [services.a.config]\ndeep.er = [1, 2.5, true, \"x\"]\n\
         [services.a.http-out]\nhosts = [\"*.B.com:99\"]\nprivate = [\"x.b.COM\"]\n\
         inject = [{ host = \"x.b.com\", header = \"Authorization\", secret = \"k\" }]\n\
         [services.a.secrets]\nk = { env = \"K\" }\n",
    );
    assert_eq!(config.listen.public_url.as_deref(), Some("https://wharf.example.com:8443"));
    assert_eq!(config.listen.max_connections_per_address, 10);
    let service = &config.services["a"];
    assert_eq!(service.hosts, ["a.example.com"]);
    assert_eq!(service.security_key, Some(SecretRef::File("etc/a.key".into())));
    assert_eq!(service.secrets["k"], SecretRef::Env("K".to_owned()));
    assert_eq!(service.data.as_deref(), Some(Path::new("/srv/a")));
    assert_eq!(service.kv.max_value, 4 << 10);
    assert_eq!(serde_json::Value::Object(service.settings.clone()), serde_json::json!({"deep": {"er": [1, 2.5, true, "x"]}}));
    assert_eq!((service.http_out.hosts[0].as_str(), service.http_out.private[0].as_str()), ("*.b.com:99", "x.b.com"));
    assert_eq!(service.http_out.inject[0].header, "authorization");
}

#[test]
fn public_urls() {
    for (url, normal) in [
        ("http://localhost", Some("http://localhost")),
        ("https://[::1]:443/", Some("https://[::1]:443")),
        ("https://", None),
        ("https:///", None),
        ("https://a:", None),
        ("https://a:0", None),
        ("https://a:+1", None),
        ("https://a//", None),
        ("https://a?q", None),
        ("https://[::1", None),
        ("https://[::1]x", None),
        ("example.com", None),
    ] {
        let config = parse(&format!("[listen]\npublic-url = \"{url}\"")).ok();
        assert_eq!(config.and_then(|config| config.listen.public_url).as_deref(), normal, "{url}");
    }
}

#[test]
fn networks_contain_their_addresses() {
    let contains = |network: &str, address: &str| {
        let config = valid(&format!("[listen]\ntrusted-proxies = [\"{network}\"]"));
        config.listen.trusted_proxies[0].contains(address.parse::<IpAddr>().unwrap())
    };
    for (network, inside, outside) in [
        ("10.0.0.0/8", "10.255.0.1", "11.0.0.1"),
        ("10.0.0.0/8", "::ffff:10.1.1.1", "::10.1.1.1"),
        ("192.168.1.7", "192.168.1.7", "192.168.1.8"),
        ("128.0.0.0/1", "255.0.0.1", "127.0.0.1"),
        ("fd00::/8", "fdff::1", "fe00::1"),
        ("::1", "::1", "127.0.0.1"),
    ] {
        assert!(contains(network, inside) && !contains(network, outside), "{network}");
    }
    for wrong in ["10.0.0.0/33", "10.0.0.0/+8", "10.0.0.0/", "::/0", "::ffff:10.0.0.0/104", "10.0.0", "x"] {
        assert!(parse(&format!("[listen]\ntrusted-proxies = [\"{wrong}\"]")).is_err(), "{wrong}");
    }
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics(text in "\\PC*") {
        drop(parse(&text));
    }
}
