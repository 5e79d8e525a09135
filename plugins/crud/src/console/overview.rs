//! The first page: all entities of the app, with how much is in each.

use wharf_sdk::prelude::*;

use super::html::{Html, html};
use super::page::Page;
use super::{Desk, is_addressable};
use crate::documents::Documents;
use crate::entity::Entity;

#[get("/")]
pub(crate) fn overview(caller: Caller) -> Result<Response> {
    let desk = Desk::of(&caller)?;
    let mut entities = Vec::new();
    for (name, declared) in desk.settings.entities_of(&desk.app) {
        // As many as one look at the store gives: here the size counts, not the figure.
        let (ids, more) = Documents::of(name)?.ids(None, None)?;
        entities.push(Shown { name, count: ids.len(), more, entity: Entity::read(name, declared).ok() });
    }
    Ok(Page::new("Entities", &desk.app).with(|page| {
        if entities.is_empty() {
            html!(page, "<p class=\"lead\">Your app has no entities here yet.</p>\n"
                "<p>Whoever runs this service declares them in its configuration, with the fields of their documents and with who may "
                "read and write them.</p>\n");
            return;
        }
        html!(page, "<p class=\"lead\">What this service keeps for your app.</p>\n<ul class=\"cards\">\n");
        for entity in &entities {
            entity.show(page);
        }
        html!(page, "</ul>\n");
    }))
}

/// Fields of an entity that are named on its card.
const FIELDS: usize = 12;

/// An entity on the page.
struct Shown<'s> {
    name: &'s str,
    count: usize,
    more: bool,
    /// None where the declaration cannot be used.
    entity: Option<Entity>,
}

impl Shown<'_> {
    fn show(&self, page: &mut Html) {
        html!(page, "<li class=\"card\">\n<h2>");
        if is_addressable(self.name) {
            html!(page, "<a href=\"/entity/" [self.name] "\"><bdi>" (self.name) "</bdi></a>");
        } else {
            html!(page, "<bdi>" (self.name) "</bdi>");
        }
        html!(page, "</h2>\n<p class=\"count\"><strong>"(self.count));
        if self.more {
            html!(page, "+");
        }
        html!(page, "</strong> ");
        html!(page, (if self.count == 1 { "document" } else { "documents" }) "</p>\n");
        match &self.entity {
            Some(entity) => {
                html!(page, "<ul class=\"kinds\" aria-label=\"Fields\">\n");
                for (name, kind) in entity.schema.fields().take(FIELDS) {
                    html!(page, "<li><bdi>" (name) "</bdi> <span>" (kind.word()) "</span></li>\n");
                }
                let more = entity.schema.fields().len().saturating_sub(FIELDS);
                if more > 0 {
                    html!(page, "<li>" (more) " more</li>\n");
                }
                html!(page, "</ul>\n");
            }
            None => html!(page, "<p class=\"wrong\">Its declaration cannot be used: the service's log says why.</p>\n"),
        }
        html!(page, "</li>\n");
    }
}
