//! The console, as a developer of `sample_app` sees it.

use super::*;

/// The same host, looked at by a developer of the app.
fn desk(host: &TestHost, app: &str) -> TestHost {
    let mut caller = Caller::anonymous();
    caller.scheme = Scheme::Console;
    caller.app = Some(App { key: app.into(), id: Some("55b88eef4df03bab3307c0ff".into()) });
    host.clone().caller(caller)
}

#[track_caller]
fn page(response: &TestResponse, status: u16) -> String {
    assert_eq!((response.status, response.header("content-type")), (status, Some("text/html; charset=utf-8")), "{response:?}");
    let text = response.text().to_owned();
    // What every page has: who looks, and the way out.
    assert!(text.starts_with("<!doctype html>\n<html lang=\"en\">") && text.ends_with("</html>\n"), "{text}");
    assert!(text.contains("action=\"/.wharf/logout\""), "{text}");
    for foreign in ["http:", "https:", "<script", "style=", "<img", "<iframe"] {
        assert!(!text.contains(foreign), "{foreign} in {text}");
    }
    text
}

fn id(document: &Value) -> String {
    document["_id"].as_str().unwrap().to_owned()
}

#[test]
fn the_first_page_has_the_entities_of_the_app_and_how_much_is_in_each() {
    let host = host();
    for n in 0..3 {
        make(&ada(&host), "thing", &json!({"n": n}));
    }
    make(&ada(&host), "blog", &json!({"title": "One"}));
    let text = page(&desk(&host, "sample_app").get("/"), 200);
    assert!(text.contains("<bdi>sample_app</bdi>"), "{text}");
    assert!(
        text.contains("<a href=\"/entity/thing\"><bdi>thing</bdi></a></h2>\n<p class=\"count\"><strong>3</strong> documents"),
        "{text}"
    );
    assert!(
        text.contains("<a href=\"/entity/blog\"><bdi>blog</bdi></a></h2>\n<p class=\"count\"><strong>1</strong> document<"),
        "{text}"
    );
    assert!(text.contains("<li><bdi>content</bdi> <span>String</span></li>\n<li><bdi>title</bdi>"), "{text}");

    let text = page(&desk(&host, "diary").get("/"), 200);
    assert!(text.contains("<strong>0</strong> documents") && !text.contains("thing"), "{text}");
    let text = page(&desk(&host, "unheard_of").get("/"), 200);
    assert!(text.contains("Your app has no entities here yet."), "{text}");
    assert_eq!(host.clone().caller(Caller::anonymous()).get("/").status, 403);
}

#[test]
fn an_entity_that_cannot_be_used_or_linked_is_shown_all_the_same() {
    let entities = json!({"sample_app": {"broken": {"fields": {"n": "Nonsense"}}, "a/b": {"fields": {}}, "<b>&": {"fields": {"\"'": "String"}}}});
    let host = with(&entities);
    let text = page(&desk(&host, "sample_app").get("/"), 200);
    assert!(text.contains("<a href=\"/entity/broken\">") && text.contains("Its declaration cannot be used"), "{text}");
    assert!(text.contains("<h2><bdi>a/b</bdi></h2>"), "{text}");
    assert!(
        text.contains("<a href=\"/entity/%3Cb%3E%26\"><bdi>&lt;b&gt;&amp;</bdi></a>") && text.contains("&quot;&#39;"),
        "{text}"
    );
    page(&desk(&host, "sample_app").get("/entity/broken"), 200);
    assert!(page(&desk(&host, "sample_app").get("/entity/%3Cb%3E%26"), 200).contains("<h1><bdi>&lt;b&gt;&amp;</bdi></h1>"));
}

#[test]
fn documents_are_listed_page_by_page_the_newest_first() {
    let host = host();
    let made: Vec<String> = (0..45).map(|n| id(&make(&ada(&host), "thing", &json!({"n": n})))).collect();
    let desk = desk(&host, "sample_app");
    let listed = |text: &str| -> Vec<usize> {
        let place = |id: &String| text.find(&format!("href=\"/entity/thing/{id}\""));
        let mut found: Vec<(usize, usize)> = made.iter().enumerate().filter_map(|(n, id)| Some((place(id)?, n))).collect();
        found.sort_unstable();
        found.into_iter().map(|(_, n)| n).collect()
    };
    for (query, shown, rest) in [
        ("", 25..45, &["1–20 of 45, the newest first", "Page 1 of 3", "?page=2\">Older"][..]),
        ("?page=2", 5..25, &["21–40 of 45", "Page 2 of 3", "?page=1\">Newer", "?page=3\">Older"]),
        ("?page=3", 0..5, &["41–45 of 45", "Page 3 of 3", "?page=2\">Newer"]),
        ("?page=99", 0..5, &["Page 3 of 3"]),
        ("?page=0", 25..45, &["Page 1 of 3"]),
        ("?page=x", 25..45, &["Page 1 of 3"]),
        ("?other=1", 25..45, &["Page 1 of 3"]),
    ] {
        let text = page(&desk.get(&format!("/entity/thing{query}")), 200);
        assert_eq!(listed(&text), shown.rev().collect::<Vec<_>>(), "{query}");
        assert!(rest.iter().all(|rest| text.contains(rest)), "{query} {text}");
        assert_eq!(text.contains("Newer"), rest.iter().any(|rest| rest.contains("Newer")) || query == "?page=99");
    }
    assert!(page(&desk.get("/entity/blog"), 200).contains("There are no documents yet."));
    for path in ["/entity/unheard_of", "/entity/diary", "/entity/unheard_of/000000000000000000000000"] {
        assert!(page(&desk.get(path), 404).contains("No such entity"), "{path}");
    }
}

#[test]
fn what_is_long_is_cut_in_the_list_and_leaves_room_for_the_rest() {
    let host = host();
    make(&ada(&host), "blog", &json!({"content": "word \n".repeat(50_000), "title": "at the end"}));
    let text = page(&desk(&host, "sample_app").get("/entity/blog"), 200);
    let content = format!("content: {}… · title: at the end<", "word ".repeat(12));
    assert!(text.contains(&content), "{text}");
}

#[test]
fn a_document_is_shown_whole_and_as_text() {
    const EVIL: &str = "<img src=x onerror=\"alert('1')\">&\u{202e}";
    let host = host();
    let document = make(&ada(&host), "thing", &json!({"s": EVIL, "n": 7, "b": true, "any": {"deep": [EVIL]}, "tags": []}));
    let path = format!("/entity/thing/{}", id(&document));
    let desk = desk(&host, "sample_app");
    let text = page(&desk.get(&path), 200);
    let escaped = "&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;\u{202e}";
    // Inside JSON its quotes are escaped once more.
    assert!(text.contains(escaped) && text.contains("onerror=\\&quot;alert("), "{text}");
    for shown in [
        "<code>7</code>",
        "<code>true</code>",
        "<code>[]</code>",
        "2015-08-28 08:20 UTC",
        "account-of-ada@weibo",
        "<bdi>ada</bdi>",
    ] {
        assert!(text.contains(shown), "{shown} in {text}");
    }
    assert!(page(&desk.get("/entity/thing"), 200).contains("&lt;img src=x"));
    // Another app's is not there, whatever the id.
    let elsewhere = self::desk(&host, "diary").get(&path.replace("thing", "diary"));
    assert!(page(&elsewhere, 404).contains("No such document"));
    for id in ["000000000000000000000000", "x", "..%20"] {
        assert!(page(&desk.get(&format!("/entity/thing/{id}")), 404).contains("No such document"), "{id}");
    }
}

#[test]
fn a_document_is_deleted_after_a_second_look() {
    let host = host();
    let [kept, gone] = [1, 2].map(|n| id(&make(&ada(&host), "thing", &json!({"n": n}))));
    let desk = desk(&host, "sample_app");
    let path = format!("/entity/thing/{gone}/delete");
    let text = page(&desk.get(&path), 200);
    assert!(text.contains(&format!("<form class=\"actions\" method=\"post\" action=\"{path}\">")), "{text}");
    assert_eq!(found(&ada(&host), &json!({})), [1, 2], "a look changes nothing");

    let done = desk.post(&path, "");
    assert_eq!((done.status, done.header("location")), (303, Some("/entity/thing?done=deleted")));
    assert_eq!(found(&ada(&host), &json!({})), [1]);
    assert!(page(&desk.get("/entity/thing?done=deleted"), 200).contains("role=\"status\">The document was deleted."));
    for response in [desk.post(&path, ""), desk.get(&path), desk.post("/entity/unheard_of/x/delete", "")] {
        page(&response, 404);
    }
    // Its row among the owner's own is gone too, and the other one is whole.
    let rows = desk.run(|| kv::store("documents")?.keys("", None, 10).map(|page| page.keys)).unwrap();
    assert!(rows.len() == 2 && rows.iter().all(|row| row.ends_with(&kept)), "{rows:?}");
    assert_eq!(desk.log().iter().filter(|line| line.message == "deleted in the console").count(), 1);
}

#[test]
fn the_style_sheet_and_the_icon_may_be_kept() {
    let desk = desk(&host(), "sample_app");
    for (path, kind) in [("/console.css", "text/css; charset=utf-8"), ("/console.svg", "image/svg+xml")] {
        let response = desk.get(path);
        assert_eq!((response.status, response.header("content-type")), (200, Some(kind)));
        assert_eq!(response.header("cache-control"), Some("private, max-age=86400"));
    }
}

#[test]
fn an_entity_is_emptied_after_a_second_look_and_no_other_is() {
    let host = host();
    for n in 0..130 {
        let who = if n % 2 == 0 { ada(&host) } else { user(&host, "eve") };
        make(&who, "thing", &json!({"n": n}));
    }
    make(&ada(&host), "blog", &json!({"title": "One"}));
    let desk = desk(&host, "sample_app");
    assert!(page(&desk.get("/entity/thing"), 200).contains("href=\"/entity/thing/erase\""));
    let text = page(&desk.get("/entity/thing/erase"), 200);
    assert!(text.contains("All 130 of") && text.contains("method=\"post\" action=\"/entity/thing/erase\""), "{text}");
    assert_eq!(found(&ada(&host), &json!({})).len(), 65, "a look changes nothing");

    let done = desk.post("/entity/thing/erase", "");
    assert_eq!((done.status, done.header("location")), (303, Some("/entity/thing?done=erased")));
    let text = page(&desk.get("/entity/thing?done=erased"), 200);
    assert!(text.contains("All documents were deleted.") && text.contains("There are no documents yet."), "{text}");
    let rows = desk.run(|| kv::store("documents")?.keys("", None, 10).map(|page| page.keys)).unwrap();
    assert!(rows.len() == 2 && rows.iter().all(|row| row.contains("/blog/")), "{rows:?}");
    assert_eq!(desk.log().iter().filter(|line| line.message == "erased in the console").count(), 1);
    page(&desk.post("/entity/unheard_of/erase", ""), 404);
}

#[test]
fn what_one_go_cannot_empty_is_left_for_the_next() {
    let host = host();
    for n in 0..3 {
        make(&ada(&host), "thing", &json!({"n": n}));
    }
    let desk = desk(&host, "sample_app");
    assert_eq!(desk.run(|| Documents::of("thing")?.erase(1)).unwrap(), (3, true), "as much as a store lists at once");
    assert_eq!(desk.run(|| Documents::of("thing")?.erase(1)).unwrap(), (0, false));
    assert!(page(&desk.get("/entity/thing?done=erased-some"), 200).contains("too many for one go"));
}
