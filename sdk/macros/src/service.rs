//! `service!(list, add, lifecycle(subscribed))`: the table of routes, what is told of subscriptions, and on wasm32 the component's
//! exports and custom sections.

use std::path::Path;

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Error, Ident, Result, Token, parenthesized, token};

pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let (routes, listeners) = match read(input) {
        Ok(lists) => lists,
        Err(error) => return error.to_compile_error(),
    };
    let once = once(&routes);
    let lifecycle = listeners.as_deref().map(lifecycle);
    let (lives, export) = if listeners.is_some() { exported() } else { <_>::default() };
    let (manifest, libc) = of_manifest();
    quote! {
        /// The plugin's routes.
        pub const fn routes() -> &'static [::wharf_sdk::Route] {
            &[#(<#routes as ::wharf_sdk::__private::Endpoint>::ROUTE),*]
        }

        #once

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
            #libc
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

/// The second of two handlers for the same requests would never be called.
fn once(routes: &[syn::Path]) -> TokenStream {
    let asserts = routes.iter().enumerate().skip(1).map(|(index, route)| {
        let name = route.segments.iter().map(|segment| segment.ident.to_string()).collect::<Vec<_>>().join("::");
        let text =
            format!("`{name}` serves the same method and pattern as a handler before it in `service!`; leave one of them out");
        quote_spanned!(route.span()=> const _: () =
            ::core::assert!(::wharf_sdk::__private::is_first(routes(), #index), #text);
        )
    });
    asserts.collect()
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

/// What follows from the manifest: the custom section that it travels in, so that one file is the artifact, and what
/// takes the place of libc.
#[expect(clippy::disallowed_methods, reason = "cargo tells a macro by the environment where its caller's package is")]
fn of_manifest() -> (TokenStream, TokenStream) {
    let folder = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    let Ok(text) = std::fs::read_to_string(Path::new(&folder).join("plugin.toml")) else {
        let text = format!("a plugin has its manifest beside its Cargo.toml, and there is no {folder}/plugin.toml to read");
        return (quote!(::core::compile_error!(#text);), TokenStream::new());
    };
    let section = quote! {
        const MANIFEST: &[u8] = ::core::include_bytes!(::core::concat!(::core::env!("CARGO_MANIFEST_DIR"), "/plugin.toml"));
        #[unsafe(link_section = "wharf:manifest")]
        #[used]
        static MANIFEST_SECTION: [u8; MANIFEST.len()] = *MANIFEST.first_chunk().unwrap();
    };
    let libc = if has_key(&text, "data") {
        TokenStream::new()
    } else {
        let without_wasi = without_wasi();
        quote!(#without_wasi ::wharf_sdk::__private::allocate!();)
    };
    (section, libc)
}

/// The functions of libc by which Rust's standard library prints a panic and ends, without their imports from WASI: the linker
/// takes libc's own only where nobody else has any. A plugin without a directory has nothing else to write to than the standard
/// outputs, and every plugin's environment is empty.
fn without_wasi() -> TokenStream {
    quote! {
        #[unsafe(no_mangle)]
        extern "C" fn write(to: i32, bytes: *const u8, count: usize) -> isize {
            // SAFETY: whoever calls libc's `write` hands over as many bytes as it says.
            ::wharf_sdk::__private::stdio::write(to, unsafe { ::core::slice::from_raw_parts(bytes, count) })
        }

        #[unsafe(no_mangle)]
        extern "C" fn getenv(_: *const u8) -> *const u8 {
            ::core::ptr::null()
        }

        #[unsafe(no_mangle)]
        extern "C" fn _Exit(code: i32) -> ! {
            ::wharf_sdk::__private::stdio::exit(code)
        }
    }
}

/// Whether a key of this name may stand in a TOML text, in a table's header or before a value. Says yes too often rather than too
/// seldom: it knows single lines, strings and comments of them, and no strings of several lines.
fn has_key(toml: &str, key: &str) -> bool {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    toml.lines().any(|line| {
        let (mut words, mut quote) = (vec![String::new()], None);
        for c in line.chars() {
            match quote {
                None if c == '#' => break,
                None if is_bare(c) => words.last_mut().expect("never empty").push(c),
                None => {
                    quote = Some(c).filter(|c| matches!(c, '"' | '\''));
                    words.push(String::new());
                }
                Some(open) if c == open => {
                    quote = None;
                    words.push(String::new());
                }
                Some(_) => words.last_mut().expect("never empty").push(c),
            }
        }
        words.iter().any(|word| word == key)
    })
}

#[cfg(test)]
mod tests {
    use super::has_key;

    #[test]
    fn a_key_is_found_wherever_toml_lets_it_stand() {
        for yes in [
            "[permissions.required.data]",
            "[ permissions . optional . data ]",
            "[permissions.required]\ndata = { reason = \"to keep them\" }",
            "[permissions]\nrequired.data.reason = \"to keep them\"",
            "[permissions.\"required\".'data']",
            "permissions = { required = { data = { reason = \"to keep them\" } } }",
            "id = \"acme/notes\" # its\n[permissions.required.data] # \"",
        ] {
            assert!(has_key(yes, "data"), "{yes}");
        }
        for no in [
            "",
            "description = \"Keeps data for apps.\"",
            "description = 'data = 1'",
            "# data = 1",
            "[permissions.required.data-base]\nmy_data = 1\nmetadata = 2",
        ] {
            assert!(!has_key(no, "data"), "{no}");
        }
    }
}
