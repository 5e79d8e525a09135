//! `[issuers.<name>]`: who may sign access tokens for this host's services, and how they are checked.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use reqwest::Url;

use super::file;
use crate::{
    request::authenticate::bearer::jwt::Algorithm,
    toml_reader::{
        Item, Table, join, names,
        values::{choice, duration, list, parsed, text},
        within,
    },
};

/// Each is asked for its keys every few minutes.
const MAX_ISSUERS: usize = 100;
/// As long as a URL that anybody would write.
pub(super) const MAX_NAME: usize = 512;
/// What issuers sign with today; one that is stronger in theory is the operator's to name.
const ALGORITHMS: [Algorithm; 3] = [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa];
/// Machines that keep time at all are closer together than this.
const CLOCK_SKEW: Duration = Duration::from_secs(30);
/// More would be a second lifetime.
const MAX_CLOCK_SKEW: Duration = Duration::from_mins(5);

const JWKS_FIX: &str = "write { file = \"path\" } or { url = \"https://…\" }";

/// An issuer of JWT access tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer {
    /// What its tokens say in `iss`, letter by letter.
    pub issuer: String,
    /// Where its public keys are.
    pub jwks: Jwks,
    /// What it may sign with; at least one.
    pub algorithms: Vec<Algorithm>,
    /// How far its clock and the host's may differ.
    pub clock_skew: Duration,
}

/// Where the public keys of an issuer are, as a JWK set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Jwks {
    File(PathBuf),
    /// `https`, or `http` to this machine itself.
    Url(Url),
}

/// Reads all issuers, and before them their names, those of wrong tables included.
pub(super) fn read_all(table: &Table<'_>, directory: &Path) -> (Vec<String>, BTreeMap<String, Issuer>) {
    let mut all = Vec::new();
    let mut issuers: BTreeMap<String, Issuer> = BTreeMap::new();
    table.each(|name, item| {
        all.push(name.to_owned());
        if all.len() > MAX_ISSUERS {
            item.wrong::<()>("is one issuer too many", "", format!("use at most {MAX_ISSUERS}"));
        } else if !names::is_key(name) {
            item.wrong::<()>("is not a name for an issuer", "", names::KEY_FIX);
        }
        let issuer = within(|table| read(table, directory, &issuers))(&item);
        if let Some(issuer) = issuer {
            issuers.insert(name.to_owned(), issuer);
        }
    });
    (all, issuers)
}

fn read(table: &Table<'_>, directory: &Path, others: &BTreeMap<String, Issuer>) -> Option<Issuer> {
    let unclaimed = |item: &Item<'_>| {
        let issuer = text(MAX_NAME)(item)?;
        match others.iter().find(|(_, other)| other.issuer == issuer) {
            None => Some(issuer),
            Some((other, _)) => {
                let why = format!("`{}` has the same one, so there is no telling which keys are meant", join("issuers", other));
                item.wrong("is used twice", why, "write each issuer once; its set may hold many keys")
            }
        }
    };
    let issuer = table.must("issuer", unclaimed);
    let jwks = table.must("jwks", |item| jwks(item, directory));
    let algorithms = table.or("algorithms", ALGORITHMS.to_vec(), |item| {
        if item.elements().is_some_and(|names| names.is_empty()) {
            return item.wrong("names no algorithm", "", "name one, or leave it out");
        }
        list(Algorithm::ALL.len(), choice(&Algorithm::ALL))(item)
    });
    let clock_skew = table.or("clock-skew", CLOCK_SKEW, duration(Duration::ZERO..=MAX_CLOCK_SKEW));
    Some(Issuer { issuer: issuer?, jwks: jwks?, algorithms, clock_skew })
}

fn jwks(item: &Item<'_>, directory: &Path) -> Option<Jwks> {
    if item.as_table().is_none() {
        return item.is_not("a reference to keys", JWKS_FIX);
    }
    within(|table| match (table.take("file"), table.take("url")) {
        (Some(file), None) => file::path(directory)(&file).map(Jwks::File),
        (None, Some(item)) => parsed(
            "an address of keys",
            "write \"https://…\", without user and fragment; \"http://\" only to 127.0.0.1, [::1] or localhost",
            url,
        )(&item)
        .map(Jwks::Url),
        (Some(_), Some(_)) => item.wrong("names both a file and an address", "", JWKS_FIX),
        (None, None) => item.wrong("names neither a file nor an address", "", JWKS_FIX),
    })(item)
}

/// An address that is reached by TLS, or on this machine: who can change keys on their way can make tokens.
pub(super) fn url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok().filter(|_| text.len() <= MAX_NAME)?;
    let host = url.host_str()?;
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    let local = host == "localhost" || address.is_ok_and(|address| address.is_loopback());
    let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    (plain && (url.scheme() == "https" || url.scheme() == "http" && local)).then_some(url)
}
