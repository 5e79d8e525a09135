//! What one instance of a component takes of the engine's pool, in core instances.
//!
//! A component may instantiate others any number of times, and the engine adds modules of its own between them: only the engine
//! knows how many core instances come of it. It does not tell, but it refuses at load what has more of them than its pool allows
//! for one component. So the number is found with engines that allow less.

use wasmtime::Engine;

use super::{
    artifact::Artifact,
    engine::{MAX_CORE_INSTANCES, Mode, Pool, engine},
};

/// How many permits a call of this component needs, so that calls with permits never find the pool empty.
///
/// The component can be loaded where the most are allowed. `seen` is what can be counted in it without following who
/// instantiates whom, which is right for all that is not composed, and never less is returned. Blocking: loads the component
/// once more, or a few times where `seen` is too few.
pub fn weight(artifact: &Artifact, mode: Mode, seen: u32) -> wasmtime::Result<u32> {
    let (mut least, mut most) = (seen.clamp(1, MAX_CORE_INSTANCES), MAX_CORE_INSTANCES);
    let mut next = least;
    while least < most {
        if artifact.load(&allowing(mode, next)?).is_ok() {
            most = next;
        } else {
            least = next + 1;
        }
        next = least.midpoint(most);
    }
    Ok(least)
}

/// An engine like the one that serves, but for how many core instances a component may have. Nothing ever runs in it.
fn allowing(mode: Mode, per_component: u32) -> wasmtime::Result<Engine> {
    engine(mode, Pool { core_instances: 1, per_component, max_memory: 4 << 30, pagemap_scan: false })
}
