//! The documents of one entity, page by page, the newest first.

use serde_json::{Map, Value};
use wharf_sdk::prelude::*;

use super::html::{Html, html};
use super::page::Page;
use super::{Desk, time};
use crate::documents::{Document, Documents};

/// Documents on one page: what fits on a screen and a half.
const ON_PAGE: usize = 20;

/// Documents that can be reached by turning pages. Ids are listed in the order of creation, so for the newest of them all must be
/// listed, and this is ten looks at the store.
const REACHED: usize = 10_000;

/// Characters of a document that stand for it in the list, and of one of its fields, so that a long one leaves room for others.
const PREVIEW: usize = 200;
const OF_FIELD: usize = 60;

#[derive(Deserialize)]
pub(crate) struct Asked {
    page: Option<String>,
    done: Option<String>,
}

#[get("/entity/{entity}")]
pub(crate) fn list(caller: Caller, entity: String, asked: Option<Query<Asked>>) -> Result<Response> {
    let desk = Desk::of(&caller)?;
    let Some(documents) = desk.documents(&entity)? else { return Ok(desk.no_entity()) };
    let (mut ids, more) = reached(&documents)?;
    if !more {
        ids.reverse();
    }
    let asked = asked.map(|Query(asked)| asked);
    let done = asked.as_ref().and_then(|asked| done(asked.done.as_deref()?));
    let pages = ids.len().div_ceil(ON_PAGE).max(1);
    let number = asked.and_then(|asked| asked.page?.parse().ok()).unwrap_or(1).clamp(1, pages);
    let from = (number - 1) * ON_PAGE;
    let here = &ids[from..ids.len().min(from + ON_PAGE)];
    let mut rows = Vec::with_capacity(here.len());
    for id in here {
        // Another one may have removed it meanwhile. A document may be large, so of each only what is shown is kept.
        if let Some(row) = documents.get(id)? {
            rows.push(Line::of(id, row.document));
        }
    }
    Ok(Page::new(&entity, &desk.app).under_entity(&entity).with(|page| {
        if let Some(done) = done {
            html!(page, "<p class=\"done\" role=\"status\">" (done) "</p>\n");
        }
        if ids.is_empty() {
            html!(page, "<p class=\"lead\">There are no documents yet.</p>\n");
            return;
        }
        html!(page, "<p class=\"lead\">" (from + 1) "–" (from + here.len()) " of " (ids.len()));
        match more {
            false => html!(page, ", the newest first</p>\n"),
            true => html!(page, "+, the oldest first</p>\n<p class=\"note\">There are more than can be listed here. The newer ones are "
                "found by the service's own queries.</p>\n"),
        }
        html!(page, "<ol class=\"rows\">\n");
        for line in &rows {
            line.show(page, &entity);
        }
        html!(page, "</ol>\n");
        turn(page, &entity, number, pages);
        html!(page, "<p class=\"actions end\"><a class=\"button danger\" href=\"/entity/" [entity] "/erase\">Delete all…</a></p>\n");
    }))
}

/// What the page before has done.
fn done(word: &str) -> Option<&'static str> {
    match word {
        "deleted" => Some("The document was deleted."),
        "erased" => Some("All documents were deleted."),
        "erased-some" => Some("The oldest documents were deleted. There are too many for one go: delete all once more."),
        _ => None,
    }
}

/// Ids in the order of creation, and whether there are more.
fn reached(documents: &Documents) -> Result<(Vec<String>, bool)> {
    let mut all: Vec<String> = Vec::new();
    loop {
        let (ids, more) = documents.ids(None, all.last().map(String::as_str))?;
        all.extend(ids);
        if !more || all.len() >= REACHED {
            return Ok((all, more));
        }
    }
}

/// What the list shows of a document.
struct Line<'i> {
    id: &'i str,
    preview: String,
    created_ms: u64,
    created_by: String,
}

impl<'i> Line<'i> {
    fn of(id: &'i str, document: Document) -> Self {
        Self { id, preview: preview(&document.fields), created_ms: document.created_ms, created_by: document.created_by }
    }

    fn show(&self, page: &mut Html, entity: &str) {
        let (shown, machine) = time::show(self.created_ms);
        html!(page, "<li class=\"row\">\n<a class=\"id\" href=\"/entity/" [entity] "/" [self.id] "\">" (self.id) "</a>\n"
            "<p class=\"preview\"><bdi>" (self.preview) "</bdi></p>\n"
            "<p class=\"meta\"><time datetime=\"" (machine) "\">" (shown) "</time>");
        if !self.created_by.is_empty() {
            html!(page, " by <bdi>" (self.created_by) "</bdi>");
        }
        html!(page, "</p>\n</li>\n");
    }
}

/// The fields on one line, as far as there is room.
fn preview(fields: &Map<String, Value>) -> String {
    let mut line = String::new();
    for (name, value) in fields {
        if line.len() > PREVIEW {
            break;
        }
        let value = match value {
            Value::String(text) => cut(text, OF_FIELD),
            other => cut(&other.to_string(), OF_FIELD),
        };
        let separator = if line.is_empty() { "" } else { " · " };
        line += &format!("{separator}{name}: {value}");
    }
    cut(&line, PREVIEW)
}

/// So many characters of a text, on one line.
fn cut(text: &str, most: usize) -> String {
    let words = || text.split_whitespace().flat_map(|word| std::iter::once(' ').chain(word.chars())).skip(1);
    let mut line: String = words().take(most).collect();
    if words().nth(most).is_some() {
        line.push('…');
    }
    line
}

fn turn(page: &mut Html, entity: &str, number: usize, pages: usize) {
    if pages == 1 {
        return;
    }
    html!(page, "<nav class=\"pages\" aria-label=\"Pages\">\n");
    if number > 1 {
        html!(page, "<a class=\"button\" rel=\"prev\" href=\"/entity/" [entity] "?page=" (number - 1) "\">Newer</a>\n");
    }
    html!(page, "<p>Page " (number) " of " (pages) "</p>\n");
    if number < pages {
        html!(page, "<a class=\"button\" rel=\"next\" href=\"/entity/" [entity] "?page=" (number + 1) "\">Older</a>\n");
    }
    html!(page, "</nav>\n");
}
