//! The console: where a developer of an app looks at what the service keeps for it, and removes what should not be there.
//!
//! Pages without a script, whose forms and links are enough; their one style sheet is a route too. The developer is above the
//! entities' rights, which are for the app's users.

pub(crate) mod delete;
pub(crate) mod document;
pub(crate) mod erase;
mod html;
pub(crate) mod list;
pub(crate) mod overview;
mod page;
mod time;

use wharf_sdk::prelude::*;

use crate::documents::Documents;
use crate::settings::Settings;

/// Whose documents are looked at.
struct Desk {
    app: String,
    settings: Settings,
}

impl Desk {
    fn of(caller: &Caller) -> Result<Self> {
        Ok(Self { app: caller.app()?.key.clone(), settings: Settings::read()? })
    }

    /// The documents of an entity that is declared for the app, whether or not its declaration can be used.
    fn documents(&self, entity: &str) -> Result<Option<Documents>> {
        if !self.settings.declares(&self.app, entity) {
            return Ok(None);
        }
        Documents::of(entity).map(Some)
    }

    fn no_entity(&self) -> Response {
        page::Page::new("No such entity", &self.app).missing("The service keeps no entity of this name for your app.")
    }

    fn no_document(&self, entity: &str) -> Response {
        let page = page::Page::new("No such document", &self.app).under_entity(entity);
        page.missing("It was deleted, or there never was one of this id.")
    }
}

/// Names the console can lead to: no path may have the others as a segment.
fn is_addressable(name: &str) -> bool {
    !["", ".", ".."].contains(&name) && !name.contains(['/', '\\']) && !name.chars().any(|c| c.is_ascii_control())
}

/// The style sheet; pages link to it by the version of the plugin.
#[get("/console.css")]
pub(crate) fn style() -> Response {
    asset("text/css; charset=utf-8", include_str!("style.css"))
}

#[get("/console.svg")]
pub(crate) fn icon() -> Response {
    asset("image/svg+xml", include_str!("icon.svg"))
}

fn asset(content_type: &str, content: &'static str) -> Response {
    let response = Response::new(200).header("content-type", content_type);
    response.header("cache-control", "private, max-age=86400").body(content)
}
