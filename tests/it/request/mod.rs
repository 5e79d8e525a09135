pub(crate) mod authenticate;
