//! Which route of the plugin a request takes, and whether this caller may take it.

use std::{sync::Arc, time::Duration};

use http::Method;

use super::{
    address::Addressed,
    respond::Refusal,
    service::{Installed, Origin},
};
use crate::{
    caller::{Caller, Scheme},
    limits::Limits,
    manifest::{self, Need, Subscribed},
};

/// The route tables of one plugin version, matched without waking the plugin.
///
/// Two, because a console is a place of its own: there its routes are all there is, and nowhere else are they.
#[derive(Debug)]
pub struct Routes {
    service: Table,
    console: Table,
}

type Table = matchit::Router<Vec<Arc<Route>>>;

/// One `[[routes]]` of the manifest with its limits granted.
#[derive(Debug)]
pub struct Route {
    pub method: Method,
    pub pattern: String,
    pub auth: Need,
    pub scopes: Vec<String>,
    pub timeout: Duration,
    /// Bytes of the request's body.
    pub body_limit: u64,
    pub subscribed: Subscribed,
}

/// What the route of a request says.
#[derive(Debug)]
pub struct Target<'r> {
    pub pattern: &'r str,
    /// The method the plugin is given: `GET` for a `HEAD` that a `GET` route answers.
    pub method: &'r str,
    pub params: Vec<(String, String)>,
    pub timeout: Duration,
    /// Bytes of the request's body.
    pub body_limit: u64,
}

/// Two patterns that cannot be told apart.
#[derive(Debug, thiserror::Error)]
#[error("the route `{pattern}` cannot stand beside the others: {why}")]
pub struct RouteConflict {
    pub pattern: String,
    pub why: String,
}

impl Routes {
    /// Builds the tables. Fails when two patterns of one overlap so that neither is the more special one.
    pub fn new(routes: &[manifest::Route], limits: &Limits) -> Result<Self, RouteConflict> {
        let table = |console: bool| table(routes.iter().filter(|route| (route.auth == Need::Console) == console), limits);
        Ok(Self { service: table(false)?, console: table(true)? })
    }
}

fn table<'m>(routes: impl Iterator<Item = &'m manifest::Route>, limits: &Limits) -> Result<Table, RouteConflict> {
    let mut by_pattern: Vec<(String, Vec<Arc<Route>>)> = Vec::new();
    for route in routes {
        let conflict = |why: String| RouteConflict { pattern: route.path.clone(), why };
        let made = Arc::new(Route {
            method: Method::from_bytes(route.method.as_bytes()).map_err(|error| conflict(error.to_string()))?,
            pattern: route.path.clone(),
            auth: route.auth,
            scopes: route.scopes.clone(),
            timeout: route.timeout.unwrap_or(limits.wall).min(limits.wall),
            body_limit: route.body_limit.unwrap_or(limits.body_in).min(limits.body_in),
            subscribed: route.subscribed,
        });
        match by_pattern.iter_mut().find(|(pattern, _)| *pattern == route.path) {
            Some((_, routes)) => routes.push(made),
            None => by_pattern.push((route.path.clone(), vec![made])),
        }
    }
    let mut table = Table::new();
    for (pattern, routes) in by_pattern {
        table.insert(&pattern, routes).map_err(|error| RouteConflict { pattern, why: error.to_string() })?;
    }
    Ok(table)
}

/// Finds the route, in the version of the plugin that is current now, and checks the caller against it. `taken` is the route from
/// then on, whether he may take it or not.
///
/// Fails with [`Refusal::NotReady`], [`Refusal::NoRoute`], [`Refusal::NoMethod`], [`Refusal::Unproven`],
/// [`Refusal::Forbidden`], [`Refusal::InsufficientScope`] or [`Refusal::NotSubscribed`].
pub fn route<'r>(
    addressed: &Addressed<'_>,
    caller: &Caller,
    method: &Method,
    taken: &'r mut Option<Arc<Route>>,
) -> Result<(Arc<Installed>, Target<'r>), Refusal> {
    let installed = addressed.service.current.load_full().ok_or(Refusal::NotReady)?;
    let is_console = addressed.origin == Origin::Console;
    let table = if is_console { &installed.routes.console } else { &installed.routes.service };
    let matched = table.at(&addressed.path).map_err(|_| Refusal::NoRoute)?;
    let wanted = |method: &Method| matched.value.iter().find(|route| route.method == *method);
    let route = wanted(method)
        .or_else(|| if method == Method::HEAD { wanted(&Method::GET) } else { None })
        .ok_or_else(|| Refusal::NoMethod { allow: allow(matched.value) })?;
    let route = &**taken.insert(route.clone());
    admit(route, caller)?;
    if let (Some(apps), Some(app)) = (&addressed.service.apps, &caller.app)
        && !apps.serves(app, route.subscribed)
    {
        return Err(Refusal::NotSubscribed);
    }
    let params = matched.params.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let Route { method, pattern, timeout, body_limit, .. } = route;
    Ok((installed, Target { pattern, method: method.as_str(), params, timeout: *timeout, body_limit: *body_limit }))
}

/// Whether the caller is of the kind, and has the scopes, that the route needs. The table stands in `docs/identity.md`.
fn admit(route: &Route, caller: &Caller) -> Result<(), Refusal> {
    // Only where the tables were mixed up could these two meet.
    if (caller.scheme == Scheme::Console) != (route.auth == Need::Console) {
        return Err(Refusal::NoRoute);
    }
    let (anonymous, bearer) = (caller.scheme == Scheme::Anonymous, caller.scheme == Scheme::Bearer);
    let is_kind = match route.auth {
        Need::None => true,
        Need::App => caller.app.is_some(),
        Need::AppUser => caller.user.is_some(),
        Need::Bearer => bearer,
        Need::Any => !anonymous,
        Need::Console => true,
    };
    if !is_kind {
        // Where only a bearer will do, who comes with another proof is told the same as who comes with none.
        let bearer_only = route.auth == Need::Bearer;
        return Err(if anonymous || bearer_only { Refusal::Unproven { bearer_only } } else { Refusal::Forbidden { bearer } });
    }
    if route.scopes.iter().all(|scope| caller.scopes.contains(scope)) {
        Ok(())
    } else {
        Err(Refusal::InsufficientScope { needed: route.scopes.join(" ") })
    }
}

/// The header `Allow` of a 405.
fn allow(routes: &[Arc<Route>]) -> String {
    let mut methods: Vec<&str> = routes.iter().map(|route| route.method.as_str()).collect();
    if methods.contains(&"GET") && !methods.contains(&"HEAD") {
        methods.push("HEAD");
    }
    if !methods.contains(&"OPTIONS") {
        methods.push("OPTIONS");
    }
    methods.sort_unstable();
    methods.join(", ")
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use proptest::prelude::*;

    use super::*;
    use crate::{caller::AppUser, manifest::Manifest};

    fn caller(scheme: Scheme, user: bool, scopes: &[&str]) -> Caller {
        let mut caller = Caller::anonymous(Ipv4Addr::LOCALHOST.into());
        if scheme != Scheme::Anonymous {
            caller.app = Some("a1".to_owned());
        }
        let [id, account, name, authenticated_by] = ["u1", "", "", "user"].map(str::to_owned);
        caller.user = user.then_some(AppUser { id, account, name, authenticated_by });
        Caller { scheme, scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(), ..caller }
    }

    fn route(auth: Need, scopes: &[&str]) -> Route {
        Route {
            method: Method::GET,
            pattern: "/".to_owned(),
            auth,
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            timeout: Duration::from_secs(1),
            body_limit: 0,
            subscribed: Subscribed::default(),
        }
    }

    /// The table of `docs/identity.md`, row by row.
    #[test]
    fn each_scheme_satisfies_what_the_table_says() {
        let callers = [
            caller(Scheme::Anonymous, false, &[]),
            caller(Scheme::OceanAuth, false, &[]),
            caller(Scheme::OceanAuth, true, &[]),
            caller(Scheme::Bearer, false, &[]),
            caller(Scheme::Bearer, true, &[]),
            caller(Scheme::Console, false, &[]),
        ];
        let nowhere = || Err(Refusal::NoRoute);
        let unproven = || Err(Refusal::Unproven { bearer_only: false });
        let bearer_only = || Err(Refusal::Unproven { bearer_only: true });
        let forbidden = |bearer| Err(Refusal::Forbidden { bearer });
        for (need, answers) in [
            (Need::None, [Ok(()), Ok(()), Ok(()), Ok(()), Ok(()), nowhere()]),
            (Need::App, [unproven(), Ok(()), Ok(()), Ok(()), Ok(()), nowhere()]),
            (Need::AppUser, [unproven(), forbidden(false), Ok(()), forbidden(true), Ok(()), nowhere()]),
            (Need::Bearer, [bearer_only(), bearer_only(), bearer_only(), Ok(()), Ok(()), nowhere()]),
            (Need::Any, [unproven(), Ok(()), Ok(()), Ok(()), Ok(()), nowhere()]),
            (Need::Console, [nowhere(), nowhere(), nowhere(), nowhere(), nowhere(), Ok(())]),
        ] {
            for (caller, answer) in callers.iter().zip(answers) {
                assert_eq!(admit(&route(need, &[]), caller), answer, "{need:?} {caller:?}");
            }
        }
    }

    #[test]
    fn all_scopes_of_the_route_are_needed_and_only_a_bearer_has_any() {
        let route = route(Need::App, &["read", "write"]);
        let lacking = Err(Refusal::InsufficientScope { needed: "read write".to_owned() });
        for (caller, answer) in [
            (caller(Scheme::Anonymous, false, &[]), Err(Refusal::Unproven { bearer_only: false })),
            (caller(Scheme::OceanAuth, true, &[]), lacking.clone()),
            (caller(Scheme::Bearer, false, &[]), lacking.clone()),
            (caller(Scheme::Bearer, false, &["read"]), lacking.clone()),
            (caller(Scheme::Bearer, false, &["read", "Write"]), lacking.clone()),
            (caller(Scheme::Bearer, false, &["read write"]), lacking),
            (caller(Scheme::Bearer, false, &["write", "other", "read"]), Ok(())),
        ] {
            assert_eq!(admit(&route, &caller), answer, "{caller:?}");
        }
    }

    proptest! {
        /// An installation that succeeds is a plugin that can be served.
        #[test]
        fn what_a_manifest_may_have_can_be_served(
            routes in prop::collection::vec(("(GET|PUT)", "(/(a|b|\\{x\\}|\\{y\\})){1,2}(/\\{\\*z\\})?", "(none|console)"), 1..5),
        ) {
            let head = "manifest-version = 1\n[plugin]\nid = \"a/b\"\nversion = \"1.0.0\"\nname = \"B\"\ndescription = \"B.\"\n\
                [service]\nkey = \"b\"\n";
            let tables = |(method, path, auth): &(String, String, String)| {
                format!("[[routes]]\nmethod = \"{method}\"\npath = \"{path}\"\nauth = \"{auth}\"\n")
            };
            let manifest = Manifest::parse(&(head.to_owned() + &routes.iter().map(tables).collect::<String>()));
            prop_assume!(manifest.is_ok());
            prop_assert!(manifest.is_ok_and(|manifest| Routes::new(&manifest.routes, &Limits::CAPS).is_ok()));
        }
    }
}
