//! What the macros refuse, and the way out they tell. That the messages of the type system say theirs is for the eye: they
//! change with the compiler.

use proc_macro2::TokenStream;
use quote::quote;

use crate::data::{self, Trait};
use crate::{listener, route, service};

/// The text of the first `compile_error!`, or the empty string.
fn refusal(output: TokenStream) -> String {
    let output = output.to_string();
    let text = output.split_once("compile_error ! {").and_then(|(_, rest)| rest.split_once('"')).map(|(_, text)| text);
    text.map(|text| text.rsplit_once("\" }").map_or(text, |(text, _)| text).replace("\\\"", "\"")).unwrap_or_default()
}

fn get(pattern: TokenStream, function: TokenStream) -> String {
    refusal(route::expand("GET", pattern, function))
}

#[test]
fn a_pattern_that_cannot_match_is_refused() {
    let function = || {
        quote!(
            fn f(id: u8, rest: u8) {}
        )
    };
    for (pattern, expected) in [
        (quote!("items"), "a pattern begins with `/`; write `\"/items\"`"),
        (quote!("/a//b"), "`/a//b` has an empty segment (`//`), which no request matches"),
        (quote!("/items/"), "`/items/` ends with `/`; leave it out, or name what follows, such as `{*rest}`"),
        (quote!("/a/../b"), "`/a/../b` has a segment `..`, which no request matches"),
        (quote!("/.wharf/metrics"), "what begins with `/.wharf` is the host's own"),
        (quote!("/users/@me"), "`@` cannot stand in the segment `@me`"),
        (quote!("/a b"), "` ` cannot stand in the segment `a b`; a parameter is a whole segment (`{id}`)"),
        (quote!("/a?b=c"), "`?` cannot stand in the segment `a?b=c`"),
        (quote!("/item-{id}"), "`{` cannot stand in the segment `item-{id}`"),
        (quote!("/{*rest}/{id}"), "`{*rest}` takes all the rest of the path, so it must be the last segment"),
        (quote!("/{}"), "`` in `{}` is no parameter name: at most 64 letters, digits and `_`, not beginning with a digit"),
        (quote!("/{größe}"), "`größe` in `{größe}` is no parameter name"),
        (quote!("/{a-b}"), "`a-b` in `{a-b}` is no parameter name"),
        (quote!("/{id}/{id}"), "`{id}` is in the pattern twice"),
        (quote!(), "write the pattern as text: `#[get(\"/items/{id}\")]`"),
        (quote!(path = "/items"), "write the pattern as text"),
    ] {
        let text = get(pattern.clone(), function());
        assert!(text.starts_with(expected), "{pattern}: {text}");
    }
    assert_eq!(get(quote!("/{id}/x-y.z~/{*rest}"), function()), "");
    assert_eq!(
        get(
            quote!("/"),
            quote!(
                fn f() {}
            )
        ),
        ""
    );
    let long = format!("/{}", "a".repeat(512));
    assert_eq!(get(quote!(#long), function()), "a pattern has at most 512 bytes");
}

#[test]
fn a_function_that_cannot_handle_is_refused() {
    for (function, expected) in [
        (
            quote!(
                fn f() {}
            ),
            "the pattern has `{id}`, but `f` has no parameter `id`; add `id: String`",
        ),
        (
            quote!(
                fn f((id,): (u8,)) {}
            ),
            "the pattern has `{id}`, but",
        ),
        (
            quote!(
                fn f(&self, id: u8) {}
            ),
            "a handler is a function of its own, without `self`",
        ),
        (
            quote!(
                fn f<T>(id: T) {}
            ),
            "a handler cannot be generic",
        ),
        (
            quote!(
                fn f(id: impl Into<u8>) {}
            ),
            "name the type: what comes from the request is found by it",
        ),
        (
            quote!(
                async fn f(id: u8) {}
            ),
            "a handler is a plain function: the host waits beside it, not in it; drop `async`",
        ),
        (
            quote!(
                unsafe fn f(id: u8) {}
            ),
            "a handler cannot be `unsafe`",
        ),
    ] {
        let text = get(quote!("/{id}"), function.clone());
        assert!(text.starts_with(expected), "{function}: {text}");
    }
}

#[test]
fn a_refused_function_is_still_there() {
    let output = route::expand(
        "GET",
        quote!("items"),
        quote!(
            fn f() {}
        ),
    )
    .to_string();
    assert!(output.starts_with("fn f () { }"), "{output}");
}

#[test]
fn a_service_has_handlers_and_a_manifest() {
    assert_eq!(refusal(service::expand(quote!())), "name the handlers: `service!(list, add)`");
    // This crate has no manifest, which only a component needs.
    let output = service::expand(quote!(list, admin::purge)).to_string();
    let wasm_only = output.split_once("cfg (target_arch = \"wasm32\")").unwrap().1;
    assert!(wasm_only.contains("and there is no "), "{output}");
}

#[test]
fn a_lifecycle_is_one_list_of_functions() {
    for (list, expected) in [
        (quote!(lifecycle(subscribed)), "name the handlers: `service!(list, add)`"),
        (quote!(list, lifecycle()), "name a function in `lifecycle(…)`, or leave it out"),
        (quote!(list, lifecycle(a), lifecycle(b)), "`lifecycle(…)` is there twice"),
        (quote!(list, events(a)), "only `lifecycle(…)` is a list of its own"),
    ] {
        let text = refusal(service::expand(list.clone()));
        assert!(text.starts_with(expected), "{list}: {text}");
    }
}

/// A component must not export what its plugin does not have.
#[test]
fn only_a_lifecycle_is_exported_as_one() {
    assert!(!service::expand(quote!(list)).to_string().contains("export_lifecycle"));
    // A handler may have that name.
    assert!(!service::expand(quote!(list, lifecycle)).to_string().contains("export_lifecycle"));
    let output = service::expand(quote!(list, lifecycle(subscribed, app::purge), add)).to_string();
    assert!(output.contains("export_lifecycle") && output.contains("< app :: purge as"), "{output}");
}

#[test]
fn a_function_that_cannot_listen_is_refused() {
    for (function, expected) in [
        (
            quote!(
                fn f() {}
            ),
            "a function below `#[on_cancel]` takes a `Subscription`, and nothing else",
        ),
        (
            quote!(
                fn f(a: Subscription, b: Caller) {}
            ),
            "a function below `#[on_cancel]` takes a `Subscription`, and nothing else",
        ),
        (
            quote!(
                fn f(&self) {}
            ),
            "a function below `#[on_cancel]` takes",
        ),
        (
            quote!(
                async fn f(a: Subscription) {}
            ),
            "a handler is a plain function",
        ),
    ] {
        let text = refusal(listener::expand("Cancel", "on_cancel", quote!(), function.clone()));
        assert!(text.starts_with(expected), "{function}: {text}");
    }
    let function = quote!(
        fn f(a: Subscription) {}
    );
    let text = refusal(listener::expand("Cancel", "on_cancel", quote!("app"), function.clone()));
    assert!(text.starts_with("`#[on_cancel]` stands alone"), "{text}");
    assert_eq!(refusal(listener::expand("Cancel", "on_cancel", quote!(), function)), "");
}

#[test]
fn a_derive_says_what_it_does_not_know() {
    for attribute in [quote!(bound = ""), quote!(default, crate = "x"), quote!(remote = "X")] {
        let output = data::expand(
            Trait::Serialize,
            quote!(
                #[serde(#attribute)]
                struct S;
            ),
        );
        assert!(refusal(output).starts_with("the SDK's derive does not know this; add serde to Cargo.toml"), "{attribute}");
    }
}
