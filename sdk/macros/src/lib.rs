//! The macros of `wharf-sdk`. Use them through that crate, which documents them.

use proc_macro::TokenStream;

mod data;
mod pattern;
mod route;
mod service;

/// A handler of `GET`. See the documentation of `wharf_sdk`.
#[proc_macro_attribute]
pub fn get(pattern: TokenStream, function: TokenStream) -> TokenStream {
    route::expand("GET", pattern.into(), function.into()).into()
}

/// A handler of `POST`. See [`macro@get`].
#[proc_macro_attribute]
pub fn post(pattern: TokenStream, function: TokenStream) -> TokenStream {
    route::expand("POST", pattern.into(), function.into()).into()
}

/// A handler of `PUT`. See [`macro@get`].
#[proc_macro_attribute]
pub fn put(pattern: TokenStream, function: TokenStream) -> TokenStream {
    route::expand("PUT", pattern.into(), function.into()).into()
}

/// A handler of `PATCH`. See [`macro@get`].
#[proc_macro_attribute]
pub fn patch(pattern: TokenStream, function: TokenStream) -> TokenStream {
    route::expand("PATCH", pattern.into(), function.into()).into()
}

/// A handler of `DELETE`. See [`macro@get`].
#[proc_macro_attribute]
pub fn delete(pattern: TokenStream, function: TokenStream) -> TokenStream {
    route::expand("DELETE", pattern.into(), function.into()).into()
}

/// The plugin, from its handlers.
#[proc_macro]
pub fn service(handlers: TokenStream) -> TokenStream {
    service::expand(handlers.into()).into()
}

/// `serde::Serialize`, without a dependency on serde. See [`macro@get`].
#[proc_macro_derive(Serialize, attributes(serde))]
pub fn serialize(input: TokenStream) -> TokenStream {
    data::expand(data::Trait::Serialize, input.into()).into()
}

/// `serde::Deserialize`, without a dependency on serde. See [`macro@get`].
#[proc_macro_derive(Deserialize, attributes(serde))]
pub fn deserialize(input: TokenStream) -> TokenStream {
    data::expand(data::Trait::Deserialize, input.into()).into()
}
