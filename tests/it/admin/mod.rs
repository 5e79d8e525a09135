//! What commands reach a host by.

mod control;
