//! The calls there are, and how many of each were made.

use http::Method;

use super::PlatformError;
use crate::observe::metric::ByWord;

/// One record; the longest text in it is a service's content of a message.
const ONE: usize = 256 << 10;
/// Some 25,000 messages. A list that is longer is cut: what was whole of it gets handled, and the next answer begins with the
/// rest.
const LIST: usize = 8 << 20;

/// A call of the zone `service`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    Messages,
    Message,
    ResolveMessage,
    App,
    AppByAuthCode,
    CreateAppUser,
    UpdateAppUser,
    AppUserAccessToken,
}

impl Call {
    pub const ALL: [Self; 8] = [
        Self::Messages,
        Self::Message,
        Self::ResolveMessage,
        Self::App,
        Self::AppByAuthCode,
        Self::CreateAppUser,
        Self::UpdateAppUser,
        Self::AppUserAccessToken,
    ];

    /// Its name in `[platform.paths]`, and in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Messages => "messages",
            Self::Message => "message",
            Self::ResolveMessage => "resolve-message",
            Self::App => "app",
            Self::AppByAuthCode => "app-by-auth-code",
            Self::CreateAppUser => "create-app-user",
            Self::UpdateAppUser => "update-app-user",
            Self::AppUserAccessToken => "app-user-access-token",
        }
    }

    pub(super) fn method(self) -> Method {
        match self {
            Self::Messages | Self::Message | Self::App | Self::AppByAuthCode | Self::AppUserAccessToken => Method::GET,
            Self::ResolveMessage | Self::CreateAppUser => Method::POST,
            Self::UpdateAppUser => Method::PUT,
        }
    }

    /// Whether it may be made twice where it is unknown what became of it: it changes nothing, or the same.
    ///
    /// Asking for an app by an auth code is none of these though it is a GET: a platform may take a code once only, so that
    /// the second call would be told that a good code is used.
    pub(super) fn is_repeatable(self) -> bool {
        match self {
            Self::Messages | Self::Message | Self::ResolveMessage | Self::App | Self::AppUserAccessToken => true,
            Self::AppByAuthCode | Self::CreateAppUser | Self::UpdateAppUser => false,
        }
    }

    /// The most bytes of an answer that are read.
    pub fn limit(self) -> usize {
        if self == Self::Messages { LIST } else { ONE }
    }
}

/// How many calls were made, by what came of them. Those whose caller left are not counted.
#[derive(Debug)]
pub struct Calls([ByWord; Call::ALL.len()]);

impl Default for Calls {
    fn default() -> Self {
        Self(std::array::from_fn(|_| ByWord::starting(&["ok", "refused", "token", "unavailable"])))
    }
}

impl Calls {
    pub(super) fn count(&self, call: Call, failed: Option<&PlatformError>) {
        self.0[call as usize].add(match failed {
            None => "ok",
            Some(PlatformError::Refused { .. }) => "refused",
            Some(PlatformError::Token { .. }) => "token",
            Some(PlatformError::Unavailable(_)) => "unavailable",
        });
    }

    /// Each call's name with its counters.
    pub fn get(&self) -> impl Iterator<Item = (&'static str, &ByWord)> {
        Call::ALL.into_iter().map(Call::name).zip(&self.0)
    }
}
