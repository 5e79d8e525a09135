//! Stock components: they speak `wasi:http` instead of the contract and run unmodified, under the same permits and limits.
//!
//! In the order of travel: [`identity`] tells the caller by headers, [`incoming`] makes the component's request, [`http_0_2`]
//! or [`http_0_3`] calls it, [`outgoing`] sends its response on. What of all that is a limit, a failure or a cut means the same as
//! for a plugin of the contract; a request body that failed outweighs what the component made of that, because `wasi:http` has no
//! error of its own for it that would come back.

mod identity;
mod incoming;
pub(super) mod http_0_2;
pub(super) mod http_0_3;
mod outgoing;

pub(super) use self::incoming::Incoming;

use super::{outcome::Failure, run::crash, state::CallState};
use incoming::Broken;

/// Why a component gave no response, or not all of it.
enum Stop {
    /// It trapped, or the host lied to it.
    Crashed(wasmtime::Error),
    Failed(Failure),
}

impl From<wasmtime::Error> for Stop {
    fn from(error: wasmtime::Error) -> Self {
        Self::Crashed(error)
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl Stop {
    /// The component ended with an error code of `wasi:http`.
    fn code(code: &impl std::fmt::Debug) -> Self {
        Self::Failed(Failure::Error { code: "wasi:http".into(), message: format!("{code:?}"), retry_after: None })
    }

    /// The failure as it is logged and answered.
    fn failure(self, state: &CallState, broken: &Broken) -> Failure {
        let failure = match self {
            Self::Crashed(error) => crash(state, &error),
            Self::Failed(failure) => failure,
        };
        match (failure, broken.failure()) {
            (Failure::Trapped { .. } | Failure::Error { .. } | Failure::Invalid(_), Some(bodys)) => bodys,
            (failure, _) => failure,
        }
    }
}
