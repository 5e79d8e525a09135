pub(crate) mod bearer;
pub(crate) mod console;
pub(crate) mod ocean_auth;
