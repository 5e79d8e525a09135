//! `service!(list, add)`: the table of routes, and on wasm32 the component's exports and custom sections.

use std::path::Path;

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::{Error, Token};

pub(crate) fn expand(handlers: TokenStream) -> TokenStream {
    let handlers = match Punctuated::<syn::Path, Token![,]>::parse_terminated.parse2(handlers) {
        Ok(handlers) if handlers.is_empty() => {
            let text = "name the handlers: `service!(list, add)`";
            return Error::new(proc_macro2::Span::call_site(), text).to_compile_error();
        }
        Ok(handlers) => handlers.into_iter(),
        Err(error) => return error.to_compile_error(),
    };
    let manifest = manifest();
    quote! {
        /// The plugin's routes.
        pub const fn routes() -> &'static [::wharf_sdk::Route] {
            &[#(<#handlers as ::wharf_sdk::__private::Endpoint>::ROUTE),*]
        }

        #[cfg(target_arch = "wasm32")]
        #[allow(unsafe_code, reason = "symbols and sections with fixed names, which is all the host finds a component's parts by")]
        const _: () = {
            struct Plugin;

            impl ::wharf_sdk::__private::Plugin for Plugin {
                const ROUTES: &'static [::wharf_sdk::Route] = routes();
            }

            ::wharf_sdk::__private::bindings::export_service!(Plugin with_types_in ::wharf_sdk::__private::bindings);

            const LENGTH: usize = ::wharf_sdk::__private::table_length(routes());
            #[unsafe(link_section = "wharf:routes")]
            #[used]
            static TABLE: [u8; LENGTH] = ::wharf_sdk::__private::table(routes());

            #manifest
        };
    }
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
