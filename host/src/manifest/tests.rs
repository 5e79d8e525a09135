use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{
    codes::{
        CONFIG_INVALID, CONFIG_MISSING_KEY, CONFIG_UNKNOWN_KEY, Code, MANIFEST_INVALID, MANIFEST_MISSING_KEY, MANIFEST_SYNTAX,
        MANIFEST_UNKNOWN_KEY,
    },
    problem::Problem,
};

/// Ten lines that every manifest needs; what a test adds begins on line 11.
const HEAD: &str = "manifest-version = 1\n\n[plugin]\nid = \"acme/notes\"\nversion = \"1.2.3\"\nname = \"Notes\"\n\
                    description = \"Keeps notes.\"\n\n[service]\nkey = \"notes\"\n";

fn with(rest: &str) -> String {
    format!("{HEAD}{rest}")
}

#[track_caller]
fn valid(rest: &str) -> Manifest {
    Manifest::parse(&with(rest)).unwrap_or_else(|problems| panic!("{problems}\nin\n{rest}"))
}

#[track_caller]
fn mistakes(text: &str) -> Vec<Problem> {
    Manifest::parse(text).expect_err(text).0
}

/// Each text has exactly one mistake: its code, line, subject, and a piece of the way out.
#[track_caller]
fn check(text: &str, code: &Code, line: usize, subject: &str, fix: &str) {
    let all = mistakes(text);
    let [problem] = &all[..] else { panic!("{all:#?}\nin\n{text}") };
    assert_eq!(problem.code, code, "{problem:?}\nin\n{text}");
    assert_eq!(problem.at.as_ref().map(|at| (at.file.as_str(), at.line)), Some(("plugin.toml", line)), "{problem:?}\nin\n{text}");
    assert!(problem.what.starts_with(&format!("`{subject}` ")), "{problem:?}\nin\n{text}");
    assert!(problem.fix.contains(fix), "{problem:?}\nin\n{text}");
}

#[test]
fn heads_refuse_bad_values() {
    for (old, new, code, line, subject, fix) in [
        ("manifest-version = 1", "", &MANIFEST_MISSING_KEY, 1, "manifest-version", "top of the file"),
        ("manifest-version = 1", "manifest-version = 2", &MANIFEST_INVALID, 1, "manifest-version", "newer Wharf"),
        ("manifest-version = 1", "manifest-version = \"1\"", &MANIFEST_INVALID, 1, "manifest-version", "whole number"),
        ("id = \"acme/notes\"\n", "\n", &MANIFEST_MISSING_KEY, 3, "plugin.id", "`[plugin]`"),
        ("acme/notes", "Acme/notes", &MANIFEST_INVALID, 4, "plugin.id", "publisher/name"),
        ("acme/notes", "acme/notes/x", &MANIFEST_INVALID, 4, "plugin.id", "publisher/name"),
        ("1.2.3", "1.2", &MANIFEST_INVALID, 5, "plugin.version", "1.0.0"),
        ("\"1.2.3\"", "1.2", &MANIFEST_INVALID, 5, "plugin.version", "1.0.0"),
        ("\"Notes\"", "\" \"", &MANIFEST_INVALID, 6, "plugin.name", "few words"),
        ("Keeps notes.", "Keeps\\u001b[31m notes.", &MANIFEST_INVALID, 7, "plugin.description", "plain text"),
        ("Keeps notes.", "Keeps \\u202Esetod.", &MANIFEST_INVALID, 7, "plugin.description", "plain text"),
        ("Keeps notes.\"", "Keeps notes.\"\nlicens = \"MIT\"", &MANIFEST_UNKNOWN_KEY, 8, "plugin.licens", "`license`"),
        ("name = \"Notes\"", "name = \"Notes\"\nicon = \"x\"", &MANIFEST_UNKNOWN_KEY, 7, "plugin.icon", "known here"),
        ("name = \"Notes\"", "name = \"Notes\"\nlicense = 5", &MANIFEST_INVALID, 7, "plugin.license", "quotes"),
        ("name = \"Notes\"", "name = \"N\"\nrepository = \"git@x\"", &MANIFEST_INVALID, 7, "plugin.repository", "https://"),
        ("key = \"notes\"", "key = \"-notes\"", &MANIFEST_INVALID, 10, "service.key", "lower-case"),
        ("key = \"notes\"", "key = \"notes\"\nworld = \"x\"", &MANIFEST_UNKNOWN_KEY, 11, "service.world", "known here"),
        ("key = \"notes\"", "key = \"notes\"\nmin-host = \"new\"", &MANIFEST_INVALID, 11, "service.min-host", "1.0.0"),
        ("[service]\nkey = \"notes\"", "", &MANIFEST_MISSING_KEY, 1, "service.key", "`[service]`"),
        ("key = \"notes\"", "key = notes", &MANIFEST_SYNTAX, 10, "plugin.toml", "quotes"),
    ] {
        check(&HEAD.replace(old, new), code, line, subject, fix);
    }
}

#[test]
fn bodies_refuse_bad_values() {
    let route = |path: &str, rest: &str| format!("[[routes]]\nmethod = \"GET\"\npath = \"{path}\"\nauth = \"app\"\n{rest}");
    for (rest, code, line, subject, fix) in [
        ("[subscription]\nack-timeout = \"1s\"", &MANIFEST_UNKNOWN_KEY, 11, "subscription", "known here"),
        ("config.size = 5", &MANIFEST_UNKNOWN_KEY, 11, "service.config", "known here"),
        ("[build]\ncommand = \"x\"", &MANIFEST_UNKNOWN_KEY, 11, "build", "remove it"),
        ("[routes]\nmethod = \"GET\"", &MANIFEST_INVALID, 11, "routes", "[[routes]]"),
        ("[config]\nsize = 5", &MANIFEST_INVALID, 12, "config.size", "[config.size]"),
        ("[permissions]\nrequired = [1]", &MANIFEST_INVALID, 12, "permissions.required", "[permissions.required]"),
        ("[[routes]]\npath = \"/\"\nauth = \"any\"", &MANIFEST_MISSING_KEY, 11, "routes[0].method", "method"),
        ("[[routes]]\nmethod = \"GET\"\npath = \"/\"", &MANIFEST_MISSING_KEY, 11, "routes[0].auth", "`auth = …`"),
        ("[[routes]]\nmethod = \"get\"\npath = \"/\"\nauth = \"any\"", &MANIFEST_INVALID, 12, "routes[0].method", "capitals"),
        ("[[routes]]\nmethod = \"TRACE\"\npath = \"/\"\nauth = \"any\"", &MANIFEST_INVALID, 12, "routes[0].method", "GET"),
        ("[[routes]]\nmethod = \"GET\"\npath = \"/\"\nauth = \"user\"", &MANIFEST_INVALID, 14, "routes[0].auth", "\"app-user\""),
        (
            "[[routes]]\nmethod = \"GET\"\npath = \"/\"\nauth = \"none\"\nscopes = [\"a\"]",
            &MANIFEST_INVALID,
            15,
            "routes[0].scopes",
            "auth",
        ),
        (
            "[[routes]]\nmethod = \"GET\"\npath = \"/\"\nauth = \"console\"\nscopes = [\"a\"]",
            &MANIFEST_INVALID,
            15,
            "routes[0].scopes",
            "remove",
        ),
        (&route("/.wharf/x", ""), &MANIFEST_INVALID, 13, "routes[0].path", "\"/items\""),
        (&route("/.wharf", ""), &MANIFEST_INVALID, 13, "routes[0].path", "\"/items\""),
        (&route("/", "subscribed = true"), &MANIFEST_INVALID, 15, "routes[0].subscribed", "\"not-cancelled\""),
        (&route("/", "scopes = [\"a b\"]"), &MANIFEST_INVALID, 15, "routes[0].scopes[0]", "notes:read"),
        (&route("/", "timeout = 5"), &MANIFEST_INVALID, 15, "routes[0].timeout", "\"10s\""),
        (&route("/", "body-limit = \"1MB\""), &MANIFEST_INVALID, 15, "routes[0].body-limit", "\"16MiB\""),
        (&route("/", "timeout = \"10001ms\""), &MANIFEST_INVALID, 15, "routes[0].timeout", "set `wall`"),
        (&route("/", "timeout = \"6s\"\n[limits]\nwall = \"5s\""), &MANIFEST_INVALID, 15, "routes[0].timeout", "set `wall`"),
        (&route("/", "body-limit = \"9MiB\""), &MANIFEST_INVALID, 15, "routes[0].body-limit", "set `body-in`"),
        (&route("/", "idempotent = true"), &MANIFEST_UNKNOWN_KEY, 15, "routes[0].idempotent", "known here"),
        (&(route("/{a}", "") + &route("/{b}", "")), &MANIFEST_INVALID, 17, "routes[1].path", "write `{a}` for `{b}`"),
        (&(route("/{a}", "") + &route("/{*a}", "")), &MANIFEST_INVALID, 17, "routes[1].path", "one of the two kinds in both"),
        (&(route("/{a}", "") + &route("/{a}", "")), &MANIFEST_INVALID, 17, "routes[1].path", "remove one"),
        ("[permissions.needed.kv]", &MANIFEST_UNKNOWN_KEY, 11, "permissions.needed", "known here"),
        ("[permissions.required.kvs]\nreason = \"r\"", &MANIFEST_UNKNOWN_KEY, 11, "permissions.required.kvs", "`kv`"),
        ("[permissions.required.push]\nreason = \"r\"", &MANIFEST_UNKNOWN_KEY, 11, "permissions.required.push", "http-out"),
        ("[permissions.required.data]", &MANIFEST_MISSING_KEY, 11, "permissions.required.data.reason", "reason"),
        (
            "[permissions.required.data]\nreason = \"a\\nb\"",
            &MANIFEST_INVALID,
            12,
            "permissions.required.data.reason",
            "one line",
        ),
        ("[permissions.required.kv]\nreason = \"r\"", &MANIFEST_INVALID, 11, "permissions.required.kv", "`stores`"),
        (
            "[permissions.optional.http-out]\nreason = \"r\"",
            &MANIFEST_MISSING_KEY,
            11,
            "permissions.optional.http-out.hosts",
            "hosts",
        ),
        (
            "[permissions.optional.http-out]\nreason = \"r\"\nhosts = [\"**\"]",
            &MANIFEST_INVALID,
            13,
            "permissions.optional.http-out.hosts[0]",
            "*.example.com",
        ),
        (
            "[permissions.optional.http-out]\nreason = \"r\"\nhosts = [\"a\"]\nmethods = []",
            &MANIFEST_INVALID,
            14,
            "permissions.optional.http-out.methods",
            "at least one",
        ),
        (
            "[permissions.required.secrets]\nreason = \"r\"\nnames = \"a\"",
            &MANIFEST_INVALID,
            13,
            "permissions.required.secrets.names",
            "[brackets]",
        ),
        ("[limits]\ncpu = \"0ms\"", &MANIFEST_INVALID, 12, "limits.cpu", "1ms"),
        // And nothing of the route, whose time would be longer than the default.
        (
            "[limits]\nwall = \"a minute\"\n[[routes]]\nmethod = \"GET\"\npath = \"/a\"\nauth = \"none\"\ntimeout = \"30s\"",
            &MANIFEST_INVALID,
            12,
            "limits.wall",
            "10s",
        ),
        ("[config.Size]\ntype = \"integer\"\ndescription = \"d\"", &MANIFEST_INVALID, 11, "config.Size", "lower-case"),
        ("[config.size]\ntype = \"int\"\ndescription = \"d\"\nmin = 3", &MANIFEST_INVALID, 12, "config.size.type", "integer"),
        ("[config.size]\ntype = \"integer\"\ndefault = 1", &MANIFEST_MISSING_KEY, 11, "config.size.description", "description"),
        (
            "[config.size]\ntype = \"integer\"\ndescription = \"d\"\nmin = 3\nmax = 2",
            &MANIFEST_INVALID,
            15,
            "config.size.max",
            "from 3",
        ),
        (
            "[config.size]\ntype = \"integer\"\ndescription = \"d\"\nmax = 2\ndefault = 3",
            &MANIFEST_INVALID,
            15,
            "config.size.default",
            "at most 2",
        ),
        (
            "[config.size]\ntype = \"string\"\ndescription = \"d\"\nmax = 2",
            &MANIFEST_UNKNOWN_KEY,
            14,
            "config.size.max",
            "known here",
        ),
        (
            "[config.size]\ntype = \"string\"\ndescription = \"d\"\nchoices = [\"a\"]\ndefault = \"b\"",
            &MANIFEST_INVALID,
            15,
            "config.size.default",
            "allowed: \"a\"",
        ),
        (
            "[config.size]\ntype = \"boolean\"\ndescription = \"d\"\nrequired = true\ndefault = true",
            &MANIFEST_INVALID,
            15,
            "config.size.default",
            "remove",
        ),
        (
            "[config.size]\ntype = \"string-list\"\ndescription = \"d\"\ndefault = \"a\"",
            &MANIFEST_INVALID,
            14,
            "config.size.default",
            "[brackets]",
        ),
        (
            "[config.size]\ntype = \"table\"\ndescription = \"d\"\ndefault = {}",
            &MANIFEST_INVALID,
            14,
            "config.size.default",
            "remove",
        ),
    ] {
        check(&with(rest), code, line, subject, fix);
    }
}

#[test]
fn lists_and_texts_are_bounded() {
    let routes: String = (0..257).map(|n| format!("[[routes]]\nmethod = \"GET\"\npath = \"/{n}\"\nauth = \"any\"\n")).collect();
    check(&with(&routes), &MANIFEST_INVALID, 11, "routes", "at most 256");
    let settings: String = (0..129).map(|n| format!("[config.k{n}]\ntype = \"boolean\"\ndescription = \"d\"\n")).collect();
    check(&with(&settings), &MANIFEST_INVALID, 11 + 128 * 3, "config.k128", "at most 128");
    check(&HEAD.replace("Notes", &"n".repeat(65)), &MANIFEST_INVALID, 6, "plugin.name", "64");
    check(&HEAD.replace("Keeps", &"n".repeat(500)), &MANIFEST_INVALID, 7, "plugin.description", "500");
    check(&HEAD.replace("acme", &"a".repeat(40)), &MANIFEST_INVALID, 4, "plugin.id", "39");
    check(&HEAD.replace("1.2.3", &format!("1.2.3-{}", "a".repeat(64))), &MANIFEST_INVALID, 5, "plugin.version", "numbers");
}

#[test]
fn paths() {
    for good in ["/", "/items", "/items/{id}", "/{a}/{b}", "/files/{*rest}", "/a.b/~c/d_e-F", "/{_1}", "/..."] {
        assert_eq!(path::fault(good), None, "{good}");
    }
    let long = format!("/{}", "a".repeat(511));
    assert_eq!(path::fault(&long), None);
    for bad in [
        "",
        "items",
        "//",
        "/items/",
        "/items//x",
        "/.",
        "/../x",
        "/{}",
        "/{*}",
        "/{1}",
        "/{a-b}",
        "/{a",
        "/a}",
        "/x{a}",
        "/{a}{b}",
        "/{*rest}/x",
        "/{a}/{a}",
        "/{a}/{*a}",
        "/a b",
        "/a%20b",
        "/a?b",
        "/ä",
        "/a\\b",
        &format!("{long}a"),
    ] {
        assert!(path::fault(bad).is_some(), "{bad}");
    }
}

#[test]
fn a_file_with_five_mistakes_yields_five_problems() {
    let all = mistakes(
        "manifest-version = 1\n[plugin]\nid = 5\nversion = \"1.0.0\"\nname = \"n\"\nicon = \"i\"\n[service]\n\
         [[routes]]\nmethod = \"GET\"\npath = \"x\"\nauth = \"any\"\n",
    );
    let told: Vec<_> = all.iter().map(|problem| (problem.code.id, problem.at.as_ref().map(|at| at.line))).collect();
    let expected = [("WH1105", Some(2)), ("WH1104", Some(3)), ("WH1103", Some(6)), ("WH1105", Some(7)), ("WH1104", Some(10))];
    assert_eq!(told, expected, "{all:#?}");
}

#[test]
fn a_later_form_of_manifest_is_refused_without_noise() {
    let all = mistakes("manifest-version = 9\nnew = 1\n[plugin]\nname = 5\n[future]\nx = 1\n");
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(all[0].why, "this version of Wharf reads manifests of version 1");
}

#[test]
fn everything_arrives() {
    let text = HEAD
        .replace("key = \"notes\"\n", "key = \"notes\"\nmin-host = \"0.1.0\"\n")
        .replace("[service]", "license = \"Apache-2.0\"\nrepository = \"https://example.com/notes\"\n[service]");
    let manifest = Manifest::parse(
        &(text
            + "[[routes]]\nmethod = \"GET\"\npath = \"/\"\nauth = \"none\"\n\
               [[routes]]\nmethod = \"POST\"\npath = \"/items/{id}\"\nauth = \"bearer\"\nscopes = [\"notes:write\"]\n\
               timeout = \"5s\"\nbody-limit = \"1MiB\"\n\
               [permissions.optional.kv]\nstores = [\"a\"]\nshared = [\"b\"]\nreason = \"To keep notes.\"\n\
               [permissions.required.http-out]\nhosts = [\"API.example.com\"]\nreason = \"To fetch.\"\n\
               [permissions.required.secrets]\nnames = [\"api-key\"]\nreason = \"To sign.\"\n\
               [permissions.required.data]\nreason = \"To keep files.\"\n\
               [limits]\nmemory = \"1MiB\"\nlog-lines = 0\n\
               [config.size]\ntype = \"integer\"\nmin = 1\nmax = 9\ndefault = 5\ndescription = \"How many.\"\n"),
    )
    .unwrap();
    assert_eq!(manifest.id, "acme/notes".parse().unwrap());
    assert_eq!((manifest.id.publisher(), manifest.id.name(), manifest.id.to_string().as_str()), ("acme", "notes", "acme/notes"));
    assert_eq!((manifest.version, manifest.min_host), (Version::new(1, 2, 3), Some(Version::new(0, 1, 0))));
    assert_eq!(
        (manifest.name.as_str(), manifest.description.as_str(), manifest.service_key.as_str()),
        ("Notes", "Keeps notes.", "notes")
    );
    assert_eq!(manifest.license.as_deref(), Some("Apache-2.0"));
    assert_eq!(manifest.repository.as_deref(), Some("https://example.com/notes"));
    let [open, write] = &manifest.routes[..] else { panic!("{:?}", manifest.routes) };
    assert_eq!((open.method.as_str(), open.path.as_str(), open.auth), ("GET", "/", Need::None));
    assert_eq!((write.auth, &write.scopes[..]), (Need::Bearer, &["notes:write".to_owned()][..]));
    assert_eq!((write.timeout, write.body_limit), (Some(Duration::from_secs(5)), Some(1 << 20)));
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let capabilities: Vec<_> = manifest.permissions.iter().map(|asked| (&asked.capability, asked.required)).collect();
    assert_eq!(
        capabilities,
        [
            (&Capability::HttpOut { hosts: words(&["api.example.com"]), methods: words(&["GET"]) }, true),
            (&Capability::Secrets { names: words(&["api-key"]) }, true),
            (&Capability::Data, true),
            (&Capability::Kv { stores: words(&["a"]), shared: words(&["b"]) }, false),
        ]
    );
    assert_eq!(manifest.permissions[3].reason, "To keep notes.");
    assert_eq!(manifest.limits, Asked { memory: Some(1 << 20), log_lines: Some(0), ..Asked::default() });
    let [size] = &manifest.settings[..] else { panic!("{:?}", manifest.settings) };
    assert_eq!((size.key.as_str(), size.kind, size.default.clone()), ("size", SettingKind::Integer, Some(json!(5))));
    assert_eq!((size.min, size.max, size.required, size.description.as_str()), (Some(1), Some(9), false, "How many."));
}

const SETTINGS: &str = "[config.size]\ntype = \"integer\"\nmin = 1\nmax = 9\ndefault = 5\ndescription = \"How many.\"\n\
    [config.title]\ntype = \"string\"\nrequired = true\ndescription = \"The title.\"\n\
    [config.mode]\ntype = \"string\"\nchoices = [\"a\", \"b\"]\ndescription = \"The mode.\"\n\
    [config.strict]\ntype = \"boolean\"\ndefault = false\ndescription = \"Whether.\"\n\
    [config.words]\ntype = \"string-list\"\nchoices = [\"x\", \"y\"]\ndefault = []\ndescription = \"Some words.\"\n\
    [config.links]\ntype = \"table\"\ndescription = \"Of each app.\"\n";

#[test]
fn settings_are_filled_in() {
    let settings = |given: Value| valid(SETTINGS).settings_for(given.as_object().unwrap(), "notes").map(Value::Object);
    assert_eq!(
        settings(json!({"title": "t"})).unwrap(),
        json!({"size": 5, "title": "t", "mode": null, "strict": false, "words": [], "links": null})
    );
    let links = json!({"shop": {"deep": [1, true]}, "a.b": "x"});
    let all = json!({"size": 9, "title": "", "mode": "b", "strict": true, "words": ["y", "x"], "links": links});
    assert_eq!(settings(all.clone()).unwrap(), all);
}

#[test]
fn settings_refuse_what_does_not_fit() {
    for (key, value, code, what, fix) in [
        ("sise", json!(1), &CONFIG_UNKNOWN_KEY, "is not a known key", "did you mean `size`?"),
        ("colour", json!("secret"), &CONFIG_UNKNOWN_KEY, "is not a known key", "`links`"),
        ("links", json!(["secret"]), &CONFIG_INVALID, "is not a table", "[brackets]"),
        ("title", json!(1), &CONFIG_INVALID, "is not a text", "quotes"),
        ("size", json!(0), &CONFIG_INVALID, "is out of range", "from 1 to 9"),
        ("size", json!(10), &CONFIG_INVALID, "is out of range", "from 1 to 9"),
        ("size", json!(2.5), &CONFIG_INVALID, "is not a whole number", "without quotes"),
        ("size", json!("secret"), &CONFIG_INVALID, "is not a whole number", "without quotes"),
        ("mode", json!("secret"), &CONFIG_INVALID, "is not one of the choices", "\"a\", \"b\""),
        ("mode", json!(["a"]), &CONFIG_INVALID, "is not a text", "quotes"),
        ("strict", json!("true"), &CONFIG_INVALID, "is not true or false", "`true`"),
        ("words", json!("x"), &CONFIG_INVALID, "is not a list", "[brackets]"),
        ("words", json!(["x", 1]), &CONFIG_INVALID, "is not a list of texts", "quotes"),
        ("words", json!(["secret"]), &CONFIG_INVALID, "is not one of the choices", "\"x\", \"y\""),
    ] {
        let mut given = serde_json::Map::from_iter([("title".to_owned(), json!("t"))]);
        given.insert(key.to_owned(), value);
        let all = valid(SETTINGS).settings_for(&given, "notes").unwrap_err().0;
        let [problem] = &all[..] else { panic!("{all:#?}") };
        assert_eq!((problem.code, problem.what.as_str()), (code, format!("`services.notes.config.{key}` {what}").as_str()));
        assert!(problem.fix.contains(fix) && !format!("{problem:?}").contains("secret"), "{problem:?}");
    }
    let all = valid(SETTINGS).settings_for(&serde_json::Map::new(), "notes").unwrap_err().0;
    assert_eq!(
        (all.len(), all[0].code, all[0].what.as_str()),
        (1, &CONFIG_MISSING_KEY, "`services.notes.config.title` is missing")
    );
    assert!(all[0].why.contains("The title."), "{all:?}");
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics(text in "\\PC*") {
        drop(Manifest::parse(&text));
    }

    #[test]
    fn arbitrary_values_never_panic(value in "[\\[{\"']?[-+a-z0-9.:/\\[\\]{}=,\"' *]{0,20}[\\]}\"']?") {
        for line in with(SETTINGS).lines() {
            if let Some((key, _)) = line.split_once(" = ") {
                drop(Manifest::parse(&with(SETTINGS).replace(line, &format!("{key} = {value}"))));
            }
        }
    }

    #[test]
    fn arbitrary_paths_never_panic(path in "[/{}*a-c.~%]{0,20}") {
        let _ = path::fault(&path);
    }

    #[test]
    fn ids_read_as_shown(id in "[a-z0-9][a-z0-9-]{0,38}/[a-z0-9][a-z0-9-]{0,38}") {
        prop_assert_eq!(id.parse::<PluginId>().unwrap().to_string(), id);
    }
}
