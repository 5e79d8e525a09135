//! `blog`: the page of the demo, as somebody sees it who opens it in a browser.

use std::path::Path;

use rustix::process::Signal;

use crate::support::{
    Process,
    browser::{self, Browser, Page},
};

/// A phone held upright, and a small laptop.
const SCREENS: [(u32, u32); 2] = [(390, 844), (1280, 800)];

/// What an entry would do if it were ever taken for anything but text; and it is long.
pub(super) const HOSTILE: &str = "<img src=x onerror=\"document.title='taken'\"> & <script>alert(1)</script> ";

/// A demo on any port that is free, and where its page is.
fn demo(here: &Path) -> (Process, String) {
    let (process, ready) = Process::start(here, ["demo", "--format", "json", "--port", "0"], &[]);
    let page = ready["page"].as_str().expect("the demo says where its page is").to_owned();
    (process, page)
}

#[track_caller]
pub(super) fn fits_every_screen(page: &Page<'_>) {
    for (width, height) in SCREENS {
        page.fits(width, height);
    }
}

#[track_caller]
fn register(page: &Page<'_>, name: &str, account: &str) {
    for (label, text) in [("Name", name), ("E-mail", account), ("New password", "correct horse")] {
        page.fill("Register", label, text);
    }
    page.press(Some("Register"), "Register");
}

#[track_caller]
fn log_in(page: &Page<'_>, account: &str, password: &str) {
    page.fill("Log in", "E-mail", account);
    page.fill("Log in", "Password", password);
    page.press(Some("Log in"), "Log in");
}

#[test]
fn a_visitor_registers_writes_and_finds_it_again() {
    let Some(program) = browser::find() else { return };
    let here = tempfile::tempdir().expect("a temporary directory can be made");
    let (process, address) = demo(here.path());
    let browser = Browser::start(&program);

    let ada = browser.open(&address);
    ada.shows(&["A blog on Wharf", "Not logged in", "Log in", "Register"]);
    ada.hides(&["New entry", "Your entries", "Log out"]);
    fits_every_screen(&ada);

    log_in(&ada, "ada@mail.example", "correct horse");
    ada.shows(&["The account or the password is not right.", "Not logged in"]);
    register(&ada, "Ada <b>L</b>", "ada@mail.example");
    ada.shows(&["You are registered. Now log in.", "Not logged in"]);
    register(&ada, "Somebody", "ada@mail.example");
    ada.shows(&["There is an account of this name already."]);
    log_in(&ada, "ada@mail.example", "wrong");
    ada.shows(&["The account or the password is not right.", "Not logged in"]);

    log_in(&ada, "ada@mail.example", "correct horse");
    ada.shows(&["Logged in as Ada <b>L</b>", "New entry", "No entries yet.", "Log out"]);
    ada.hides(&["Register", "Not logged in"]);
    let content = HOSTILE.repeat(8);
    for (title, content) in [("One & only", content.trim()), ("Naïve 日記", "a second one")] {
        ada.fill("New entry", "Title", title);
        ada.fill("New entry", "Content", content);
        ada.press(Some("New entry"), "Save");
        ada.shows(&["Saved.", title, content]);
    }
    ada.shows(&["2 entries, which only you can see.", "One & only"]);
    fits_every_screen(&ada);

    let bob = browser.open(&address);
    bob.shows(&["Not logged in"]);
    register(&bob, "Bob", "bob@mail.example");
    bob.shows(&["You are registered. Now log in."]);
    log_in(&bob, "bob@mail.example", "correct horse");
    bob.shows(&["Logged in as Bob", "No entries yet."]);
    bob.hides(&["One & only", "Naïve 日記"]);

    ada.press(None, "Log out");
    ada.shows(&["You are logged out.", "Not logged in", "Register"]);
    ada.hides(&["One & only", "Naïve 日記", "Your entries"]);
    log_in(&ada, "ada@mail.example", "correct horse");
    ada.shows(&["Logged in as Ada <b>L</b>", "2 entries, which only you can see.", "One & only", content.trim()]);

    assert_eq!(browser.console(), Vec::<serde_json::Value>::new(), "the pages have nothing to say to their consoles");
    process.stop_by(Signal::TERM, here.path());
    bob.fill("New entry", "Title", "Too late");
    bob.fill("New entry", "Content", "for this host");
    bob.press(Some("New entry"), "Save");
    bob.shows(&["The host does not answer.", "No entries yet."]);
}
