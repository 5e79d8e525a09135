//! The macros of `wharf-sdk`. Use them through that crate: what they put out speaks of `::wharf_sdk`.

use proc_macro::TokenStream;

mod data;
mod listener;
mod pattern;
mod route;
mod service;
#[cfg(test)]
mod tests;

/// Makes a function the handler of `GET` for the paths of a pattern: `#[get("/items/{id}")]`.
///
/// A pattern is text and parameters, each a whole segment: `{id}` is one segment, `{*rest}` at the end is all the rest of the
/// path, and neither is ever empty. Where several patterns fit a path, text goes before both; the two do not stand at the same
/// place of a plugin's patterns. Each parameter of the pattern is a parameter of the function, of any type that implements
/// `FromStr`; a segment that does not parse is answered 400. All other parameters are made from the request by their types.
///
/// The function stays a function that can be called. Beside it stands a type of the same name, the route, so that `use` brings
/// both along; that is why no module or type in scope should be called like a handler (a handler `kv` hides the module `kv`). A
/// `GET` handler answers `HEAD` too; the host drops the body.
///
/// What cannot work is refused when the plugin is compiled: a parameter of the pattern that the function does not take, a
/// parameter of the function that nothing can make, a body taken twice, a return value that is no response, two handlers for the
/// same method and pattern. `service!` lists the handlers of a plugin; one that it does not list gets the warning that it is never
/// used.
#[proc_macro_attribute]
pub fn get(pattern: TokenStream, function: TokenStream) -> TokenStream {
    route::expand("GET", pattern.into(), function.into()).into()
}

/// Makes a function the handler of `POST` for the paths of a pattern. The rules are those of `get`.
#[proc_macro_attribute]
pub fn post(pattern: TokenStream, function: TokenStream) -> TokenStream {
    route::expand("POST", pattern.into(), function.into()).into()
}

/// Makes a function the handler of `PUT` for the paths of a pattern. The rules are those of `get`.
#[proc_macro_attribute]
pub fn put(pattern: TokenStream, function: TokenStream) -> TokenStream {
    route::expand("PUT", pattern.into(), function.into()).into()
}

/// Makes a function the handler of `PATCH` for the paths of a pattern. The rules are those of `get`.
#[proc_macro_attribute]
pub fn patch(pattern: TokenStream, function: TokenStream) -> TokenStream {
    route::expand("PATCH", pattern.into(), function.into()).into()
}

/// Makes a function the handler of `DELETE` for the paths of a pattern. The rules are those of `get`.
#[proc_macro_attribute]
pub fn delete(pattern: TokenStream, function: TokenStream) -> TokenStream {
    route::expand("DELETE", pattern.into(), function.into()).into()
}

/// Makes a function what the plugin does when an app has subscribed to its service: `fn(Subscription) -> Result<()>`.
///
/// When it says ok, the platform is told that the message is handled, and not before: where it fails, nothing that it wrote to
/// its stores is kept, and it is asked again. It has to stand in `lifecycle(…)` of `service!`.
#[proc_macro_attribute]
pub fn on_subscribe(arguments: TokenStream, function: TokenStream) -> TokenStream {
    listener::expand("Subscribe", "on_subscribe", arguments.into(), function.into()).into()
}

/// Makes a function what the plugin does when an app has cancelled. The rules are those of `on_subscribe`.
///
/// The app's data stays for a while, in case it comes back; `on_purge` is told when it has to go.
#[proc_macro_attribute]
pub fn on_cancel(arguments: TokenStream, function: TokenStream) -> TokenStream {
    listener::expand("Cancel", "on_cancel", arguments.into(), function.into()).into()
}

/// Makes a function what the plugin does when the data of an app that cancelled has to go. The rules are those of
/// `on_subscribe`.
///
/// The host empties the app's own stores by itself afterwards; what is elsewhere is the plugin's to remove.
#[proc_macro_attribute]
pub fn on_purge(arguments: TokenStream, function: TokenStream) -> TokenStream {
    listener::expand("Purge", "on_purge", arguments.into(), function.into()).into()
}

/// Makes a plugin of its handlers: `service!(list, add, admin::remove);`, once, at the root of the crate. "Expected type, found
/// function" is how the compiler says that a name in the list is a function without `#[get("…")]` or a sibling above it.
///
/// Functions below `#[on_subscribe]`, `#[on_cancel]` and `#[on_purge]` stand in a list of their own, which makes the plugin
/// export `wharf:service/lifecycle`: `service!(list, add, lifecycle(subscribed, purge));`.
///
/// It puts out `pub const fn routes() -> &'static [Route]` and, with a lifecycle, `pub const fn lifecycle() -> Lifecycle`,
/// which the test host takes. On wasm32 it puts out the component's
/// exports and two custom sections as well: `wharf:routes`, a line `METHOD PATTERN` for each handler, and `wharf:manifest`, the
/// `plugin.toml` beside the crate's `Cargo.toml`, without which the plugin does not compile.
#[proc_macro]
pub fn service(handlers: TokenStream) -> TokenStream {
    service::expand(handlers.into()).into()
}

/// Implements `Serialize` as serde's derive of that name does, `#[serde(…)]` attributes included, without serde among the
/// plugin's dependencies.
///
/// It does not know the container attributes `bound`, `crate` and `remote`; a plugin that needs them adds serde and uses its own.
#[proc_macro_derive(Serialize, attributes(serde))]
pub fn serialize(input: TokenStream) -> TokenStream {
    data::expand(data::Trait::Serialize, input.into()).into()
}

/// Implements `Deserialize` as serde's derive of that name does, `#[serde(…)]` attributes included, without serde among the
/// plugin's dependencies.
///
/// It does not know the container attributes `bound`, `crate` and `remote`; a plugin that needs them adds serde and uses its own.
#[proc_macro_derive(Deserialize, attributes(serde))]
pub fn deserialize(input: TokenStream) -> TokenStream {
    data::expand(data::Trait::Deserialize, input.into()).into()
}
