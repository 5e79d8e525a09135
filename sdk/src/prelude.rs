//! What nearly every plugin needs: `use wharf_sdk::prelude::*;`.

pub use crate::{
    App, AppUser, Body, Call, Caller, Deserialize, Error, Form, FormOrJson, Headers, IntoResponse, Json, Query, Reply, Response,
    Result, Scheme, Serialize, Streamed, Subscription, Writer, app_users, apps, clock, debug, delete, error, get, http, info, kv,
    log, mail, on_cancel, on_purge, on_subscribe, patch, post, put, secrets, service, settings, subscriptions, trace, warn,
};
/// The traits; the derives beside them are the SDK's.
pub use serde::{de::Deserialize, ser::Serialize};
