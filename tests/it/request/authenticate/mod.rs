pub(crate) mod bearer;
pub(crate) mod ocean_auth;
