//! Compiled components, and the one place where they become code.

use wasmtime::{Engine, component::Component};

/// Machine code that this host compiled itself. Its existence is the proof: it is made from the output of the compiling
/// child, or from a file of the data directory whose seal by the host's own key has been verified, and from nothing else.
#[derive(Debug)]
pub struct Artifact(Vec<u8>);

impl Artifact {
    /// Vouches that these bytes came from [`super::compile::compile`], directly or through the sealed cache.
    pub fn compiled_by_this_host(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Makes the code ready to be linked. Fails when it was compiled with other settings or by another version of the engine.
    pub fn load(&self, engine: &Engine) -> wasmtime::Result<Component> {
        // SAFETY: `deserialize` runs what it is given as machine code, so it must only ever see what Wasmtime itself wrote.
        // An `Artifact` is exactly that (see its constructor and who calls it); the bytes are in private memory, so
        // nobody can change them between the verification of their seal and here; and the engine checks its own version and
        // settings in the header.
        #[expect(unsafe_code, reason = "loading our own compiled components is an exception the design makes")]
        unsafe {
            Component::deserialize(engine, &self.0)
        }
    }
}
