//! What must hold of the source itself: architecture is mostly what is absent, and absence needs a test.

mod codes;
mod dependencies;
mod layers;
mod licence;
mod loopback;
mod sizes;
pub(crate) mod source;
mod steps;
mod unsafe_code;
mod words;
