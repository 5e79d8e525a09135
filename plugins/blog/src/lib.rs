//! A page to see the other services by: it calls platform, `user` and `crud` as browser clients of 2015 do.

use wharf_sdk::prelude::*;

/// One document that loads nothing more, so that it does not depend on where it is opened from.
const PAGE: &str = concat!(
    include_str!("page/head.html"),
    "<style>\n",
    include_str!("page/style.css"),
    "</style>\n",
    include_str!("page/body.html"),
    "<script>\n",
    include_str!("page/script.js"),
    "</script>\n",
);

#[get("/")]
fn page() -> Response {
    // It is as old as the component: a browser asks again, and so sees an update at once.
    Response::new(200).header("content-type", "text/html; charset=utf-8").header("cache-control", "no-cache").body(PAGE)
}

service!(page);

#[cfg(test)]
mod tests {
    use wharf_sdk::testing::TestHost;

    #[test]
    fn whoever_asks_is_given_the_whole_page() {
        let response = TestHost::new(super::routes()).get("/");
        assert_eq!((response.status, response.header("content-type")), (200, Some("text/html; charset=utf-8")));
        let page = response.text();
        assert!(page.starts_with("<!doctype html>") && page.trim_end().ends_with("</script>"));
    }

    /// What people write reaches the page as text and nothing else.
    #[test]
    fn nothing_is_ever_read_as_html() {
        for way in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("] {
            assert!(!super::PAGE.contains(way), "the page uses `{way}`");
        }
    }
}
