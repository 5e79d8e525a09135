//! `#[derive(Serialize, Deserialize)]` for plugins that depend on `wharf-sdk` alone.
//!
//! serde's own derive looks for a crate called `serde` among the plugin's dependencies, unless an attribute on the type says
//! otherwise, and a derive cannot add attributes to the type it stands on. But it can put out a copy of the type that has them:
//! serde's "remote derive" then makes the conversion for the original, and what is left here is to implement the trait by it.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Attribute, Data, DeriveInput, Error, Fields, GenericParam, Generics, Meta, Result, parse_quote};

/// Which of serde's two traits.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Trait {
    Serialize,
    Deserialize,
}

pub(crate) fn expand(which: Trait, input: TokenStream) -> TokenStream {
    syn::parse2(input).and_then(|input| derive(which, &input)).unwrap_or_else(|error| error.to_compile_error())
}

fn derive(which: Trait, input: &DeriveInput) -> Result<TokenStream> {
    let name = input.ident.to_string();
    let mut copy = DeriveInput { ident: format_ident!("__Wharf{}", input.ident), ..input.clone() };
    let own = own_attributes(&input.attrs)?;
    only_serde(&mut copy);
    if own.default {
        // Its own default is what the copy has not.
        copy.attrs = without_default(&copy.attrs)?;
        let (original, (_, arguments, _)) = (&input.ident, input.generics.split_for_impl());
        let default = quote!(<#original #arguments as ::core::default::Default>::default).to_string();
        copy.attrs.push(parse_quote!(#[serde(default = #default)]));
        if which == Trait::Deserialize {
            copy.generics.make_where_clause().predicates.push(parse_quote!(#original #arguments: ::core::default::Default));
        }
    }
    copy.attrs.push(parse_quote!(#[serde(crate = "::wharf_sdk::__private::serde", remote = #name)]));
    if !own.renamed {
        // What serde calls the type in its errors.
        copy.attrs.push(parse_quote!(#[serde(rename = #name)]));
    }
    let (derive, implementation) = match which {
        Trait::Serialize => (quote!(Serialize), serialize(input, &copy)),
        Trait::Deserialize => (quote!(Deserialize), deserialize(input, &copy)),
    };
    Ok(quote! {
        #[doc(hidden)]
        #[allow(dead_code, missing_docs, unreachable_pub, clippy::all, clippy::pedantic, reason = "a copy that only serde looks at")]
        const _: () = {
            #[derive(::wharf_sdk::__private::serde::#derive)]
            #copy
            #implementation
        };
    })
}

fn serialize(input: &DeriveInput, copy: &DeriveInput) -> TokenStream {
    let (_, arguments, _) = input.generics.split_for_impl();
    let turbofish = arguments.as_turbofish();
    let bounded = bounded(&copy.generics, &quote!(::wharf_sdk::__private::serde::Serialize));
    let (parameters, _, clause) = bounded.split_for_impl();
    let (name, copy) = (&input.ident, &copy.ident);
    quote! {
        #[automatically_derived]
        impl #parameters ::wharf_sdk::__private::serde::Serialize for #name #arguments #clause {
            fn serialize<__S: ::wharf_sdk::__private::serde::Serializer>(
                &self,
                serializer: __S,
            ) -> ::core::result::Result<__S::Ok, __S::Error> {
                #copy #turbofish::serialize(self, serializer)
            }
        }
    }
}

fn deserialize(input: &DeriveInput, copy: &DeriveInput) -> TokenStream {
    let (_, arguments, _) = input.generics.split_for_impl();
    let turbofish = arguments.as_turbofish();
    let mut bounded = bounded(&copy.generics, &quote!(::wharf_sdk::__private::serde::Deserialize<'de>));
    let outlived: Vec<_> = input.generics.lifetimes().map(|parameter| parameter.lifetime.clone()).collect();
    bounded.params.insert(0, parse_quote!('de: #(#outlived)+*));
    let (parameters, _, clause) = bounded.split_for_impl();
    let (name, copy) = (&input.ident, &copy.ident);
    quote! {
        #[automatically_derived]
        impl #parameters ::wharf_sdk::__private::serde::Deserialize<'de> for #name #arguments #clause {
            fn deserialize<__D: ::wharf_sdk::__private::serde::Deserializer<'de>>(
                deserializer: __D,
            ) -> ::core::result::Result<Self, __D::Error> {
                #copy #turbofish::deserialize(deserializer)
            }
        }
    }
}

/// Every type parameter with the bound that serde would infer for it.
fn bounded(generics: &Generics, bound: &TokenStream) -> Generics {
    let mut generics = generics.clone();
    for parameter in &mut generics.params {
        if let GenericParam::Type(parameter) = parameter {
            parameter.bounds.push(parse_quote!(#bound));
        }
    }
    generics
}

/// What the type says to serde about itself that its copy must say in another way.
#[derive(Default)]
struct Own {
    /// It has another name.
    renamed: bool,
    /// Fields that are not there are those of its default.
    default: bool,
}

/// Refuses what this derive cannot carry over.
fn own_attributes(attributes: &[Attribute]) -> Result<Own> {
    let mut own = Own::default();
    for attribute in attributes {
        for meta in of_serde(attribute)? {
            let path = meta.path();
            own.renamed |= path.is_ident("rename");
            own.default |= is_default(&meta);
            if ["crate", "remote", "bound"].iter().any(|name| path.is_ident(name)) {
                let text =
                    "the SDK's derive does not know this; add serde to Cargo.toml and `use serde::{Deserialize, Serialize};`";
                return Err(Error::new_spanned(meta, text));
            }
        }
    }
    Ok(own)
}

/// `default` and not `default = "path"`.
fn is_default(meta: &Meta) -> bool {
    matches!(meta, Meta::Path(path) if path.is_ident("default"))
}

fn without_default(attributes: &[Attribute]) -> Result<Vec<Attribute>> {
    let mut kept = Vec::new();
    for attribute in attributes {
        let metas = of_serde(attribute)?.into_iter().filter(|meta| !is_default(meta));
        kept.push(parse_quote!(#[serde(#(#metas),*)]));
    }
    Ok(kept)
}

/// What stands in a `#[serde(…)]`; nothing where it is another attribute.
fn of_serde(attribute: &Attribute) -> Result<Vec<Meta>> {
    let Meta::List(list) = &attribute.meta else { return Ok(Vec::new()) };
    if !attribute.path().is_ident("serde") {
        return Ok(Vec::new());
    }
    list.parse_args_with(|input: syn::parse::ParseStream<'_>| {
        Ok(input.parse_terminated(Meta::parse_serde, syn::Token![,])?.into_iter().collect())
    })
}

/// `syn` takes no keyword for a path, and serde's `crate` is one.
trait ParseSerde: Sized {
    fn parse_serde(input: syn::parse::ParseStream<'_>) -> Result<Self>;
}

impl ParseSerde for Meta {
    fn parse_serde(input: syn::parse::ParseStream<'_>) -> Result<Self> {
        if !input.peek(syn::Token![crate]) {
            return input.parse();
        }
        let path: syn::Path = input.call(syn::Path::parse_mod_style)?;
        let eq_token = input.parse()?;
        Ok(Meta::NameValue(syn::MetaNameValue { path, eq_token, value: input.parse()? }))
    }
}

/// The copy is for serde alone: attributes of other derives would have nobody to read them.
fn only_serde(input: &mut DeriveInput) {
    let keep = |attributes: &mut Vec<Attribute>| attributes.retain(|attribute| attribute.path().is_ident("serde"));
    let fields = |fields: &mut Fields| fields.iter_mut().for_each(|field| keep(&mut field.attrs));
    keep(&mut input.attrs);
    match &mut input.data {
        Data::Struct(data) => fields(&mut data.fields),
        Data::Enum(data) => data.variants.iter_mut().for_each(|variant| {
            keep(&mut variant.attrs);
            variant.discriminant = None;
            fields(&mut variant.fields);
        }),
        Data::Union(_) => {}
    }
}
