pub(crate) mod authenticate;
pub(crate) mod client;
pub(crate) mod listen;
