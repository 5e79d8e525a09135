//! A route's pattern: `/items/{id}/files/{*path}`. Its grammar is the manifest's, which has to name the same pattern.

use syn::{Error, LitStr, Result};

/// In bytes.
const MAX_PATTERN: usize = 512;
const MAX_NAME: usize = 64;

/// The names of the pattern's parameters, in order.
pub(crate) fn parameters(pattern: &LitStr) -> Result<Vec<String>> {
    let text = pattern.value();
    let wrong = |what: String| Err(Error::new(pattern.span(), what));
    let Some(path) = text.strip_prefix('/') else {
        return wrong(format!("a pattern begins with `/`; write `\"/{text}\"`"));
    };
    if text.len() > MAX_PATTERN {
        return wrong(format!("a pattern has at most {MAX_PATTERN} bytes"));
    }
    let mut names: Vec<String> = Vec::new();
    let mut segments = if path.is_empty() { Vec::new() } else { path.split('/').collect() }.into_iter().peekable();
    if segments.peek() == Some(&".wharf") {
        return wrong("what begins with `/.wharf` is the host's own".to_owned());
    }
    while let Some(segment) = segments.next() {
        let last = segments.peek().is_none();
        match segment {
            "" if last => {
                return wrong(format!("`{text}` ends with `/`; leave it out, or name what follows, such as `{{*rest}}`"));
            }
            "" => return wrong(format!("`{text}` has an empty segment (`//`), which no request matches")),
            "." | ".." => return wrong(format!("`{text}` has a segment `{segment}`, which no request matches")),
            _ => (),
        }
        let Some(inner) = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) else {
            if let Some(bad) = segment.chars().find(|&c| !c.is_ascii_alphanumeric() && !"-._~".contains(c)) {
                return wrong(format!(
                    "`{bad}` cannot stand in the segment `{segment}`; a parameter is a whole segment (`{{id}}`), and other text is \
                     letters, digits, `-`, `.`, `_` and `~`"
                ));
            }
            continue;
        };
        let name = inner.strip_prefix('*').unwrap_or(inner);
        if name.len() < inner.len() && !last {
            return wrong(format!("`{segment}` takes all the rest of the path, so it must be the last segment"));
        }
        if !is_name(name) {
            return wrong(format!(
                "`{name}` in `{segment}` is no parameter name: at most {MAX_NAME} letters, digits and `_`, not beginning with a digit"
            ));
        }
        if names.iter().any(|one| one == name) {
            return wrong(format!("`{{{name}}}` is in the pattern twice"));
        }
        names.push(name.to_owned());
    }
    Ok(names)
}

fn is_name(name: &str) -> bool {
    name.len() <= MAX_NAME
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
