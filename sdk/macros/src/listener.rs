//! `#[on_subscribe]` and its siblings: like a route's, the function stays as it is, and beside it stands a type of its name.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Error, FnArg, ItemFn, Result};

use crate::route::plain_function;

/// `kind` is the word of `Kind`, `attribute` what the author wrote.
pub(crate) fn expand(kind: &str, attribute: &str, arguments: TokenStream, function: TokenStream) -> TokenStream {
    let parsed: ItemFn = match syn::parse2(function.clone()) {
        Ok(parsed) => parsed,
        Err(error) => {
            let error = error.to_compile_error();
            return quote!(#function #error);
        }
    };
    let name = &parsed.sig.ident;
    let call = listener(attribute, arguments, &parsed).unwrap_or_else(|error| {
        // One mistake, one message: the function and its type are there all the same.
        let error = error.to_compile_error();
        quote!({ #error ::core::result::Result::Ok(()) })
    });
    let (vis, kind) = (&parsed.vis, Ident::new(kind, Span::call_site()));
    quote! {
        #function

        #[doc(hidden)]
        #[allow(non_camel_case_types, reason = "it shares the function's name, so that one path names both")]
        #vis enum #name {}

        impl ::wharf_sdk::__private::Listener for #name {
            const LISTENS: (
                ::wharf_sdk::__private::Kind,
                fn(::wharf_sdk::Subscription) -> ::wharf_sdk::Result<()>,
            ) = {
                fn __wharf_run(subscription: ::wharf_sdk::Subscription) -> ::wharf_sdk::Result<()> {
                    #call
                }
                (::wharf_sdk::__private::Kind::#kind, __wharf_run)
            };
        }
    }
}

fn listener(attribute: &str, arguments: TokenStream, function: &ItemFn) -> Result<TokenStream> {
    if let Some(argument) = arguments.into_iter().next() {
        return Err(Error::new(argument.span(), format!("`#[{attribute}]` stands alone, without parentheses")));
    }
    plain_function(function)?;
    let signature = &function.sig;
    let mut inputs = signature.inputs.iter();
    let (Some(FnArg::Typed(input)), None) = (inputs.next(), inputs.next()) else {
        let text = format!("a function below `#[{attribute}]` takes a `Subscription`, and nothing else");
        return Err(Error::new(signature.paren_token.span.join(), text));
    };
    let (name, ty) = (&signature.ident, &input.ty);
    // With the spans of its own types, because that is where the compiler then points.
    let output = match &signature.output {
        syn::ReturnType::Default => name.span(),
        syn::ReturnType::Type(_, ty) => ty.span(),
    };
    let argument = quote_spanned!(ty.span()=> let subscription: #ty = subscription;);
    let outcome = quote_spanned!(output=> ::wharf_sdk::__private::Outcome::outcome(told));
    Ok(quote! {
        #argument
        let told = #name(subscription);
        #outcome
    })
}
