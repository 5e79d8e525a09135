//! The contract of `wit/` as Rust: the types every other file speaks in, generated once for all plugins.
//!
//! Only the functions that wait are async on the host's side: a plugin that waits in one holds no thread. Nothing here is
//! instantiated through the generated `HostView`, which would insist on every optional export; see `runtime/plugin.rs`.

wasmtime::component::bindgen!({
    path: "../wit",
    world: "host-view",
    imports: {
        "wharf:service/types.[method]body-reader.read": async | trappable,
        "wharf:service/types.[method]writer.write": async | trappable,
        "wharf:service/types.[static]writer.finish": async | trappable,
        "wharf:service/kv.[method]store.get": async | trappable,
        "wharf:service/kv.[method]store.set": async | trappable,
        "wharf:service/kv.[method]store.delete": async | trappable,
        "wharf:service/kv.[method]store.keys": async | trappable,
        "wharf:service/kv.[method]store.apply": async | trappable,
        "wharf:service/http-out.send": async | trappable,
        "wharf:service/http-out.[static]incoming.body": async | trappable,
        "wharf:service/subscriptions.get": async | trappable,
        "wharf:service/subscriptions.page": async | trappable,
        "wharf:service/app-users.create": async | trappable,
        "wharf:service/app-users.update": async | trappable,
        "wharf:service/app-users.access-token": async | trappable,
        "wharf:service/apps.get": async | trappable,
        "wharf:service/mail.send": async | trappable,
        default: trappable,
    },
    exports: { default: async },
    with: {
        "wharf:service/types.call": crate::runtime::state::CallHandle,
        "wharf:service/types.body-reader": crate::reader::BodyReader,
        "wharf:service/types.writer": crate::runtime::reply::Writer,
        "wharf:service/kv.store": crate::capabilities::kv::OpenStore,
        "wharf:service/http-out.incoming": crate::capabilities::http_out::Incoming,
    },
});

pub use self::exports::wharf::service::{handler, lifecycle};
pub use self::wharf::service::{app_users, apps, config, http_out, kv, log, mail, secrets, stdio, subscriptions, types};
