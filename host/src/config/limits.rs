//! `[limits]`: what any plugin of this host may ask for at most.

use crate::{
    limits::Limits,
    toml_reader::{self, Table},
};

/// The host's caps, or `None` if any of them is wrong: then nothing can be measured against them.
pub(super) fn read(table: &Table<'_>) -> Option<Limits> {
    let before = table.problems();
    let caps = toml_reader::limits::read(table, None).over(&Limits::CAPS);
    (table.problems() == before).then_some(caps)
}
