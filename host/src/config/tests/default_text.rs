//! The text that `wharf config --default` prints: it is true, whole, and good to change line by line.

use super::*;

/// The lines of the default text that set something or open a table once their `# ` is gone.
fn is_commented(line: &str) -> bool {
    let Some(line) = line.strip_prefix("# ") else { return false };
    let key = line.split(" = ").next().unwrap_or_default();
    let is_key = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    let opens = ["[platform", "[services.", "[issuers.", "[listen.", "[["].iter().any(|begin| line.starts_with(begin));
    opens || (is_key && line.contains(" = "))
}

/// The default text with those lines uncommented that `pick` says, by number.
fn uncommented(pick: impl Fn(usize, &str) -> bool) -> String {
    let line = |(number, line): (usize, &'static str)| match is_commented(line) && pick(number, line) {
        true => format!("{}\n", &line[2..]),
        false => format!("{line}\n"),
    };
    Config::default_text().lines().enumerate().map(line).collect()
}

/// The table to which a line belongs that is a comment of its own in the default text.
fn section(number: usize) -> Option<&'static str> {
    let lines: Vec<_> = Config::default_text().lines().collect();
    let sections = ["# [platform]", "# [issuers.acme]", "# [services.notes]"];
    lines[..number].iter().rfind(|line| sections.contains(line)).copied()
}

/// Whether a line is of use only where the platform is in this host, while the default text shows one elsewhere.
fn is_embedded_only(number: usize, line: &str) -> bool {
    let key = line.trim_start_matches("# ").split(" = ").next().unwrap_or_default();
    section(number) == Some("# [platform]") && platform::EMBEDDED_ONLY.contains(&key)
}

/// The default text with such lines uncommented, in the mode that they need.
fn embedded(pick: impl Fn(usize) -> bool) -> String {
    let text = uncommented(|number, line| {
        line == "# [platform]" || line.starts_with("# mode =") || (is_embedded_only(number, line) && pick(number))
    });
    text.replace("mode = \"remote\"", "mode = \"embedded\"")
}

#[test]
fn the_default_text_changes_nothing_with_or_without_its_marks() {
    let nothing = valid("");
    let places = nothing.places.clone();
    assert_eq!(Config { places: places.clone(), ..valid(Config::default_text()) }, nothing);
    // Of what can be written down, these alone have no default.
    let all = valid(&uncommented(|number, line| !is_embedded_only(number, line)));
    assert_eq!(all.listen.public_url.as_deref(), Some("https://wharf.example.com"));
    assert_eq!(all.listen.tls.as_ref().map(|tls| tls.certificate.clone()), Some("etc/wharf.crt".into()));
    assert_eq!(all.operation.address, "127.0.0.1:9464".parse().ok());
    let (listen, operation) = (Listen { public_url: None, tls: None, ..all.listen.clone() }, Operation::default());
    let (services, issuers) = (BTreeMap::new(), BTreeMap::new());
    let shown = Config { listen, operation, platform: None, services, issuers, places, ..all.clone() };
    assert_eq!(shown, nothing);
    let platform = "[platform]\nmode = \"remote\"\n";
    assert_eq!(all.platform, valid(platform).platform);
    assert_eq!(valid(&embedded(|_| true)).platform, valid("[platform]\nmode = \"embedded\"\n").platform);

    let issuer =
        "[issuers.acme]\nissuer = \"https://login.example.com\"\njwks = { url = \"https://login.example.com/jwks.json\" }\n";
    assert_eq!(all.issuers, valid(issuer).issuers);

    let (shown, plain) = (&all.services["notes"], &valid(SERVICE).services["notes"]);
    assert_eq!((&shown.ocean_auth, shown.error_status, shown.reuse), (&plain.ocean_auth, plain.error_status, plain.reuse));
    assert_eq!((shown.kv.quota, shown.kv.max_value), (plain.kv.quota, plain.kv.max_value));
}

#[test]
fn every_line_of_the_default_text_can_be_uncommented_alone() {
    let lines: Vec<_> = Config::default_text().lines().collect();
    let keys = lines.iter().enumerate().filter(|(_, line)| is_commented(line) && !line.starts_with("# ["));
    let mut seen = 0;
    for (number, line) in keys {
        seen += 1;
        // A key comes with its table, and what is mandatory or referred to with it.
        let issuer = ["# [issuers.acme]", "# issuer =", "# jwks ="];
        if is_embedded_only(number, line) {
            valid(&embedded(|at| at == number));
            continue;
        }
        let section = section(number);
        let mut needed = match section {
            Some("# [platform]") => vec!["# [platform]", "# mode ="],
            Some("# [issuers.acme]") => issuer.to_vec(),
            Some(_) => vec!["# [services.notes]", "# plugin ="],
            None => Vec::new(),
        };
        if line.contains("private") || line.contains("inject") {
            needed.push("# hosts =");
        } else if line.starts_with("# issuers =") {
            needed.extend(["# audience ="].into_iter().chain(issuer));
        } else if line.starts_with("# access-token =") {
            needed.extend(["# [platform]", "# mode ="]);
        } else if line.starts_with("# console-host =") {
            needed.extend(["# [platform]", "# mode =", "# access-token ="]);
        }
        let table = lines[..number].iter().rposition(|line| line.starts_with('[') || line.starts_with("# [")).unwrap_or(0);
        if lines[table].starts_with("# [[") || lines[table] == "# [listen.tls]" {
            // The three keys of an injected secret, and the two of a certificate, only go together; the test above has them.
            continue;
        }
        valid(&uncommented(|at, other| {
            at == number || section.is_some() && (at == table || needed.iter().any(|needed| other.starts_with(needed)))
        }));
    }
    assert!(seen > 50, "{seen}");
}

#[test]
fn the_default_text_names_every_key_there_is() {
    for table in [
        "",
        "[listen]",
        "[listen.tls]",
        "[operation]",
        "[runtime]",
        "[limits]",
        "[log]",
        "[platform]",
        "[platform.paths]",
        "[issuers.acme]",
        "[services.notes]",
        "[services.notes.kv]",
        "[services.notes.http-out]",
        "[[services.notes.http-out.inject]]",
    ] {
        let all = mistakes(&format!("{table}\nnothing-like-any-known-key-there-is = 1\n"));
        let unknown = all.iter().find(|problem| problem.code == &CONFIG_UNKNOWN_KEY).unwrap();
        let keys: Vec<_> = unknown.fix.split('`').skip(1).step_by(2).collect();
        assert!(!keys.is_empty(), "{unknown:?}");
        for key in keys {
            let text = Config::default_text();
            let named = text.contains(&format!("\n# {key} = ")) || text.contains(&format!("{key}]"));
            assert!(named || ["services", "issuers"].contains(&key), "{table} {key}");
        }
    }
}

proptest! {
    #[test]
    fn arbitrary_values_never_panic(value in "[\\[{\"']?[-+a-z0-9.:/\\[\\]{}=,\"' *]{0,20}[\\]}\"']?") {
        for line in Config::default_text().lines().filter(|line| is_commented(line)) {
            if let Some((key, _)) = line[2..].split_once(" = ") {
                drop(parse(&format!("{key} = {value}\n[listen]\n{key} = {value}\n[issuers.a]\n{key} = {value}\n[services.notes]\n{key} = {value}\n")));
            }
        }
    }
}
