//! The optional export `lifecycle`, straight from the contract. A guest includes this file, and says by `lifecycle!` which of
//! its functions is told.

#![allow(dead_code, reason = "natively nobody is told anything")]

#[cfg(target_arch = "wasm32")]
#[allow(unsafe_code, reason = "generated: the canonical ABI is raw pointers")]
pub(crate) mod bindings {
    wit_bindgen::generate!({
        world: "with-lifecycle",
        path: "../../wit",
        with: {
            "wharf:service/types@0.1.0": wharf_sdk::__private::bindings::wharf::service::types,
            "wharf:service/log@0.1.0": wharf_sdk::__private::bindings::wharf::service::log,
            "wharf:service/config@0.1.0": wharf_sdk::__private::bindings::wharf::service::config,
            "wharf:service/secrets@0.1.0": wharf_sdk::__private::bindings::wharf::service::secrets,
            "wharf:service/kv@0.1.0": wharf_sdk::__private::bindings::wharf::service::kv,
            "wharf:service/http-out@0.1.0": wharf_sdk::__private::bindings::wharf::service::http_out,
            "wharf:service/subscriptions@0.1.0": wharf_sdk::__private::bindings::wharf::service::subscriptions,
            "wharf:service/app-users@0.1.0": wharf_sdk::__private::bindings::wharf::service::app_users,
            "wharf:service/apps@0.1.0": wharf_sdk::__private::bindings::wharf::service::apps,
            "wharf:service/mail@0.1.0": wharf_sdk::__private::bindings::wharf::service::mail,
        },
        pub_export_macro: true,
    });
}

/// What happened.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Subscribed,
    Cancelled,
    Purge,
}

/// A message.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) kind: Kind,
    pub(crate) message_id: String,
    pub(crate) subscription_id: String,
    pub(crate) app_key: String,
    pub(crate) app_id: Option<String>,
    pub(crate) at_ms: u64,
    pub(crate) attempt: u32,
}

/// Exports `$told`, a `fn(Told) -> wharf_sdk::Result<()>`. Where it fails, the host is told to come back in 20 ms.
macro_rules! lifecycle {
    ($told:path) => {
        const _: fn(lifecycle::Told) -> wharf_sdk::Result<()> = $told;

        #[cfg(target_arch = "wasm32")]
        #[allow(unsafe_code, reason = "generated: symbols with fixed names")]
        const _: () = {
            use lifecycle::{
                Kind,
                bindings::exports::wharf::service::lifecycle::{Error, Guest, Subscription},
            };

            struct Lifecycle;

            fn tell(kind: Kind, subscription: Subscription) -> Result<(), Error> {
                let Subscription { message_id, subscription_id, app, at_ms, attempt } = subscription;
                let (app_key, app_id) = (app.key, app.id);
                let told = lifecycle::Told { kind, message_id, subscription_id, app_key, app_id, at_ms, attempt };
                $told(told).map_err(|error| Error {
                    code: error.code().to_owned(),
                    message: error.message().to_owned(),
                    retry_after_ms: Some(20),
                })
            }

            impl Guest for Lifecycle {
                fn subscribed(subscription: Subscription) -> Result<(), Error> {
                    tell(Kind::Subscribed, subscription)
                }

                fn cancelled(subscription: Subscription) -> Result<(), Error> {
                    tell(Kind::Cancelled, subscription)
                }

                fn purge(subscription: Subscription) -> Result<(), Error> {
                    tell(Kind::Purge, subscription)
                }
            }

    lifecycle::bindings::export!(Lifecycle with_types_in lifecycle::bindings);
        };
    };
}
