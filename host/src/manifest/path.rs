//! The grammar of route patterns: `/items/{id}`, `/files/{*rest}`.

/// Longer paths cost every request that is matched against them.
const MAX_PATH: usize = 512;

/// Why `path` is not a pattern, if it is not. The text never repeats the path.
pub(super) fn fault(path: &str) -> Option<&'static str> {
    if path.len() > MAX_PATH {
        return Some("it is longer than 512 bytes");
    }
    let Some(rest) = path.strip_prefix('/') else { return Some("it does not begin with `/`") };
    if rest.is_empty() {
        return None;
    }
    if rest.split('/').next() == Some(".wharf") {
        return Some("what begins with `/.wharf` is the host's own");
    }
    let mut names = Vec::new();
    let mut segments = rest.split('/').peekable();
    while let Some(segment) = segments.next() {
        match segment.strip_prefix('{').and_then(|inner| inner.strip_suffix('}')) {
            Some(inner) => {
                let name = inner.strip_prefix('*').unwrap_or(inner);
                if name.len() < inner.len() && segments.peek().is_some() {
                    return Some("something follows its catch-all");
                }
                if !is_name(name) {
                    return Some("the name of a parameter is not letters, digits and `_`, beginning with a letter");
                }
                if names.contains(&name) {
                    return Some("two of its parameters have the same name");
                }
                names.push(name);
            }
            None => {
                if let Some(why) = literal(segment) {
                    return Some(why);
                }
            }
        }
    }
    None
}

fn literal(segment: &str) -> Option<&'static str> {
    match segment {
        "" => Some("it has an empty part or a final `/`"),
        // Requests are normalised before they are matched, so these could never be.
        "." | ".." => Some("it has a part `.` or `..`"),
        _ if !segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)) => {
            Some("a part is neither `{name}` nor letters, digits, `-`, `.`, `_` and `~` alone")
        }
        _ => None,
    }
}

/// What can be the argument of a handler in most languages.
fn is_name(name: &str) -> bool {
    name.len() <= 64
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
