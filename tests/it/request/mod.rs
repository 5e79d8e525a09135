pub(crate) mod authenticate;
pub(crate) mod budget;
pub(crate) mod client;
pub(crate) mod limit;
pub(crate) mod listen;
pub(crate) mod respond;
