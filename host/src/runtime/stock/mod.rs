//! Stock components: they speak `wasi:http` instead of the contract and run unmodified, under the same permits and limits.
//!
//! In the order of travel: [`identity`] tells the caller by headers, [`incoming`] makes the component's request, [`http_0_2`]
//! or [`http_0_3`] calls it, [`outgoing`] sends its response on. What of all that is a limit, a failure or a cut means the same as
//! for a plugin of the contract; a request body that failed outweighs what the component made of that, because `wasi:http` has no
//! error of its own for it that would come back.

mod identity;
mod incoming;
mod http_0_2;
mod http_0_3;
mod outgoing;

pub(super) use self::incoming::Incoming;

use super::{
    call::Answer,
    entry::Exports,
    outcome::Failure,
    permit::Permit,
    plugin::Plugin,
    run::{crash, enter, flush_stdio},
    state::CallState,
};
use incoming::{Broken, Incame};

/// Runs the call of a component of either version. Cancelling drops the instance, and cuts off a reply that has begun.
pub(super) async fn run(
    plugin: &Plugin,
    state: Box<CallState>,
    permit: &Permit,
    tenant: Option<String>,
    request: Incame,
) -> Result<Answer, Failure> {
    let mut instance = enter(plugin, state, permit, tenant.as_deref()).await?;
    let broken = request.broken.clone();
    let answer = match instance.exports {
        Exports::Http03(_) => http_0_3::answer(&mut instance, request).await,
        Exports::Http02(_) | Exports::Contract(_) => http_0_2::answer(&mut instance, request).await,
    };
    let state = instance.store.data_mut();
    let answer = answer.map_err(|stop| stop.failure(state, &broken));
    flush_stdio(state);
    if answer.is_ok() {
        instance.give_back(plugin, tenant);
    }
    answer
}

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
