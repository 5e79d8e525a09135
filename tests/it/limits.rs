//! The tables of `docs/limits.md`, row by row. What a row promises stands in the document alone: its case reads there how much is
//! allowed, which status and which code to expect, and the document and the cases must have the same rows.

use std::fs;

use wharf::{
    limits::Limits,
    platform::client::Call,
    runtime::engine,
    store::sessions,
    units::{show_duration, show_size},
};

use crate::{
    bad_input::component,
    capabilities::{fetch, keep, lookup},
    message::notice,
    platform::{
        embedded::{developer, mail, wire},
        failures,
    },
    request::{
        authenticate::{bearer::jwt, console, ocean_auth::refused as ocean_auth},
        budget, limit as permits,
        listen::{size, slow},
    },
    runtime::{
        chatter, compile, drip, flood, giant, grow, hoard, lifecycle::unruly, malformed, parts, recurse, sink, sleep, source,
        spin, stock,
    },
    support::{Answer, Running, log::Line},
    tidy::source::root,
};

/// A row of one of the tables.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    /// Its first cell; a row without one belongs to the row above it, and is told by what it counts.
    name: String,
    cells: Vec<String>,
}

impl Row {
    /// What the caller sees, or the plugin, or the admin.
    pub(crate) fn sees(&self) -> &str {
        &self.cells[self.cells.len() - 2]
    }

    /// The status that the caller sees.
    #[track_caller]
    pub(crate) fn status(&self) -> u16 {
        let numbers = self.sees().split(|c: char| !c.is_ascii_digit()).filter(|word| word.len() == 3);
        numbers.filter_map(|word| word.parse().ok()).next().unwrap_or_else(|| panic!("no status: {self:?}"))
    }

    /// The numbers of its value, in their order: counts, and sizes in bytes.
    #[track_caller]
    pub(crate) fn numbers<const N: usize>(&self) -> [usize; N] {
        let words: Vec<&str> = self.cells[1].split(|c: char| c.is_whitespace() || c == ';').collect();
        let number = |word: &str| word.trim_end_matches(',').replace(',', "").parse::<usize>().ok();
        let numbers = words.iter().enumerate().filter_map(|(index, word)| {
            let unit = words.get(index + 1).map_or("", |unit| unit.trim_end_matches([',', '.']));
            Some(
                number(word)? << [("KiB", 10), ("MiB", 20)].iter().find(|(name, _)| *name == unit).map_or(0, |(_, shift)| *shift),
            )
        });
        let numbers: Vec<usize> = numbers.collect();
        numbers.try_into().unwrap_or_else(|numbers| panic!("{numbers:?} are not {N} numbers: {self:?}"))
    }

    /// Whether this is its code.
    pub(crate) fn says(&self, code: &str) -> bool {
        self.cells.last().is_some_and(|cell| cell == code)
    }

    /// The host's code.
    #[track_caller]
    pub(crate) fn code(&self) -> &str {
        let code = self.cells.last().expect("a row has cells");
        assert!(wharf::codes::find(code).is_some(), "no code: {self:?}");
        code
    }

    /// The code of the error that the plugin gets.
    #[track_caller]
    pub(crate) fn error(&self) -> &str {
        let error = self.sees().split_once("the plugin gets the error `").and_then(|(_, rest)| rest.split_once('`'));
        error.unwrap_or_else(|| panic!("no error: {self:?}")).0
    }

    /// Asserts that the platform in the host refuses as the row promises.
    #[track_caller]
    pub(crate) fn assert_refused(&self, answer: &Answer) {
        let code = answer.json()["err"]["errCode"].as_str().map(|code| format!("`{code}`"));
        assert_eq!(answer.status, self.status(), "{}", answer.text());
        assert!(code.is_some_and(|code| self.sees().ends_with(&code)), "{self:?}: {}", answer.text());
    }

    /// Asserts that this is the answer that the row promises.
    #[track_caller]
    pub(crate) fn assert(&self, answer: &Answer) {
        answer.assert(self.status(), self.code());
        let says_when =
            answer.header("retry-after").and_then(|seconds| seconds.parse::<u64>().ok()).is_some_and(|seconds| seconds > 0);
        assert_eq!(says_when, self.sees().contains("Retry-After"), "{:?}", answer.headers);
    }
}

/// Asserts which limit the log names, and what it allows; more than that was asked for. Returns what was.
#[track_caller]
pub(crate) fn assert_limit(line: &Line, limit: &str, allowed: u64) -> u64 {
    assert_eq!((line.field("limit").as_str(), line.field("allowed")), (limit, allowed.to_string()), "{}", line.text());
    let asked: u64 = line.field("asked").parse().unwrap_or_else(|_| panic!("what was asked for is not said: {}", line.text()));
    assert!(asked > allowed, "{}", line.text());
    asked
}

/// Asserts that the operator is told of a limit that is only an error to the plugin of a service, and can count it.
#[track_caller]
pub(crate) fn assert_told(host: &Running, service: &str, limit: &str, allowed: usize) {
    let message = "the plugin ran into a limit and was told so";
    let line = host.log().find(message, |line| line.message() == message && line.field("limit") == limit);
    assert_eq!((line.field("service").as_str(), line.field("level").as_str()), (service, "WARN"), "{}", line.text());
    assert_limit(&line, limit, allowed as u64);
    assert_ne!(host.metric(&format!("wharf_limit_hits_total{{service=\"{service}\",limit=\"{limit}\"}}")), 0);
}

/// Asserts that as many were taken as may come at once, and no more but those that came free meanwhile.
#[track_caller]
pub(crate) fn assert_rate(taken: usize, at_once: usize, came_free: f64) {
    assert!(taken >= at_once, "{taken} of {at_once} that may come at once were taken");
    let most = at_once as f64 + came_free;
    assert!(taken as f64 <= most + 1.0, "{taken} were taken, of {most:.1} at most");
}

/// All rows, in their order.
pub(crate) fn rows() -> Vec<Row> {
    let text = fs::read_to_string(root().join("docs/limits.md")).expect("the limits can be read");
    let mut rows: Vec<Row> = Vec::new();
    for line in text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| limit |")) {
        let cells: Vec<String> = line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
        let mut name = cells[0].replace('`', "");
        if name.is_empty() {
            let above = rows.last().expect("the first row has a name");
            name = format!("{}: {}", above.name, cells[3]);
        }
        rows.push(Row { name, cells });
    }
    rows
}

fn row(name: &str) -> Row {
    let row = rows().into_iter().find(|row| row.name == name);
    row.unwrap_or_else(|| panic!("docs/limits.md has no row `{name}`"))
}

/// Makes a test of each case, and the list of the rows that have one.
macro_rules! cases {
    ($($test:ident = $row:literal => $case:path;)*) => {
        $(#[test] fn $test() { $case(&row($row)); })*
        const CASES: &[&str] = &[$($row),*];
    };
}

cases! {
    memory = "memory" => grow::over_its_memory;
    cpu = "cpu" => spin::over_its_processor_time;
    wall = "wall" => sleep::over_its_time;
    concurrency = "concurrency" => drip::over_its_permits;
    body_in = "body-in" => sink::over_its_body;
    body_in_of_others = "body-in: each response of another server" => fetch::over_its_body;
    body_out = "body-out" => source::over_its_body;
    host_calls = "host-calls" => chatter::over_its_host_calls;
    handles = "handles" => over_its_handles;
    log_lines = "log-lines" => flood::over_its_lines;
    arguments = "one host call's arguments (host-call-bytes in the log), and likewise what a call returns: a response's head, and its body where that is bytes and no stream"
        => giant::over_its_arguments;
    quota = "what all stores of a service hold" => keep::over_its_quota;
    values = "a value in a store" => keep::over_its_values;
    keys = "a key in a store" => keep::over_its_keys;
    batches = "changes of a store in one batch" => keep::over_its_batches;
    pages = "keys of a store on one page" => keep::over_its_pages;
    changes = "what a plugin writes into its stores while it handles one message" => unruly::over_its_changes;
    exchanges = "requests of one plugin to other servers at once, each until its response is read" => fetch::over_its_exchanges;
    platform_calls = "calls of one service to the platform at once, its messages' included" => failures::over_its_calls;
    platform_answers = "an answer of the platform" => lookup::over_its_answer;
    letters = "letters that a plugin writes while it handles one message (letters in the log)" => mail::over_its_letters;
    outbox = "letters of one service that wait in the outbox (outbox in the log)" => mail::over_its_outbox;
    platform_body = "a body sent to [the platform in the host](platform.md)" => wire::over_its_body;
    platform_records = "apps of one developer of the platform in the host, and likewise services" => developer::over_its_records;
    logins = "logins under one name at the platform in the host" => developer::over_its_logins;
    outgoing = "headers of a request to another server, and its URL" => fetch::over_its_head;
    redirects = "redirects in a row" => fetch::over_its_redirects;
    stock_headers = "headers that a [stock component](stock.md) puts together" => stock::limits::over_its_headers;
    response_headers = "headers of a response" => malformed::over_its_headers;
    log_line = "one line of a plugin's log" => flood::over_its_text;
    stack = "stack of a guest" => recurse::over_its_stack;
    parts = "core instances and memories of one component" => parts::over_its_parts;
    tables = "elements of one table" => parts::over_its_tables;
    headers = "request headers" => size::over_the_headers;
    slow_body = "a request's body that comes too slowly" => slow::over_its_time;
    notice = "a notice of a message" => notice::over_its_length;
    notices = "notices to one service" => notice::over_their_rate;
    ocean_auth_header = "an Ocean-Auth header" => ocean_auth::over_its_length;
    access_token = "a JWT access token" => jwt::over_its_length;
    caller = "requests of one caller (an app, a user of it, or an address) at one service" => budget::over_its_budget;
    auth_codes = "auth codes that one address shows at the console of one service" => console::refused::over_its_codes;
    sessions = "sessions of consoles" => console::session::over_its_sessions;
    host_permits = "calls of all plugins at once" => permits::over_the_permits_of_all;
    compiling = "compiling a component" => compile::over_its_limits;
    component_size = "size of a component" => component::over_its_size;
}

/// Those of the contract, those of WASI, and what the asynchronous engine itself keeps.
fn over_its_handles(row: &Row) {
    keep::over_its_handles(row);
    hoard::over_its_handles(row);
    stock::limits::over_its_streams(row);
}

#[test]
fn every_row_has_a_case_and_every_case_a_row() {
    let names: Vec<String> = rows().into_iter().map(|row| row.name).collect();
    assert_eq!(names, CASES);
}

#[test]
fn defaults_and_caps_are_those_of_the_host() {
    let shown = |limits: Limits| {
        let Limits { memory, cpu, wall, concurrency, body_in, body_out, host_calls, handles, log_lines } = limits;
        [
            ("memory", show_size(memory)),
            ("cpu", show_duration(cpu)),
            ("wall", show_duration(wall)),
            ("concurrency", concurrency.to_string()),
            ("body-in", show_size(body_in)),
            ("body-out", show_size(body_out)),
            ("host-calls", host_calls.to_string()),
            ("handles", handles.to_string()),
            ("log-lines", log_lines.to_string()),
        ]
    };
    for ((name, default), (_, cap)) in shown(Limits::DEFAULT).into_iter().zip(shown(Limits::CAPS)) {
        let cells = row(name).cells;
        assert_eq!((&cells[1], &cells[2]), (&default, &cap), "{name}");
    }
}

/// What no case runs into exactly: native frames of a guest have any size, and ten thousand sessions or a list of eight megabytes
/// are left to tests beside the code.
#[test]
fn other_values_are_those_of_the_host() {
    assert_eq!(row("stack of a guest").numbers(), [engine::WASM_STACK]);
    assert_eq!(row("sessions of consoles").numbers(), [sessions::MAX_OF_APP, sessions::MAX_OF_SERVICE].map(|most| most as usize));
    assert_eq!(row("an answer of the platform").numbers(), [Call::App, Call::Messages].map(Call::limit));
}
