//! Wharf, a WebAssembly plugin host for back services: the library behind the binary `wharf`.
//!
//! # Which file decides
//!
//! | step of a request | decided in |
//! |---|---|
//! | in which order a request, once it is read, is asked all that follows | [`request`]: its `serve` and `travel`, a screen |
//! | how many connections there are, in all and by address | [`request::listen::door`] |
//! | which protocol a connection speaks; its certificate | [`request::listen::wire`]; [`request::listen::tls`] |
//! | how long a client may be silent or slow | [`request::listen::watch`]; with a body, [`request::listen::arriving`] |
//! | the request's id | [`app`] |
//! | whose address counts, behind proxies | [`request::client`] |
//! | a browser's question ahead of its request (CORS), which is asked nothing more | [`request::respond`] |
//! | how many headers there may be; which of them a plugin sees | [`request::headers`] |
//! | which back service a host name or a path means | [`request::address`], [`request::service`] |
//! | what is for none of them: a notice, a call to the platform in this host | [`request::own`], [`request::notice`], [`request::platform`] |
//! | who is calling | [`request::authenticate`] |
//! | … by an Ocean-Auth header | [`ocean_auth`] |
//! | … by a token of this host, by a JWT of an issuer | [`request::authenticate::bearer::opaque`], [`request::authenticate::bearer::jwt`] |
//! | … by the session of a console | [`request::authenticate::console`] |
//! | which route, may this caller take it, has its app subscribed | [`request::route`], [`request::apps`] |
//! | has the caller budget | [`request::limit`], [`request::budget`] |
//! | how large the body may be; is it read now, or by the plugin | [`request::body`] |
//! | is a permit free | [`request::limit`], [`runtime::permit`] |
//! | what a call may use at all, by manifest and operator | [`limits`] |
//! | how the call goes | [`runtime::call`]; as every call does, `runtime::run` |
//! | … that of a stock component of `wasi:http`, which is told who calls | [`runtime::stock`] |
//! | fresh instance or an idle one | [`runtime::instance`] |
//! | is its memory used up, its processor time, its host calls | [`runtime::meter`] |
//! | when is it slow; where it then runs, and until which deadline | [`runtime::meter`], `runtime::pace`; [`runtime::lanes`] |
//! | what the plugin may do | [`capabilities`], a file or folder each |
//! | which servers it may call; which addresses behind their names | [`capabilities::http_out`]; [`reach`] |
//! | how much it may keep, and whether a write's condition holds | [`store::kv`] |
//! | what is asked of the platform | [`platform::client`] |
//! | why a call failed | `runtime::run`, `runtime::crash`; all that can come of one, [`runtime::outcome`] |
//! | an answer that is sent as it is made; a body that is handed on | [`runtime::reply`]; `runtime::passed` |
//! | what the platform in this host answers | [`platform::embedded`], a file or folder a zone |
//! | what a refusal is answered, and says in the log | `request::respond::refuse`, `request::respond::refusal` |
//! | what a failure is answered, and says in the log | `request::respond::failure`; once an answer has begun, [`runtime::call`] |
//! | status, body and headers of all other answers, and how a person reads it | [`request::respond`], [`request::page`] |
//! | what a page of a plugin may do in a browser | `request::respond::sandbox`; one of a console, [`request::headers`] |
//! | what is counted of a request, its access line | [`request::record`] |
//!
//! | step of a message | decided in |
//! |---|---|
//! | is a notice taken | [`message::receive`] |
//! | what does the message say, can it be handled | [`message::fetch`], `message::read` |
//! | what did no notice announce, which of an app's messages comes first | [`message::poll`], [`store::messages`] |
//! | which is delivered now, what becomes of it; how many at once | [`message::dispatch`]; `message::pace` |
//! | until when is the platform told that it is done | [`message::resolve`] |
//! | when does the data of an app go that cancelled, and what goes | [`message::purge`], `message::effects` |
//!
//! An installation travels through `admin::install`: it is vetted (`admin::vet`), compiled in a process of its own
//! ([`runtime::compile`]), linked ([`runtime::plugin`]), stored ([`store::plugins`]), and takes over from the version before it
//! ([`request::service`]). `main` parses a command of [`cli`], and gives its exit status; [`host`] puts a running host together
//! and takes it apart, at a signal that [`shutdown`] has heard, after [`request::listen`] has let its requests finish; [`app`] is
//! what they share, [`store`] is what survives the host.

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
