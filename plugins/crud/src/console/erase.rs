//! Emptying an entity, after a second look at it: as much as one call can, and the button again for the rest.

use wharf_sdk::prelude::*;

use super::Desk;
use super::html::{Html, html};
use super::page::Page;

/// Documents that one call removes: some hundred thousand host calls and five seconds of processor time are far from it.
const AT_ONCE: usize = 5_000;

#[get("/entity/{entity}/erase")]
pub(crate) fn confirm(caller: Caller, entity: String) -> Result<Response> {
    let desk = Desk::of(&caller)?;
    let Some(documents) = desk.documents(&entity)? else { return Ok(desk.no_entity()) };
    let (ids, more) = documents.ids(None, None)?;
    Ok(Page::new("Delete all documents?", &desk.app).under_entity(&entity).with(|page| {
        html!(page, "<p class=\"lead\">All " (ids.len()) (if more { "+" } else { "" }) " of <strong><bdi>" (entity) "</bdi></strong> will be "
            "gone for your app and for its users, and nobody can bring them back.</p>\n"
            "<form class=\"actions\" method=\"post\" action=\"/entity/" [entity] "/erase\">\n"
            "<button class=\"button danger\">Delete them all</button>\n"
            "<a class=\"button\" href=\"/entity/" [entity] "\">Keep them</a>\n</form>\n");
    }))
}

/// The host has made sure that this comes from the console's own page.
#[post("/entity/{entity}/erase")]
pub(crate) fn erase(caller: Caller, entity: String) -> Result<Response> {
    let desk = Desk::of(&caller)?;
    let Some(documents) = desk.documents(&entity)? else { return Ok(desk.no_entity()) };
    let (erased, more) = documents.erase(AT_ONCE)?;
    info!(app = desk.app, entity = entity, erased = erased, more = more; "erased in the console");
    let mut place = Html::default();
    html!(place, "/entity/" [entity] "?done=erased");
    if more {
        html!(place, "-some");
    }
    Ok(Response::new(303).header("location", place.into_text()))
}
