pub(crate) mod ocean_auth;
