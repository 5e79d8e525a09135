//! `[listen.tls]`: the certificate that the host shows to its clients.

use std::path::{Path, PathBuf};

use super::{file, secret_ref};
use crate::{
    secret::SecretRef,
    toml_reader::{Item, within},
};

/// The certificate that the host shows to its clients, both files in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// The host's certificate, and after it those that lead to its authority's.
    pub certificate: PathBuf,
    /// The certificate's private key.
    pub key: SecretRef,
}

pub(super) fn read(directory: &Path) -> impl Fn(&Item<'_>) -> Option<Tls> {
    move |item| {
        within(|table| {
            let certificate = table.must("certificate", file::path(directory));
            let key = table.must("key", secret_ref::read(directory));
            Some(Tls { certificate: certificate?, key: key? })
        })(item)
    }
}
