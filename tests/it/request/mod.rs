pub(crate) mod authenticate;
mod budget;
pub(crate) mod client;
pub(crate) mod listen;
