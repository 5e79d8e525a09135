//! Finding documents: which ones, in which order, how many, and what of each.

pub(crate) mod criteria;
pub(crate) mod find;
mod order;
mod operator;
mod search;
mod value;

pub(crate) use search::{Body, Search};
