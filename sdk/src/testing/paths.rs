//! Which route a path takes, as the host decides it: text before a parameter, a parameter before the rest.

use crate::{Route, percent};

/// What the path comes to.
pub(crate) enum Matched {
    /// No pattern fits.
    None,
    /// The pattern fits, but has no such method; these it has.
    Methods(Vec<&'static str>),
    Route {
        route: &'static Route,
        params: Vec<(String, String)>,
    },
}

/// Matches a decoded path.
pub(crate) fn find(routes: &'static [Route], method: &str, path: &str) -> Matched {
    let best =
        routes.iter().filter_map(|route| Some((route, fit(route.pattern(), path)?))).min_by(|a, b| a.1.rank.cmp(&b.1.rank));
    let Some((best, Fit { params, .. })) = best else { return Matched::None };
    let same: Vec<&Route> = routes.iter().filter(|route| route.pattern() == best.pattern()).collect();
    let wanted = |method: &str| same.iter().find(|route| route.method() == method);
    match wanted(method).or_else(|| if method == "HEAD" { wanted("GET") } else { None }) {
        Some(route) => Matched::Route { route, params },
        None => Matched::Methods(same.iter().map(|route| route.method()).collect()),
    }
}

struct Fit {
    /// One figure a segment: 0 text, 1 a parameter, 2 the rest. The smallest is the most special.
    rank: Vec<u8>,
    params: Vec<(String, String)>,
}

fn fit(pattern: &str, path: &str) -> Option<Fit> {
    let mut fit = Fit { rank: Vec::new(), params: Vec::new() };
    let mut rest = Some(path.strip_prefix('/')?);
    for segment in pattern.strip_prefix('/')?.split('/') {
        let text = rest?;
        let (here, after) = text.split_once('/').map_or((text, None), |(here, after)| (here, Some(after)));
        let Some(name) = segment.strip_prefix('{').and_then(|name| name.strip_suffix('}')) else {
            if here != segment {
                return None;
            }
            fit.rank.push(0);
            rest = after;
            continue;
        };
        let (name, value, rank) = match name.strip_prefix('*') {
            Some(name) => (name, text, 2),
            None => (name, here, 1),
        };
        if value.is_empty() {
            return None;
        }
        fit.params.push((name.to_owned(), value.to_owned()));
        fit.rank.push(rank);
        rest = if rank == 2 { None } else { after };
    }
    rest.is_none().then_some(fit)
}

/// Decodes a path once, and refuses what the host refuses: what could mean two things to two readers.
pub(crate) fn decode(path: &str) -> Option<String> {
    if path.to_ascii_lowercase().contains("%2f") {
        return None;
    }
    let path = String::from_utf8(percent::decode(path.as_bytes())?).ok()?;
    let ambiguous = path.bytes().any(|byte| byte.is_ascii_control() || byte == b'\\')
        || path.split('/').any(|segment| segment == "." || segment == "..");
    (path.starts_with('/') && !ambiguous).then_some(path)
}
