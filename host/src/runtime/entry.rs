//! The export by which requests reach a component: found once per version, loaded once per instance.

use wasmtime::{
    Store,
    component::{Instance, InstancePre},
};
use wasmtime_wasi_http::{
    p2::bindings::exports::wasi::http::incoming_handler, p3::bindings::exports::wasi::http::handler as handler_0_3,
};

use super::{inspect::Kind, state::CallState};
use crate::bindings::handler;

/// Where the export is in every instance of one version.
pub(super) enum Entry {
    Contract(handler::GuestIndices),
    Http02(incoming_handler::GuestIndices),
    Http03(handler_0_3::GuestIndices),
}

/// The export of one instance.
pub(super) enum Exports {
    Contract(handler::Guest),
    Http02(incoming_handler::Guest),
    Http03(handler_0_3::Guest),
}

/// The state of a host that calls an instance as what it is not.
#[derive(Debug, thiserror::Error)]
#[error("the instance is of another kind than its plugin")]
pub(super) struct OtherKind;

impl Entry {
    /// Fails when the export is of another version or type than this host calls.
    pub(super) fn new(kind: Kind, pre: &InstancePre<CallState>) -> wasmtime::Result<Self> {
        Ok(match kind {
            Kind::Contract => Self::Contract(handler::GuestIndices::new(pre)?),
            Kind::Http02 => Self::Http02(incoming_handler::GuestIndices::new(pre)?),
            Kind::Http03 => Self::Http03(handler_0_3::GuestIndices::new(pre)?),
        })
    }

    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Contract(_) => Kind::Contract,
            Self::Http02(_) => Kind::Http02,
            Self::Http03(_) => Kind::Http03,
        }
    }

    /// The engine compares the types anew for each instance, about 3 % of a fresh call (`perf record` of `benches/instantiate.rs`);
    /// only unsafe code could tell it that they are the same.
    pub(super) fn load(&self, store: &mut Store<CallState>, instance: &Instance) -> wasmtime::Result<Exports> {
        Ok(match self {
            Self::Contract(indices) => Exports::Contract(indices.load(store, instance)?),
            Self::Http02(indices) => Exports::Http02(indices.load(store, instance)?),
            Self::Http03(indices) => Exports::Http03(indices.load(store, instance)?),
        })
    }
}
