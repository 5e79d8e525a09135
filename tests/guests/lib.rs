//! The guests that the tests run: one file of `src/` is one component that behaves in one way, mostly badly.
//!
//! A guest is an `[[example]]` of this package, built for wasm32 by the build script, and has its manifest beside it. The
//! tests must have a module of the guest's name ([`for_each_guest`]): a guest without a test does not compile.

/// A component that the build script made, and the manifest it is installed with.
#[derive(Debug, Clone, Copy)]
pub struct Guest {
    /// Its name; its plugin is `test/<name>`.
    pub name: &'static str,
    /// The component's file.
    pub component: &'static str,
    /// The manifest's file.
    pub manifest: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/guests.rs"));
