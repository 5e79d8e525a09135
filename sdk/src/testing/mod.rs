//! Plugins under `cargo test`: the handlers run natively, against a host in memory.
//!
//! ```
//! use wharf_sdk::prelude::*;
//! use wharf_sdk::testing::TestHost;
//!
//! #[get("/greeting/{name}")]
//! fn greeting(caller: Caller, name: String) -> Result<String> {
//!     kv::store("seen")?.set(&name, "1")?;
//!     Ok(format!("Hello {name} from {}", caller.app()?.key))
//! }
//!
//! service!(greeting);
//!
//! # fn main() {
//! let host = TestHost::new(routes()).app("sample_app");
//! let response = host.get("/greeting/Ada");
//! assert_eq!((response.status, response.text()), (200, "Hello Ada from sample_app"));
//! assert!(host.run(|| kv::store("seen")?.get("Ada")).unwrap().is_some());
//! # }
//! ```
//!
//! The host of the tests keeps what the contract says of stores, conditions, versions, pages, bodies and replies, of messages
//! ([`TestHost::subscribe`], [`TestHost::cancel`], [`TestHost::purge`]), and of what the platform does for a plugin: users of an
//! app that has subscribed, and mail ([`TestHost::app_users`], [`TestHost::outbox`]). Its clock can be set. It does not
//! read `plugin.toml`: it neither asks who may call a route (say who calls with [`TestHost::app`] and its siblings), nor knows
//! the defaults of `[config]`, and it grants everything that was not denied. A response that is returned as bytes may have 2 MiB
//! with its head, as at a host that grants no stores; one that does takes the operator's `max-value` more. What only the real
//! host does (limits of time and memory, identity, the network) is tested with the component, in the real host.

mod apps;
mod current;
mod host;
mod http;
mod kv;
mod lifecycle;
mod outbox;
mod paths;
mod platform;
mod request;
mod response;
mod streams;

pub use host::{LogLine, TestHost};
pub use http::Sent;
pub use platform::IssuedToken;
pub use request::TestRequest;
pub use response::TestResponse;

pub(crate) use current::{no_host, with_current};
pub(crate) use host::now;
pub(crate) use http::send;
pub(crate) use kv::StoreId;
pub(crate) use outbox::post;
pub(crate) use platform::{access_token, create, update};
pub(crate) use streams::{FakeCall, FakeReader, FakeWriter};
