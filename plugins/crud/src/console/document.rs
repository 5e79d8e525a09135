//! One document, field by field.

use serde_json::Value;
use wharf_sdk::prelude::*;

use super::html::{Html, html};
use super::page::Page;
use super::{Desk, time};

#[get("/entity/{entity}/{id}")]
pub(crate) fn document(caller: Caller, entity: String, id: String) -> Result<Response> {
    let desk = Desk::of(&caller)?;
    let Some(documents) = desk.documents(&entity)? else { return Ok(desk.no_entity()) };
    let Some(row) = documents.get(&id)? else { return Ok(desk.no_document(&entity)) };
    let document = row.document;
    Ok(Page::new(&id, &desk.app).under_entity(&entity).with(|page| {
        html!(page, "<section aria-labelledby=\"fields\">\n<h2 id=\"fields\">Fields</h2>\n");
        if document.fields.is_empty() {
            html!(page, "<p>It has none.</p>\n");
        } else {
            html!(page, "<dl class=\"fields\">\n");
            for (name, value) in &document.fields {
                html!(page, "<div>\n<dt><bdi>" (name) "</bdi></dt>\n<dd>");
                show(page, name, value);
                html!(page, "</dd>\n</div>\n");
            }
            html!(page, "</dl>\n");
        }
        html!(page, "</section>\n<section aria-labelledby=\"kept\">\n<h2 id=\"kept\">About it</h2>\n<dl class=\"fields\">\n");
        when(page, "Created", document.created_ms, &document.created_by);
        when(page, "Last changed", document.updated_ms, &document.updated_by);
        html!(page, "<div>\n<dt>Belongs to</dt>\n<dd>");
        match &document.owner {
            Some(owner) => html!(page, "<code><bdi>" (owner) "</bdi></code>"),
            None => html!(page, "<span class=\"nothing\">nobody: it was created without a login</span>"),
        }
        html!(page, "</dd>\n</div>\n<div>\n<dt>Size</dt>\n<dd>" (row.size) " bytes</dd>\n</div>\n</dl>\n</section>\n"
            "<p class=\"actions\"><a class=\"button danger\" href=\"/entity/" [entity] "/" [id] "/delete\">Delete…</a></p>\n");
    }))
}

fn when(page: &mut Html, what: &'static str, ms: u64, by: &str) {
    let (shown, machine) = time::show(ms);
    html!(page, "<div>\n<dt>" (what) "</dt>\n<dd><time datetime=\"" (machine) "\">" (shown) "</time>");
    if !by.is_empty() {
        html!(page, " by <bdi>" (by) "</bdi>");
    }
    html!(page, "</dd>\n</div>\n");
}

fn show(page: &mut Html, name: &str, value: &Value) {
    match value {
        Value::Null => html!(page, "<span class=\"nothing\">null</span>"),
        Value::String(text) if text.is_empty() => html!(page, "<span class=\"nothing\">an empty text</span>"),
        Value::String(text) => html!(page, "<p class=\"text\" dir=\"auto\">" (text) "</p>"),
        Value::Bool(_) | Value::Number(_) => html!(page, "<code>" (value) "</code>"),
        // Scrolls sideways, so the keyboard must reach it.
        Value::Array(_) | Value::Object(_) => {
            html!(page, "<pre tabindex=\"0\" role=\"region\" aria-label=\"" (name) "\"><code>" (format!("{value:#}")) "</code></pre>");
        }
    }
}
