//! What a plugin may do beyond answering: one file or folder a capability, named as its interface in `wit/`.
//!
//! A capability never imports another one, and knows nothing of requests or messages.

pub mod log;
pub mod stdio;
