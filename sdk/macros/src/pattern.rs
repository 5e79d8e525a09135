//! A route's pattern: `/items/{id}/files/{*path}`.

use syn::ext::IdentExt;
use syn::parse::Parser;
use syn::{Error, Ident, LitStr, Result};

/// The names of the pattern's parameters, in order.
pub(crate) fn parameters(pattern: &LitStr) -> Result<Vec<String>> {
    let text = pattern.value();
    let wrong = |what: String| Err(Error::new(pattern.span(), what));
    let Some(path) = text.strip_prefix('/') else {
        return wrong(format!("a pattern begins with `/`; write `\"/{text}\"`"));
    };
    let segments: Vec<&str> = path.split('/').collect();
    let mut names: Vec<String> = Vec::new();
    for (index, segment) in segments.iter().enumerate() {
        let last = index + 1 == segments.len();
        if segment.is_empty() && !last {
            return wrong(format!("`{text}` has an empty segment (`//`), which no request matches"));
        }
        let Some(inner) = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) else {
            if let Some(bad) = segment.chars().find(|&c| !plain(c)) {
                return wrong(format!(
                    "`{bad}` cannot stand in the segment `{segment}`; a parameter is a whole segment (`{{id}}`), and other text is \
                     letters, digits and `-._~!$&'()*+,;=:@`"
                ));
            }
            continue;
        };
        let name = inner.strip_prefix('*').unwrap_or(inner);
        if name.len() < inner.len() && !last {
            return wrong(format!("`{segment}` takes all the rest of the path, so it must be the last segment"));
        }
        if Ident::parse_any.parse_str(name).is_err() {
            return wrong(format!("`{name}` in `{segment}` is no parameter name; name it like a Rust variable"));
        }
        if names.iter().any(|one| one == name) {
            return wrong(format!("`{{{name}}}` is in the pattern twice"));
        }
        names.push(name.to_owned());
    }
    Ok(names)
}

/// The characters of a path segment that need no percent-encoding.
fn plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:@".contains(c)
}
