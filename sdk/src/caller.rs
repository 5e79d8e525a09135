//! The verified identity behind a request, as the host proved it.

use crate::{Error, Result};

/// How the caller proved who it is.
///
/// The contract names all schemes that are foreseen. A host of this version gives [`Anonymous`](Self::Anonymous),
/// [`OceanAuth`](Self::OceanAuth), [`Bearer`](Self::Bearer), [`Console`](Self::Console) and [`Host`](Self::Host); the others are
/// reserved, and none of its callers has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scheme {
    /// Nobody proved anything.
    Anonymous,
    /// An Ocean-Auth header.
    OceanAuth,
    /// A bearer token.
    Bearer,
    /// A ticket the host gave out. Reserved.
    Ticket,
    /// A browser session. Reserved: a console's is [`Console`](Self::Console).
    Session,
    /// A paired device. Reserved.
    Device,
    /// A session of the service's console, where a developer looks at what is kept for an app.
    Console,
    /// A webhook of the platform. Reserved.
    Webhook,
    /// The host itself, which tells of a subscription. No request has it.
    Host,
    /// A scheme this version of the SDK has no word for. Reserved.
    Other,
}

/// A client application of the platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct App {
    /// The app key: what an app calls itself by.
    pub key: String,
    /// The platform's id of the app. An Ocean-Auth header carries the key only, so it is there only when a message or a
    /// context brought it.
    pub id: Option<String>,
}

/// An end user of an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppUser {
    /// The identity. Decide about access by this, and by nothing else.
    pub id: String,
    /// The account name: a label, which may change and may be given to another user.
    pub account: String,
    /// The name to show: a label.
    pub name: String,
    /// Who authenticated the user.
    pub authenticated_by: String,
}

/// Who is calling. Take it as a parameter of a handler: `caller: Caller`.
///
/// The host made it from a proof it verified; no header, key or token of the platform ever reaches a plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Caller {
    /// How the caller proved who it is.
    pub scheme: Scheme,
    /// The calling app, if the caller is one. [`Caller::app`] is the short way.
    pub app: Option<App>,
    /// The app's user, if the app calls for one. [`Caller::user`] is the short way.
    pub user: Option<AppUser>,
    /// What the caller's token allows; empty for schemes without scopes.
    pub scopes: Vec<String>,
    /// The id of this request in the host's log.
    pub request_id: String,
}

impl Caller {
    /// A caller that proved nothing, for tests that call a handler as a plain function; fill in the fields that matter.
    #[must_use]
    pub fn anonymous() -> Self {
        Self { scheme: Scheme::Anonymous, app: None, user: None, scopes: Vec::new(), request_id: String::new() }
    }

    /// The calling app.
    ///
    /// # Errors
    /// A caller that is no app is answered 403 `app_required`. A route whose manifest says `auth = "app"` never gets there.
    pub fn app(&self) -> Result<&App> {
        self.app.as_ref().ok_or_else(|| Error::status(403, "app_required", "this needs a calling app"))
    }

    /// The app's user.
    ///
    /// # Errors
    /// A caller without a user is answered 403 `user_required`. A route whose manifest says `auth = "app-user"` never gets there.
    pub fn user(&self) -> Result<&AppUser> {
        self.user.as_ref().ok_or_else(|| Error::status(403, "user_required", "this needs a signed-in user of an app"))
    }

    /// Whether the caller's token allows `scope`.
    #[must_use]
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scopes.iter().any(|one| one == scope)
    }
}
