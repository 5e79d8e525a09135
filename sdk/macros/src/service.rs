//! `service!(list, add, lifecycle(subscribed))`: the table of routes, what is told of subscriptions, and on wasm32 the component's
//! exports and custom sections.

use std::path::Path;

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Error, Ident, Result, Token, parenthesized, token};

pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let (routes, listeners) = match read(input) {
        Ok(lists) => lists,
        Err(error) => return error.to_compile_error(),
    };
    let lifecycle = listeners.as_deref().map(lifecycle);
    let (lives, export) = if listeners.is_some() { exported() } else { <_>::default() };
    let manifest = manifest();
    quote! {
        /// The plugin's routes.
        pub const fn routes() -> &'static [::wharf_sdk::Route] {
            &[#(<#routes as ::wharf_sdk::__private::Endpoint>::ROUTE),*]
        }

        #lifecycle

        #[cfg(target_arch = "wasm32")]
        #[allow(unsafe_code, reason = "symbols and sections with fixed names, which is all the host finds a component's parts by")]
        const _: () = {
            struct Plugin;

            impl ::wharf_sdk::__private::Plugin for Plugin {
                const ROUTES: &'static [::wharf_sdk::Route] = routes();
            }

            #lives

            ::wharf_sdk::__private::bindings::export_service!(Plugin with_types_in ::wharf_sdk::__private::bindings);
            #export

            const LENGTH: usize = ::wharf_sdk::__private::table_length(routes());
            #[unsafe(link_section = "wharf:routes")]
            #[used]
            static TABLE: [u8; LENGTH] = ::wharf_sdk::__private::table(routes());

            #manifest
        };
    }
}

/// One word of the list.
enum Item {
    Route(syn::Path),
    Lifecycle(Ident, Vec<syn::Path>),
}

impl Parse for Item {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let path: syn::Path = input.call(syn::Path::parse_mod_style)?;
        if !input.peek(token::Paren) {
            return Ok(Self::Route(path));
        }
        let inside;
        parenthesized!(inside in input);
        let listeners = Punctuated::<syn::Path, Token![,]>::parse_terminated_with(&inside, syn::Path::parse_mod_style)?;
        match path.get_ident() {
            Some(word) if word == "lifecycle" => Ok(Self::Lifecycle(word.clone(), listeners.into_iter().collect())),
            _ => Err(Error::new_spanned(path, "only `lifecycle(…)` is a list of its own; name the others one by one")),
        }
    }
}

/// The routes, and the functions of `lifecycle(…)` where it is there.
fn read(input: TokenStream) -> Result<(Vec<syn::Path>, Option<Vec<syn::Path>>)> {
    let (mut routes, mut lifecycle) = (Vec::new(), None);
    for item in Punctuated::<Item, Token![,]>::parse_terminated.parse2(input)? {
        match item {
            Item::Route(path) => routes.push(path),
            Item::Lifecycle(word, listeners) => {
                if listeners.is_empty() {
                    return Err(Error::new(word.span(), "name a function in `lifecycle(…)`, or leave it out"));
                }
                if lifecycle.replace(listeners).is_some() {
                    return Err(Error::new(word.span(), "`lifecycle(…)` is there twice; make one list of them"));
                }
            }
        }
    }
    if routes.is_empty() {
        return Err(Error::new(Span::call_site(), "name the handlers: `service!(list, add)`"));
    }
    Ok((routes, lifecycle))
}

fn lifecycle(listeners: &[syn::Path]) -> TokenStream {
    quote! {
        /// What the plugin does when apps subscribe, cancel, and have to be forgotten.
        pub const fn lifecycle() -> ::wharf_sdk::Lifecycle {
            const { ::wharf_sdk::Lifecycle::of(&[#(<#listeners as ::wharf_sdk::__private::Listener>::LISTENS),*]) }
        }
    }
}

/// What makes a component export its lifecycle: the trait, and the macro.
fn exported() -> (TokenStream, TokenStream) {
    let lives = quote! {
        impl ::wharf_sdk::__private::Lives for Plugin {
            const LIFECYCLE: ::wharf_sdk::Lifecycle = lifecycle();
        }
    };
    let export = quote! {
        ::wharf_sdk::__private::bindings::lifecycle::export_lifecycle!(
            Plugin with_types_in ::wharf_sdk::__private::bindings::lifecycle
        );
    };
    (lives, export)
}

/// The manifest as a custom section, so that one file is the artifact.
#[expect(clippy::disallowed_methods, reason = "cargo tells a macro by the environment where its caller's package is")]
fn manifest() -> TokenStream {
    let folder = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    if !Path::new(&folder).join("plugin.toml").is_file() {
        let text = format!("a plugin has its manifest beside its Cargo.toml, and there is no {folder}/plugin.toml");
        return quote!(::core::compile_error!(#text););
    }
    quote! {
        const MANIFEST: &[u8] = ::core::include_bytes!(::core::concat!(::core::env!("CARGO_MANIFEST_DIR"), "/plugin.toml"));
        #[unsafe(link_section = "wharf:manifest")]
        #[used]
        static MANIFEST_SECTION: [u8; MANIFEST.len()] = *MANIFEST.first_chunk().unwrap();
    }
}
