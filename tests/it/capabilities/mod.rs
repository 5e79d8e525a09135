//! What plugins may do beyond answering: granted it works, and not granted it is refused with the contract's error.

mod anew;
pub(crate) mod confide;
pub(crate) mod enlist;
pub(crate) mod fetch;
pub(crate) mod files;
mod grants;
pub(crate) mod keep;
pub(crate) mod lookup;
mod stock;
