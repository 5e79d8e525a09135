//! SDK
#![warn(missing_docs)]

extern crate self as wharf_sdk;

#[cfg(target_arch = "wasm32")]
#[allow(unsafe_code, missing_docs, clippy::all, reason = "generated: the canonical ABI is raw pointers")]
#[doc(hidden)]
pub mod bindings;
mod body;
mod call;
mod caller;
mod config;
mod error;
mod extract;
pub mod http;
pub mod kv;
pub mod log;
mod percent;
pub mod prelude;
mod reply;
mod request;
mod response;
mod route;
pub mod secrets;
mod sys;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;
mod typed;
mod urlencoded;

pub use body::Body;
pub use call::{Call, Headers};
pub use caller::{App, AppUser, Caller, Scheme};
pub use config::settings;
pub use error::{Error, Result};
pub use extract::{Extract, ExtractOptional};
pub use reply::{Reply, Streamed, Writer};
pub use request::Request;
pub use response::{IntoResponse, Response};
pub use route::Route;
pub use typed::{Form, Json, Query};
pub use wharf_sdk_macros::{Deserialize, Serialize, delete, get, patch, post, put, service};

/// For the macros only.
#[doc(hidden)]
pub mod __private {
    #[cfg(target_arch = "wasm32")]
    pub use crate::bindings;
    pub use crate::{
        extract::body_once,
        response::Answer,
        route::{Endpoint, Plugin, table, table_length},
    };
    pub use serde;
}

#[cfg(test)]
mod tests;
