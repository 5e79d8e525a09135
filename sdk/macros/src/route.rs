//! `#[get("/items/{id}")]`: the function stays as it is, and beside it stands, under the same name but as a type, the route.
//! A type, so that `use items::list` brings both along.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Error, FnArg, ItemFn, LitStr, Pat, Result, Type};

use crate::pattern;

pub(crate) fn expand(method: &str, pattern: TokenStream, function: TokenStream) -> TokenStream {
    let parsed: ItemFn = match syn::parse2(function.clone()) {
        Ok(parsed) => parsed,
        Err(error) => {
            let error = error.to_compile_error();
            return quote!(#function #error);
        }
    };
    let route = route(method, pattern, &parsed).unwrap_or_else(|error| {
        // One mistake, one message: the function and its route are there all the same.
        let (error, stub) = (error.to_compile_error(), endpoint(&parsed, method, "", &quote!(Ok(None))));
        quote!(#error #stub)
    });
    quote!(#function #route)
}

fn route(method: &str, pattern: TokenStream, function: &ItemFn) -> Result<TokenStream> {
    let attribute = method.to_ascii_lowercase();
    let pattern: LitStr = syn::parse2(pattern)
        .map_err(|error| Error::new(error.span(), format!("write the pattern as text: `#[{attribute}(\"/items/{{id}}\")]`")))?;
    let names = pattern::parameters(&pattern)?;
    plain_function(function)?;

    let mut from_path: Vec<Option<usize>> = Vec::new();
    let mut types: Vec<&Type> = Vec::new();
    for input in &function.sig.inputs {
        let FnArg::Typed(input) = input else {
            return Err(Error::new(input.span(), "a handler is a function of its own, without `self`"));
        };
        if let Type::ImplTrait(ty) = &*input.ty {
            return Err(Error::new(ty.span(), "name the type: what comes from the request is found by it"));
        }
        from_path.push(names.iter().position(|name| is_named(&input.pat, name)));
        types.push(&input.ty);
    }
    if let Some(missing) = (0..names.len()).find(|index| !from_path.contains(&Some(*index))) {
        let (name, handler) = (&names[missing], &function.sig.ident);
        let text = format!("the pattern has `{{{name}}}`, but `{handler}` has no parameter `{name}`; add `{name}: String`");
        return Err(Error::new(pattern.span(), text));
    }
    let body = body(function, &names, &from_path, &types);
    Ok(endpoint(function, method, &pattern.value(), &body))
}

/// The way from a request through the handler to its answer.
fn body(function: &ItemFn, names: &[String], from_path: &[Option<usize>], types: &[&Type]) -> TokenStream {
    let name = &function.sig.ident;
    let request = request();
    let arguments: Vec<_> = (0..types.len()).map(|index| Ident::new(&format!("argument_{index}"), Span::mixed_site())).collect();
    // The path first: a wrong path must not cost the reading of a body.
    let parse = from_path.iter().enumerate().filter_map(|(argument, index)| {
        let ((index, argument), ty) = (((*index)?, &arguments[argument]), types[argument]);
        let name = &names[index];
        Some(quote_spanned!(ty.span()=> let #argument = #request.param::<#ty>(#index, #name)?;))
    });
    let by_type: Vec<usize> = (0..types.len()).filter(|&argument| from_path[argument].is_none()).collect();
    let extract = by_type.iter().map(|&argument| {
        let (ty, argument) = (types[argument], &arguments[argument]);
        quote_spanned!(ty.span()=> let #argument = <#ty as ::wharf_sdk::Extract<'_>>::extract(#request)?;)
    });
    let body_once = by_type.iter().enumerate().skip(1).map(|(position, &argument)| {
        let ty = types[argument];
        let earlier = by_type[..position].iter().map(|&argument| types[argument]);
        let text =
            format!("`{name}` takes the body twice; a request has one: keep one of `Json`, `Form`, `FormOrJson`, `Body`, `Vec<u8>`, `String`");
        quote_spanned!(ty.span()=> const _: () = ::core::assert!(
            ::wharf_sdk::__private::body_once(
                &[#(<#earlier as ::wharf_sdk::Extract<'_>>::TAKES_BODY),*],
                <#ty as ::wharf_sdk::Extract<'_>>::TAKES_BODY,
            ),
            #text
        );)
    });
    let output = match &function.sig.output {
        syn::ReturnType::Default => name.span(),
        syn::ReturnType::Type(_, ty) => ty.span(),
    };
    // With the return type's own span, because that is where the compiler then points.
    let answer = Ident::new("__wharf_answer", output);
    let into_answer = quote_spanned!(output=> ::wharf_sdk::__private::Answer::answer(#answer));
    quote! {
        #(#body_once)*
        #(#parse)*
        #(#extract)*
        let #answer = #name(#(#arguments),*);
        #into_answer
    }
}

fn endpoint(function: &ItemFn, method: &str, pattern: &str, body: &TokenStream) -> TokenStream {
    let (name, vis, request) = (&function.sig.ident, &function.vis, request());
    quote! {
        #[doc(hidden)]
        #[allow(non_camel_case_types, reason = "it shares the handler's name, so that one path names both")]
        #vis enum #name {}

        impl ::wharf_sdk::__private::Endpoint for #name {
            const ROUTE: ::wharf_sdk::Route = {
                fn __wharf_run(
                    #request: &mut ::wharf_sdk::Request<'_>,
                ) -> ::wharf_sdk::Result<::core::option::Option<::wharf_sdk::Response>> {
                    #body
                }
                ::wharf_sdk::Route::new(#method, #pattern, __wharf_run)
            };
        }
    }
}

/// The request's name in what is put out. Hygienic, like the arguments': a handler may have the same name.
fn request() -> Ident {
    Ident::new("request", Span::mixed_site())
}

/// Whether the parameter has the name; `_id` is an `id` nobody looks at.
fn is_named(pat: &Pat, name: &str) -> bool {
    let Pat::Ident(pat) = pat else { return false };
    let ident = pat.ident.to_string();
    ident.strip_prefix("r#").unwrap_or(&ident) == name || ident.strip_prefix('_') == Some(name)
}

/// What a function below any attribute of this crate must be.
pub(crate) fn plain_function(function: &ItemFn) -> Result<()> {
    let signature = &function.sig;
    if let Some(token) = &signature.asyncness {
        return Err(Error::new(token.span(), "a handler is a plain function: the host waits beside it, not in it; drop `async`"));
    }
    if let Some(token) = &signature.unsafety {
        return Err(Error::new(token.span(), "a handler cannot be `unsafe`"));
    }
    if let Some(parameter) = signature.generics.params.first() {
        return Err(Error::new(
            parameter.span(),
            "a handler cannot be generic: what comes from the request is found by its type",
        ));
    }
    Ok(())
}
