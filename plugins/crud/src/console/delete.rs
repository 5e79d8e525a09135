//! Removing one document, after a second look at it.

use wharf_sdk::prelude::*;

use super::Desk;
use super::html::html;
use super::page::Page;
use crate::answer::Refusal;

#[get("/entity/{entity}/{id}/delete")]
pub(crate) fn confirm(caller: Caller, entity: String, id: String) -> Result<Response> {
    let desk = Desk::of(&caller)?;
    let Some(documents) = desk.documents(&entity)? else { return Ok(desk.no_entity()) };
    if documents.get(&id)?.is_none() {
        return Ok(desk.no_document(&entity));
    }
    Ok(Page::new("Delete this document?", &desk.app).under_document(&entity, &id).with(|page| {
        html!(page, "<p class=\"lead\">It will be gone for your app and for its users, and nobody can bring it back.</p>\n"
            "<form class=\"actions\" method=\"post\" action=\"/entity/" [entity] "/" [id] "/delete\">\n"
            "<button class=\"button danger\">Delete it</button>\n"
            "<a class=\"button\" href=\"/entity/" [entity] "/" [id] "\">Keep it</a>\n</form>\n");
    }))
}

/// The host has made sure that this comes from the console's own page.
#[post("/entity/{entity}/{id}/delete")]
pub(crate) fn delete(caller: Caller, entity: String, id: String) -> Result<Response> {
    let desk = Desk::of(&caller)?;
    let Some(documents) = desk.documents(&entity)? else { return Ok(desk.no_entity()) };
    match documents.remove(&id, |_| Ok(())) {
        Ok(()) => {
            info!(app = desk.app, entity = entity, id = id; "deleted in the console");
            let mut place = super::html::Html::default();
            html!(place, "/entity/" [entity] "?done=deleted");
            Ok(Response::new(303).header("location", place.into_text()))
        }
        Err(Refusal::EntityNotFound) => Ok(desk.no_document(&entity)),
        Err(Refusal::Failed(error)) => Err(error),
        Err(refusal) => Err(Error::failure("crud.console", format!("a document cannot be deleted: {refusal:?}"))),
    }
}
