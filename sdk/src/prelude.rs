//! What nearly every plugin needs: `use wharf_sdk::prelude::*;`.

pub use crate::{
    App, AppUser, Body, Call, Caller, Deserialize, Error, Form, Headers, IntoResponse, Json, Query, Reply, Response, Result,
    Scheme, Serialize, Streamed, Writer, debug, delete, error, get, http, info, kv, log, patch, post, put, secrets, service,
    settings, trace, warn,
};
/// The traits; the derives beside them are the SDK's.
pub use serde::{de::Deserialize, ser::Serialize};
