use proptest::prelude::*;

use super::*;
use crate::problem::Place;

static CODES: Codes = Codes {
    syntax: &codes::CONFIG_SYNTAX,
    unknown_key: &codes::CONFIG_UNKNOWN_KEY,
    invalid: &codes::CONFIG_INVALID,
    missing_key: &codes::CONFIG_MISSING_KEY,
};

/// What is wrong with a file in which `number = 1` is all that is known.
fn problems(text: &str) -> Vec<Problem> {
    let problems = read(text, "some.toml", &CODES, |root| root.must("number", values::integer(1..=9)));
    problems.err().unwrap_or_default().0
}

fn place(line: usize, column: usize) -> Option<Place> {
    Some(Place { file: "some.toml".to_owned(), line, column })
}

#[test]
fn places_count_characters_from_one() {
    for (text, line, column) in [
        ("number = 0", 1, 10),
        ("\u{feff}number = 0", 1, 10),
        ("# ä\r\nnumber = 0", 2, 10),
        ("\"ä🚀\" = 1\nnumber = 1", 1, 1),
        ("number = 1\na = { \"ä\" = 1 }, ä", 2, 16),
        ("number = 1\n[t\n", 2, 3),
        ("number = 1\na = \"", 2, 6),
    ] {
        assert_eq!(problems(text)[0].at, place(line, column), "{text:?}: {:?}", problems(text));
    }
    assert_eq!(problems("")[0].at, place(1, 1));
}

#[test]
fn problems_come_in_the_order_of_the_text() {
    let all = problems("zebra = 1\nnumber = 0\nape = 2\n");
    let subjects: Vec<_> = all.iter().map(|problem| problem.what.as_str()).collect();
    assert_eq!(subjects, ["`zebra` is not a known key", "`number` is out of range", "`ape` is not a known key"]);
}

#[test]
fn only_near_keys_are_suggested() {
    for (word, near) in [
        ("lmits", Some("limits")),
        ("security_key", Some("security-key")),
        ("LIMITS", Some("limits")),
        ("x", None),
        ("something-else", None),
        (&"limits".repeat(1_000), None),
    ] {
        assert_eq!(nearest(word, ["hosts", "limits", "security-key"]), near, "{word:.20}");
    }
    assert_eq!(nearest("limits", []), None);
}

#[test]
fn keys_are_safe_to_print() {
    for (key, shown) in [
        ("plain-key_1", "a.plain-key_1"),
        ("", "a.\"\""),
        ("two words", "a.\"two words\""),
        ("x\u{1b}[31m\n", "a.\"x\\u{1b}[31m\\n\""),
        ("ä", "a.\"\\u{e4}\""),
    ] {
        assert_eq!(join("a", key), shown);
    }
    assert_eq!(join("", &"k".repeat(2_000)), format!("\"{}…\"", "k".repeat(64)));
}

#[test]
fn what_a_wrong_string_holds_is_never_repeated() {
    for text in [
        "number = \"hunter2\"",
        "number = { x = \"hunter2\" }",
        "number = [\"hunter2\"]",
        "number = 1\npassword = \"hunter2\"",
        "number = hunter2",
    ] {
        let all = problems(text);
        assert!(!all.is_empty() && !format!("{all:?}").contains("hunter2"), "{all:?}");
    }
}

#[test]
fn a_flood_of_mistakes_is_counted() {
    let text: String = (0..5_000).map(|index| format!("k{index} = 1\n")).collect();
    let all = problems(&text);
    assert_eq!(all.len(), 101);
    assert_eq!(all[100].what, "`some.toml` has 4901 more mistakes");
}

#[test]
fn syntax_errors_come_one_a_line() {
    let all = problems("a = b c d\nnumber = 1\n[x\n");
    let lines: Vec<_> = all.iter().map(|problem| (problem.code.id, problem.at.as_ref().map(|at| at.line))).collect();
    assert_eq!(lines, [("WH1002", Some(1)), ("WH1002", Some(3))]);
}

#[test]
fn a_file_over_the_limit_is_refused() {
    let text = "#".repeat(MAX_FILE);
    assert_eq!(problems(&text)[0].code, &codes::CONFIG_MISSING_KEY);
    assert_eq!(problems(&format!("{text}#"))[0].what, "`some.toml` is larger than 1MiB");
}

/// 80 inline tables under dotted keys of 79 parts overflow a stack of 2 MiB when the `toml` crate drops them.
#[test]
fn the_deepest_document_does_not_overflow_the_stack() {
    let key = ["a"; 79].join(".");
    for depth in [1, 40, 79, 200] {
        let deep = format!("{}{key} = 1{}", format!("{key} = {{").repeat(depth), "}".repeat(depth));
        assert!(!problems(&deep).is_empty());
        assert!(!problems(&format!("a = 1\n{deep}\n{deep}")).is_empty());
    }
}

/// The worst that a megabyte can hold takes seconds at most, in a debug build too.
#[test]
fn hostile_megabytes_are_read_in_time() {
    let start = std::time::Instant::now();
    let dotted = format!("[{}]\n", ["a"; 79].join("."));
    for pattern in ["[", "{", "a=[", "\"", "a.", "[[a]]\n", "[[a.b]]\n", "a={a=1,", "\n=", "'''", &dotted, "\u{7f}", "\\"] {
        assert!(!problems(&pattern.repeat(MAX_FILE / pattern.len())).is_empty());
    }
    let wide: String = (0..60_000).map(|index| format!("k{index} = {{}}\n")).collect();
    assert!(!problems(&wide).is_empty());
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
}

#[test]
fn host_patterns() {
    for (text, pattern) in [
        ("example.com", Some("example.com")),
        ("API.Example.com:8443", Some("api.example.com:8443")),
        ("*.example.com", Some("*.example.com")),
        ("127.0.0.1:9000", Some("127.0.0.1:9000")),
        ("localhost", Some("localhost")),
        ("*", None),
        ("*.", None),
        ("a.*.com", None),
        ("example.com.", None),
        ("-a.com", None),
        ("a_b.com", None),
        ("http://example.com", None),
        ("example.com/path", None),
        ("example.com:", None),
        ("example.com:0", None),
        ("example.com:+80", None),
        ("example.com:65536", None),
        ("[::1]:80", None),
        ("exämple.com", None),
        ("", None),
    ] {
        assert_eq!(names::host_pattern(text).as_deref(), pattern, "{text}");
    }
    assert_eq!(names::host_name(&["a"; 127].join(".")).map(|name| name.len()), Some(253));
    assert_eq!(names::host_name(&["a"; 128].join(".")), None);
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics(text in "\\PC{0,200}") {
        problems(&text);
    }

    #[test]
    fn what_looks_like_toml_never_panics(text in "([a\"'#\\[\\]{}=.,0-9\\\\\n\r\t üxu_-]|number|true|\"\"\"|''')*") {
        problems(&text);
    }

    #[test]
    fn keys_never_carry_control_characters_into_messages(key in any::<String>()) {
        let quoted = toml::Value::from(key).to_string();
        for problem in problems(&format!("{quoted} = 1\n")) {
            prop_assert!(!problem.to_string().chars().any(char::is_control));
        }
    }
}
