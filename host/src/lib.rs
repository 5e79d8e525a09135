//! Wharf, a WebAssembly plugin host for back services: the library behind the binary `wharf`.
//!
//! # Which file decides
//!
//! | step of a request | decided in |
//! |---|---|
//! | is the connection taken, is its request in time | [`request::listen`] |
//! | whose address counts, behind proxies | [`request::client`] |
//! | which back service, of which there are | [`request::address`], [`request::service`] |
//! | what is for none: a notice, or a call of the platform in this host | [`request::own`], [`request::notice`], [`request::platform`] |
//! | who is calling | [`request::authenticate`], a folder a scheme; what an Ocean-Auth header proves, [`ocean_auth`] |
//! | a browser's question ahead of its request (CORS) | [`request::respond`] |
//! | which route, may this caller take it, has its app subscribed | [`request::route`], [`request::apps`] |
//! | has the caller budget, is a permit free | [`request::limit`], [`request::budget`], [`runtime::permit`] |
//! | what the plugin sees of headers and body | [`request::headers`], [`request::body`] |
//! | how a stock component of `wasi:http` is called, and told who calls | [`runtime::stock`] |
//! | fresh instance or an idle one | [`runtime::instance`] |
//! | how long it may run, and where | [`runtime::meter`], [`runtime::lanes`] |
//! | what the plugin may do | [`capabilities`], a file or folder each |
//! | which addresses it may reach, how much it may keep | [`reach`], [`store::kv`] |
//! | what is asked of the platform | [`platform::client`] |
//! | what comes of it | [`runtime::outcome`]; of an answer that is sent as it is made, [`runtime::reply`] |
//! | what the platform in this host answers | [`platform::embedded`], a file a zone |
//! | status, body and headers of every answer, and how a person reads it | [`request::respond`], [`request::page`] |
//! | what is counted of it, its access line | [`request::record`] |
//! | what the log says of a refusal or a failure | [`request::respond`] |
//!
//! | step of a message | decided in |
//! |---|---|
//! | is a notice taken | [`message::receive`] |
//! | what does the message say, can it be handled | [`message::fetch`], `message::read` |
//! | what did no notice announce, which of an app's messages comes first | [`message::poll`], [`store::messages`] |
//! | which is delivered now, how many at once, what becomes of it | [`message::dispatch`] |
//! | until when is the platform told that it is done | [`message::resolve`] |
//! | when does the data of an app go that cancelled, and what goes | [`message::purge`], `message::effects` |
//!
//! An installation travels through `admin::install`: it is vetted (`admin::vet`), compiled in a process of its own
//! ([`runtime::compile`]), linked ([`runtime::plugin`]), stored ([`store::plugins`]), and takes over from the version before it
//! ([`request::service`]). `main` parses a command of [`cli`], and gives its exit status;
//! [`host`] puts a running host together, [`app`] is what its requests share, [`store`] is what survives it.

pub mod cli;
pub mod config;
pub mod manifest;
pub mod host;
pub mod app;
pub mod shutdown;
pub mod observe;

pub mod request;
pub mod message;
pub mod runtime;
pub mod capabilities;
pub mod platform;

pub mod admin;
pub mod operation;
pub mod store;

pub mod bindings;
pub mod caller;
pub mod clock;
pub mod codes;
pub mod failpoint;
pub mod json;
pub mod limits;
pub mod ocean_auth;
pub mod problem;
pub mod processors;
pub mod open_files;
pub mod reach;
pub mod reader;
pub mod secret;
pub mod task;
pub mod toml_reader;
pub mod units;
