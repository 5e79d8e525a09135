//! What a plugin is told of a trouble that is the host's or the platform's, and what only the log is.

use super::log::LogCtx;
use crate::{
    bindings::types::Error, codes::Code, platform::client::PlatformError, problem::Problem, runtime::state::error,
    store::StoreError,
};

/// When a store that cannot be used may be tried again: it is busy for milliseconds, or out of order for minutes.
const STORE_RETRY_MS: u64 = 1_000;

/// When a platform that did not answer may be asked again.
const PLATFORM_RETRY_MS: u64 = 5_000;

/// An error for the plugin, and for the log why, where that is not the plugin's to know.
#[derive(Debug)]
pub(super) struct Trouble {
    pub(super) error: Error,
    why: Option<Why>,
}

#[derive(Debug)]
enum Why {
    Store(Problem),
    Platform(PlatformError),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self { error, why: None }
    }
}

impl Trouble {
    /// The host's store failed: the plugin is told nothing but when to come back.
    pub(super) fn of_store(code: &Code, failed: &StoreError) -> Self {
        let error = error(code, "the host's store cannot be used now");
        Self { error: Error { retry_after_ms: Some(STORE_RETRY_MS), ..error }, why: Some(Why::Store(failed.problem())) }
    }

    /// The error, once the log has the rest.
    pub(super) fn told(self, log: &mut LogCtx) -> Error {
        let Self { error, why } = self;
        match why {
            None => {}
            Some(Why::Store(problem)) => log.store_failed(&error.code, &problem),
            Some(Why::Platform(failed)) => log.platform_failed(&error.code, &failed),
        }
        error
    }
}

/// What an interface says of a platform that is no help.
pub(super) struct OfPlatform {
    pub(super) refused: &'static Code,
    pub(super) unavailable: &'static Code,
}

impl OfPlatform {
    /// A call to the platform came to nothing: the plugin is told that it was refused, with the platform's own code, or that the
    /// platform cannot be asked. What is the host's trouble, its access token above all, is for the log.
    pub(super) fn trouble(&self, failed: PlatformError) -> Trouble {
        if let PlatformError::Refused { code, message } = failed {
            return error(self.refused, format!("{code}: {message}")).into();
        }
        let error = error(self.unavailable, "the platform cannot be asked now");
        Trouble { error: Error { retry_after_ms: Some(PLATFORM_RETRY_MS), ..error }, why: Some(Why::Platform(failed)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::told;

    #[test]
    fn a_platforms_no_is_told_and_its_silence_says_nothing_of_the_host() {
        let codes = OfPlatform { refused: &told::APPS_REFUSED, unavailable: &told::APPS_UNAVAILABLE };
        let refused = PlatformError::Refused { code: "backService.doNotHaveRight".into(), message: "not yours".into() };
        let Error { code, message, retry_after_ms } = codes.trouble(refused).error;
        assert_eq!(
            (code.as_str(), message.as_str(), retry_after_ms),
            ("apps.refused", "backService.doNotHaveRight: not yours", None)
        );
        for failed in [
            PlatformError::Unavailable("tcp connect error: 10.0.0.1".into()),
            PlatformError::Token { code: "accessToken.Expired".into() },
        ] {
            let Error { code, message, retry_after_ms } = codes.trouble(failed).error;
            let shown = (code.as_str(), message.as_str(), retry_after_ms);
            assert_eq!(shown, ("apps.unavailable", "the platform cannot be asked now", Some(PLATFORM_RETRY_MS)));
        }
    }
}
