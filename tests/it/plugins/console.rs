//! `crud`'s console, as a developer of an app sees it in a browser: from the platform's link until he logs out.

use serde_json::{Value, json};

use super::{
    KEY,
    blog::{HOSTILE, fits_every_screen},
    crud::{CRUD, ENTITIES, user},
    json as sent, start, told,
};
use crate::support::{
    Platform,
    browser::{self, Browser},
    platform::APP_ID,
};

const CODE: &str = "0efc46c1584e5d51c58a0f3317491f09f9047c55";
/// Browsers take all names below `localhost` for this machine.
const CONSOLE: &str = "crud.localhost";

#[test]
fn a_developer_sees_what_is_kept_and_deletes_it_on_every_screen() {
    let Some(program) = browser::find() else { return };
    let platform = Platform::new();
    platform.service(KEY);
    platform.app(APP_ID, "sample_app", "Sample");
    platform.auth_code(CODE, APP_ID);
    let own = format!("access-token = {{ file = \"crud.key\" }}\nconsole-host = \"{CONSOLE}\"\n{ENTITIES}");
    let host = start("crud", CRUD, &platform.section(), &own);
    let ada = user(&host, "sample_app", "ada");
    let hostile = HOSTILE.repeat(8);
    let ids = ["One & only", "Two", hostile.trim()].map(|title| {
        let made = told(&sent(host.post("/s/crud/sample_app/blog"), &ada, json!({"title": title, "content": "a".repeat(300)})));
        made["entity"]["_id"].as_str().expect("an id").to_owned()
    });
    let browser = Browser::start(&program);

    let page = browser.open(&format!("http://{CONSOLE}:{}/?appAuthCode={CODE}", host.address.port()));
    page.shows(&["Entities", "sample_app", "blog", "3 documents", "thing", "0 documents", "Log out"]);
    fits_every_screen(&page);
    page.follow("blog");
    page.shows(&["1–3 of 3, the newest first", "One & only", "Two", "<img src=x"]);
    fits_every_screen(&page);

    page.follow(&ids[2]);
    page.shows(&["Fields", hostile.trim(), "About it", "a@b.c@user"]);
    fits_every_screen(&page);
    page.follow("Delete…");
    page.shows(&["Delete this document?", "nobody can bring it back", "Keep it"]);
    fits_every_screen(&page);
    page.press(None, "Delete it");
    page.shows(&["The document was deleted.", "1–2 of 2"]);
    page.hides(&["<img src=x"]);

    page.follow("Delete all…");
    page.shows(&["Delete all documents?", "All 2 of blog will be gone"]);
    fits_every_screen(&page);
    page.press(None, "Delete them all");
    page.shows(&["All documents were deleted.", "There are no documents yet."]);
    fits_every_screen(&page);
    page.follow("Entities");
    page.shows(&["blog", "thing", "0 documents"]);
    page.hides(&["3 documents", "2 documents"]);
    page.press(None, "Log out");
    page.shows(&["You are logged out"]);
    fits_every_screen(&page);

    assert_eq!(browser.console(), Vec::<Value>::new(), "the pages have nothing to say to their consoles");
    host.stop();
}
