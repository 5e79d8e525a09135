//! The optional export `lifecycle`, in a world of its own: a component must not export what its plugin does not have, and what
//! is exported is decided by which macro `service!` expands. All that is imported is the other world's.

wit_bindgen::generate!({
    world: "with-lifecycle",
    path: "wit",
    with: {
        "wharf:service/types@0.1.0": crate::bindings::wharf::service::types,
        "wharf:service/log@0.1.0": crate::bindings::wharf::service::log,
        "wharf:service/stdio@0.1.0": crate::bindings::wharf::service::stdio,
        "wharf:service/config@0.1.0": crate::bindings::wharf::service::config,
        "wharf:service/secrets@0.1.0": crate::bindings::wharf::service::secrets,
        "wharf:service/kv@0.1.0": crate::bindings::wharf::service::kv,
        "wharf:service/http-out@0.1.0": crate::bindings::wharf::service::http_out,
        "wharf:service/subscriptions@0.1.0": crate::bindings::wharf::service::subscriptions,
        "wharf:service/app-users@0.1.0": crate::bindings::wharf::service::app_users,
        "wharf:service/apps@0.1.0": crate::bindings::wharf::service::apps,
        "wharf:service/mail@0.1.0": crate::bindings::wharf::service::mail,
    },
    pub_export_macro: true,
    export_macro_name: "export_lifecycle",
    default_bindings_module: "::wharf_sdk::__private::bindings::lifecycle",
});
