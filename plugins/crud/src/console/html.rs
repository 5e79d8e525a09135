//! Pages as text in which only what is ours is markup.
//!
//! Markup is `&'static str`: what stands in this plugin's source. Everything else, such as what apps have stored, gets in through
//! [`Html::text`] and [`Html::segment`], so a page in which a document becomes markup does not compile.

use std::fmt::{self, Display, Write};

/// A page, or a part of one.
#[derive(Debug, Default)]
pub(crate) struct Html(String);

impl Html {
    /// Markup.
    pub(crate) fn markup(&mut self, markup: &'static str) {
        self.0.push_str(markup);
    }

    /// Text, in an element or in a quoted attribute.
    pub(crate) fn text(&mut self, text: impl Display) {
        // A string takes everything.
        let _ = write!(Escaping(&mut self.0), "{text}");
    }

    /// One segment of a path, or the value of a parameter.
    pub(crate) fn segment(&mut self, segment: &str) {
        for byte in segment.bytes() {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => self.0.push(char::from(byte)),
                _ => drop(write!(self.0, "%{byte:02X}")),
            }
        }
    }

    pub(crate) fn into_text(self) -> String {
        self.0
    }
}

struct Escaping<'a>(&'a mut String);

impl fmt::Write for Escaping<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                c => self.0.push(c),
            }
        }
        Ok(())
    }
}

/// Adds to a page: `html!(page, "<p>" (count) " documents of <a href=\"/entity/" [name] "\">" (name) "</a></p>")`, where what is
/// in `()` is text and what is in `[]` a segment of a path.
macro_rules! html {
    ($page:expr $(,)?) => {};
    ($page:expr, $markup:literal $($rest:tt)*) => {{
        $page.markup($markup);
        html!($page, $($rest)*);
    }};
    ($page:expr, ($text:expr) $($rest:tt)*) => {{
        $page.text(&$text);
        html!($page, $($rest)*);
    }};
    ($page:expr, [$segment:expr] $($rest:tt)*) => {{
        $page.segment(&$segment);
        html!($page, $($rest)*);
    }};
}
pub(crate) use html;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_is_text_wherever_it_stands() {
        let mut page = Html::default();
        let hostile = r#"</p><script>alert("1")</script>' onload='x & y"#;
        html!(page, "<p title=\"" (hostile) "\">" (hostile) "</p><a href=\"/entity/" [hostile] "\">" (7) "</a>");
        let text = page.into_text();
        let escaped = "&lt;/p&gt;&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&#39; onload=&#39;x &amp; y";
        assert_eq!(text.matches(escaped).count(), 2, "{text}");
        assert!(text.contains("href=\"/entity/%3C%2Fp%3E%3Cscript%3E"), "{text}");
        assert_eq!((text.matches('<').count(), text.matches('"').count()), (4, 4), "{text}");
    }

    proptest! {
        #[test]
        fn nothing_of_a_text_is_markup(text in "\\PC{0,40}") {
            let mut page = Html::default();
            html!(page, (text) [text]);
            prop_assert!(!page.into_text().contains(['<', '>', '"', '\'']));
        }
    }
}
