//! The SDK as a plugin's author uses it, natively: a file a subject, each with a small service of its own.

mod answers;
mod capabilities;
mod data;
mod extractors;
mod form_or_json;
mod kv;
mod lifecycle;
mod ocean;
mod platform;
mod routes;
mod streams;
