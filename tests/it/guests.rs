//! Every guest has a test module of its name: one without does not compile.

use crate::{
    capabilities::{confide, enlist, fetch, files, keep, lookup},
    cli::plugin as innocent,
    platform::embedded::mail as mailer,
    request::{
        authenticate::{bearer as doors, console as desk, ocean_auth as identity},
        respond as page,
    },
    runtime::{
        canary, chatter, drip, escape, fill, flood, giant, grow, hoard,
        lifecycle::{balk, journal, unruly},
        malformed, panic, recurse, sink, sip, sleep, source, spin, stock as proxy, stock as service, tally, trap,
    },
};

macro_rules! each_has_a_test {
    ($($guest:ident)*) => {
        mod seen {
            $(#[expect(unused_imports, reason = "that it can be named is the point")] use super::$guest;)*
        }
    };
}

wharf_guests::for_each_guest!(each_has_a_test);
