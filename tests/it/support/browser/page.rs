//! A page that somebody looks at, fills in and clicks on. Everything is found by the text that is seen.

use serde_json::{Value, json};

use super::Browser;
use crate::support::wait::ever;

/// The fields and buttons of a part of the page, by its heading.
const PART: &str = r#"
    const seen = (element) => element && element.checkVisibility() ? element : null;
    const by_text = (elements, text) => [...elements].find((element) => seen(element) && element.innerText.trim() === text);
    const part = (heading) => heading ? by_text(document.querySelectorAll("h2"), heading)?.parentElement : document;
"#;

#[derive(Debug)]
pub(crate) struct Page<'browser> {
    browser: &'browser Browser,
    session: String,
}

impl<'browser> Page<'browser> {
    #[track_caller]
    pub(super) fn open(browser: &'browser Browser, session: String, address: &str) -> Self {
        let page = Self { browser, session };
        for domain in ["Runtime", "Log", "Page"] {
            page.call(&format!("{domain}.enable"), json!({}));
        }
        let opened = page.call("Page.navigate", json!({"url": address}));
        assert_eq!(opened.get("errorText"), None, "{address} cannot be opened");
        page
    }

    #[track_caller]
    fn call(&self, method: &str, parameters: Value) -> Value {
        self.browser.call(Some(&self.session), method, parameters)
    }

    /// The value of an expression; nothing while the page is being replaced by another one.
    #[track_caller]
    fn evaluate(&self, expression: &str) -> Option<Value> {
        let parameters = json!({"expression": expression, "returnByValue": true});
        let mut answer = self.browser.ask(Some(&self.session), "Runtime.evaluate", parameters).ok()?;
        assert_eq!(answer.get("exceptionDetails"), None, "{expression}");
        Some(answer["result"]["value"].take())
    }

    /// Waits for a step on the page that returns whether it could be done.
    #[track_caller]
    fn step(&self, what: &str, script: &str) {
        let script = format!("(() => {{ {PART} {script} }})()");
        let done = ever(|| self.evaluate(&script).filter(|done| *done == true));
        assert!(done.is_some(), "there is no {what} on the page, which shows:\n{}", self.text());
    }

    /// The text that is seen.
    #[track_caller]
    pub(crate) fn text(&self) -> String {
        let text = self.evaluate("document.body ? document.body.innerText : ''");
        text.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    /// Waits until all of this is seen.
    #[track_caller]
    pub(crate) fn shows(&self, texts: &[&str]) {
        let all = |seen: &String| texts.iter().all(|text| seen.contains(text));
        assert!(ever(|| Some(self.text()).filter(all)).is_some(), "{texts:?} is not on the page, which shows:\n{}", self.text());
    }

    /// Waits until nothing of this is seen.
    #[track_caller]
    pub(crate) fn hides(&self, texts: &[&str]) {
        let none = |seen: &String| !texts.iter().any(|text| seen.contains(text));
        assert!(ever(|| Some(self.text()).filter(none)).is_some(), "{texts:?} stays on the page, which shows:\n{}", self.text());
    }

    /// Types into the field with this label, in the part under this heading, in the place of what stands there.
    #[track_caller]
    pub(crate) fn fill(&self, heading: &str, label: &str, text: &str) {
        let script = format!(
            "const field = by_text(part({})?.querySelectorAll('label') ?? [], {})?.control; \
             field?.focus(); field?.select(); return !!field && document.activeElement === field;",
            json!(heading),
            json!(label)
        );
        self.step(&format!("field `{label}` below `{heading}`"), &script);
        self.call("Input.insertText", json!({"text": text}));
    }

    /// Clicks on the button with this text, in the part under this heading, or anywhere. One that is busy is waited for.
    #[track_caller]
    pub(crate) fn press(&self, heading: Option<&str>, button: &str) {
        let script = format!(
            "const button = by_text(part({})?.querySelectorAll('button:not([aria-disabled=true])') ?? [], {}); \
             button?.click(); return !!button;",
            json!(heading),
            json!(button)
        );
        self.step(&format!("button `{button}`"), &script);
    }

    /// Follows the link with this text.
    #[track_caller]
    pub(crate) fn follow(&self, link: &str) {
        let script =
            format!("const link = by_text(document.querySelectorAll('a'), {}); link?.click(); return !!link;", json!(link));
        self.step(&format!("link `{link}`"), &script);
    }

    /// Asserts that on a screen of this size nothing is wider than the screen.
    #[track_caller]
    pub(crate) fn fits(&self, width: u32, height: u32) {
        let screen = json!({
            "width": width, "height": height, "screenWidth": width, "screenHeight": height,
            "deviceScaleFactor": 1, "mobile": width < 500,
        });
        self.call("Emulation.setDeviceMetricsOverride", screen);
        self.step(&format!("screen {width} wide"), &format!("return screen.width === {width} && innerWidth > 0;"));
        // A phone makes room for what is too wide, so its own width is looked at and not the one that the page has then.
        let widths = self.evaluate("[document.documentElement.scrollWidth, innerWidth]").expect("the page stays");
        assert!(widths[0].as_u64() <= Some(width.into()), "{widths} on a screen {width} wide");
    }
}
