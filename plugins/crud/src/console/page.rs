//! What every page of the console has: who is looking, where they are, and the way out.

use wharf_sdk::prelude::*;

use super::html::{Html, html};

/// A page before it has content.
pub(crate) struct Page<'p> {
    title: &'p str,
    app: &'p str,
    entity: Option<&'p str>,
    document: Option<&'p str>,
    status: u16,
}

impl<'p> Page<'p> {
    pub(crate) fn new(title: &'p str, app: &'p str) -> Self {
        Self { title, app, entity: None, document: None, status: 200 }
    }

    /// One step below the page of an entity.
    pub(crate) fn under_entity(self, entity: &'p str) -> Self {
        Self { entity: Some(entity), ..self }
    }

    /// One step below the page of a document.
    pub(crate) fn under_document(self, entity: &'p str, document: &'p str) -> Self {
        Self { entity: Some(entity), document: Some(document), ..self }
    }

    /// Says that there is nothing.
    pub(crate) fn missing(self, why: &'static str) -> Response {
        Self { status: 404, ..self }.with(|page| {
            html!(page, "<p class=\"lead\">" (why) "</p>\n<p><a class=\"button\" href=\"/\">Back to the entities</a></p>\n");
        })
    }

    /// The page with its content, which stands below the title.
    pub(crate) fn with(self, content: impl FnOnce(&mut Html)) -> Response {
        let mut page = Html::default();
        html!(page,
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
            "<title>" (self.title) " · " (self.app) " · Crud</title>\n"
            "<link rel=\"icon\" type=\"image/svg+xml\" href=\"/console.svg?v=" [VERSION] "\">\n"
            "<link rel=\"stylesheet\" href=\"/console.css?v=" [VERSION] "\">\n</head>\n<body>\n"
            "<a class=\"skip\" href=\"#content\">Skip to the content</a>\n"
            "<header>\n<div class=\"bar\">\n<a class=\"name\" href=\"/\">Crud</a>\n"
            "<p class=\"who\"><span>You look as</span> <strong><bdi>" (self.app) "</bdi></strong></p>\n"
            "<form method=\"post\" action=\"/.wharf/logout\"><button class=\"quiet\">Log out</button></form>\n</div>\n</header>\n"
            "<main id=\"content\">\n");
        self.trail(&mut page);
        html!(page, "<h1><bdi>" (self.title) "</bdi></h1>\n");
        content(&mut page);
        html!(page, "</main>\n</body>\n</html>\n");
        let response = Response::new(self.status).header("content-type", "text/html; charset=utf-8");
        response.header("content-security-policy", POLICY).body(page.into_text())
    }

    /// The way back, on all pages but the first.
    fn trail(&self, page: &mut Html) {
        let Some(entity) = self.entity else { return };
        html!(page, "<nav aria-label=\"Breadcrumb\">\n<ol class=\"trail\">\n<li><a href=\"/\">Entities</a></li>\n");
        if entity != self.title {
            html!(page, "<li><a href=\"/entity/" [entity] "\"><bdi>" (entity) "</bdi></a></li>\n");
        }
        if let Some(document) = self.document {
            html!(page, "<li><a class=\"id\" href=\"/entity/" [entity] "/" [document] "\">" (document) "</a></li>\n");
        }
        html!(page, "</ol>\n</nav>\n");
    }
}

/// One style sheet and one picture, and no script whatever a document holds. What consoles may never do the host adds.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'";

/// So that browsers fetch the style sheet anew when the plugin is another one.
const VERSION: &str = env!("CARGO_PKG_VERSION");
