//! What a host says of itself while it runs.

mod log;
