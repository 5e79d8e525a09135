//! How a service reads Ocean-Auth headers: keys of `[services.<key>]`.

use std::time::Duration;

use crate::{
    ocean_auth::{Forms, KeyEncoding, Settings},
    toml_reader::{
        Table,
        values::{boolean, choice, duration, list, text},
    },
};

/// A hundred years are for ever: the way to switch the cap off, which the platform's longest headers (until 2100) need.
const LIFETIME: std::ops::RangeInclusive<Duration> = Duration::from_mins(1)..=Duration::from_hours(36_500 * 24);

/// Who revokes more wants a new key.
const MAX_REVOKED: usize = 10_000;
/// The platform's ids have 24 characters.
const MAX_ACCOUNT: usize = 256;

pub(super) fn read(table: &Table<'_>) -> Settings {
    let forms = [("legacy", Forms::Legacy), ("both", Forms::Both), ("v2", Forms::V2)];
    let encodings = [("utf8", KeyEncoding::Utf8), ("binary", KeyEncoding::Binary)];
    let default = Settings::default();
    Settings {
        forms: table.or("ocean-auth", default.forms, choice(&forms)),
        key_encoding: table.or("key-encoding", default.key_encoding, choice(&encodings)),
        max_lifetime: table.or("max-lifetime", default.max_lifetime, duration(LIFETIME)),
        // The platform's own anonymous contexts carry none, so refusing them would shut its clients out.
        anonymous_without_expiry: table.or(
            "anonymous-without-expiry",
            default.anonymous_without_expiry,
            choice(&[("allow", true), ("deny", false)]),
        ),
        // A slip of the printed page, not of the wire.
        missing_comma: table.or("missing-comma", default.missing_comma, boolean),
        revoked_accounts: table.opt("revoked-accounts", list(MAX_REVOKED, text(MAX_ACCOUNT))).into_iter().flatten().collect(),
    }
}
