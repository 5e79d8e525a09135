//! Write back services as [Wharf](https://github.com/wharf-host/wharf) plugins.
//!
//! A plugin is a WebAssembly component. The host terminates HTTP, proves who is calling, finds the route, and hands the request
//! to a fresh instance of the plugin in a sandbox of its own; the plugin answers. This is a whole one:
//!
//! ```
//! use wharf_sdk::prelude::*;
//!
//! #[derive(Serialize)]
//! struct Greeting { text: String }
//!
//! #[get("/hello/{name}")]
//! fn hello(caller: Caller, name: String) -> Result<Json<Greeting>> {
//!     Ok(Json(Greeting { text: format!("Hello {name}, from {}", caller.app()?.key) }))
//! }
//!
//! service!(hello);
//!
//! # fn main() {
//! // And its test: handlers are plain functions, which run natively against a host in memory.
//! use wharf_sdk::testing::TestHost;
//!
//! let response = TestHost::new(routes()).app("sample_app").get("/hello/Ada");
//! assert_eq!(response.status, 200);
//! assert_eq!(response.text(), r#"{"text":"Hello Ada, from sample_app"}"#);
//! # }
//! ```
//!
//! # From nothing to a component
//!
//! A plugin is a library crate with `crate-type = ["cdylib", "rlib"]`, this crate as its only dependency, and a manifest
//! `plugin.toml` beside its `Cargo.toml`: it says what the plugin is called, which routes it has, who may call them, and what it
//! asks of the operator.
//!
//! ```toml
//! manifest-version = 1
//!
//! [plugin]
//! id = "acme/hello"
//! version = "0.1.0"
//! name = "Hello"
//! description = "Greets by name."
//! license = "Apache-2.0"
//!
//! [service]
//! key = "hello"
//!
//! [[routes]]
//! method = "GET"
//! path = "/hello/{name}"
//! auth = "app"          # none | app | app-user | bearer | any | console
//! ```
//!
//! `cargo build --release --target wasm32-wasip2` makes the component. Manifest and route table travel inside it, as the custom
//! sections `wharf:manifest` and `wharf:routes`, so that one file is the artifact; where the two disagree, the host refuses to
//! install it. Two lines in `.cargo/config.toml` halve the cost of a call on machines without `pagemap_scan`, because each call
//! begins with fresh memory and most of that is stack:
//!
//! ```toml
//! [target.wasm32-wasip2]
//! rustflags = ["-C", "link-arg=-zstack-size=65536"]
//! ```
//!
//! They leave 64 KiB for the local variables of all functions that are running. Where a larger array or deep recursion needs
//! more, the call ends with 502, and the host's log says `out of bounds memory access`: raise the number, or keep what is large
//! in a `Vec` or a `Box`.
//!
//! # Handlers
//!
//! A handler is a function below [`#[get("…")]`](macro@get), [`post`], [`put`], [`patch`] or [`delete`]. A parameter whose
//! name stands in the pattern is parsed from the path; every other one is made from the request by its type:
//!
//! | parameter | what it is |
//! |---|---|
//! | `id: T` for `{id}` in the pattern, `rest: T` for `{*rest}` | a segment of the path, or all the rest of it; any `T: FromStr` |
//! | [`Caller`] | who is calling, as the host proved it |
//! | [`Query<T>`](Query) | the query, as a flat struct |
//! | [`Json<T>`](Json), [`Form<T>`](Form), [`FormOrJson<T>`](FormOrJson), `String`, `Vec<u8>` | the whole body |
//! | [`Body`] | the body, to be read piece by piece or handed on |
//! | [`Call`], [`Headers`] | request headers, the time that is left |
//! | [`Reply`] | the right to stream the reply |
//! | `Option` of [`Json`], [`Form`], [`Query`] | the same, where it may be missing |
//! | `Result` of any of these | the same, where the handler itself answers a caller who sent it wrong |
//! | your own | see [`Extract`] |
//!
//! | return | response |
//! |---|---|
//! | [`Json<T>`](Json) | 200, JSON |
//! | `&'static str`, `String` | 200, text |
//! | `Vec<u8>`, [`Body`] | 200, bytes |
//! | `()` | 204 |
//! | `Option<T>` | 404 for `None` |
//! | `(u16, T)` | `T` with that status |
//! | [`Response`] | what you built |
//! | [`Result<T>`](Result) | `T`, or an [`Error`]: an answer such as [`Error::not_found`], or a failure (502, 503) |
//! | [`Result<Streamed>`](Streamed) | what was streamed through [`Reply`] |
//!
//! What is returned as text, JSON or bytes has at most 2 MiB, with the headers; stream what is larger through a [`Reply`], or it is
//! 502 for the caller and `WH2306` in the log. (A host that grants stores takes the operator's `max-value` more.) A [`Body`] that is
//! handed on as it came may be larger.
//!
//! # The host's abilities
//!
//! [`kv`] keeps small durable values, [`mod@http`] calls other servers, [`settings`] and [`secrets`] are what the operator gave,
//! [`log`] writes to the operator's log. Of the platform that apps belong to, [`subscriptions`] says which apps have subscribed,
//! [`app_users`] makes and changes their users, [`apps`] knows their names, and [`mail`] writes to users. Each must be asked for
//! in the manifest (but for log, settings and subscriptions), and a component imports only what its code calls: a plugin without
//! `kv` in it cannot reach a store, whatever the operator granted.
//!
//! # When apps come and go
//!
//! A service learns that an app subscribed or cancelled. Functions below [`on_subscribe`], [`on_cancel`] and [`on_purge`] are
//! told of it; they stand in `lifecycle(…)` beside the routes, and a plugin without them is fine: the host keeps the
//! subscriptions anyway.
//!
//! ```
//! use wharf_sdk::prelude::*;
//!
//! #[get("/welcome")]
//! fn welcome() -> Result<Option<String>> {
//!     kv::store("texts")?.get_json("welcome")
//! }
//!
//! #[on_subscribe]
//! fn subscribed(subscription: Subscription) -> Result<()> {
//!     kv::store("texts")?.set_json("welcome", &format!("Welcome to {}", subscription.app.key))?;
//!     Ok(())
//! }
//!
//! service!(welcome, lifecycle(subscribed));
//!
//! # fn main() {
//! let host = wharf_sdk::testing::TestHost::new(routes()).lifecycle(lifecycle()).app("sample_app");
//! host.subscribe().unwrap();
//! assert_eq!(host.get("/welcome").text(), "Welcome to sample_app");
//! # }
//! ```
//!
//! # What to know about a fresh instance
//!
//! Each call begins with the memory the component was built with; nothing in a `static` outlives the call, unless the operator
//! allows the plugin to be reused. So keep setup small: building a `Regex`, for example, takes about half a millisecond, sixty
//! times as long as the rest of such a call. Match by hand, or ask the operator for `reuse`.
//!
//! A panic ends the call with 502; its text goes to the operator's log, never to the caller. So does all that a plugin prints.
//!
//! Rust's standard library imports a dozen functions of WASI for nothing but printing a panic, and they are a third of what it
//! takes to make an instance. So [`service!`] has a plugin print through the host's own function instead, and leaves nothing of
//! them in a component that does not use WASI otherwise. A plugin that asks for a directory (`data`, under `[permissions]` in
//! its manifest) keeps them: what writes files is the same function.
//!
//! # Memory
//!
//! A component allocates through this crate: what a call makes and drops again has its place in a room of 8 KiB that is empty when
//! the call ends, and everything else is the standard library's; so is all that a plugin with a directory allocates. A plugin with a
//! `#[global_allocator]` of its own leaves out the feature `allocator`:
//!
//! ```toml
//! [dependencies]
//! wharf-sdk = { version = "0.1", default-features = false }
//! ```
//!
//! The macros put out attributes that Rust counts as unsafe (fixed symbol and section names), under an `allow` of their own: a
//! plugin can `deny` unsafe code, but not `forbid` it.

#![warn(missing_docs)]

// The macros speak of `::wharf_sdk`, here too.
extern crate self as wharf_sdk;

#[cfg(any(target_arch = "wasm32", test))]
#[allow(unsafe_code, missing_docs, reason = "an allocator hands out raw memory")]
#[doc(hidden)]
pub mod allocator;
#[cfg(target_arch = "wasm32")]
#[allow(unsafe_code, missing_docs, clippy::all, reason = "generated: the canonical ABI is raw pointers")]
#[doc(hidden)]
pub mod bindings;
pub mod app_users;
pub mod apps;
mod body;
mod call;
mod caller;
pub mod clock;
mod config;
mod error;
mod extract;
mod form_or_json;
pub mod http;
pub mod kv;
mod lifecycle;
pub mod log;
pub mod mail;
pub mod ocean;
mod percent;
pub mod prelude;
mod reply;
mod request;
mod response;
mod route;
pub mod secrets;
#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub mod stdio;
pub mod subscriptions;
mod sys;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;
#[cfg(test)]
mod tests;
mod typed;
mod urlencoded;

pub use body::Body;
pub use call::{Call, Headers};
pub use caller::{App, AppUser, Caller, Scheme};
pub use config::settings;
pub use error::{Error, Result};
pub use extract::{Extract, ExtractOptional};
pub use form_or_json::FormOrJson;
pub use lifecycle::{Lifecycle, Subscription};
pub use reply::{Reply, Streamed, Writer};
pub use request::Request;
pub use response::{IntoResponse, Response};
pub use route::Route;
pub use typed::{Form, Json, Query};
pub use wharf_sdk_macros::{Deserialize, Serialize, delete, get, on_cancel, on_purge, on_subscribe, patch, post, put, service};

/// For the macros only.
#[doc(hidden)]
pub mod __private {
    #[cfg(target_arch = "wasm32")]
    pub use crate::{__allocate as allocate, allocator, bindings, stdio};
    pub use crate::{
        extract::body_once,
        lifecycle::{Kind, Listener, Lives, Outcome},
        response::Answer,
        route::{Endpoint, Plugin, is_first, table, table_length},
    };
    pub use serde;
}
