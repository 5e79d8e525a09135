//! What wit-bindgen makes of the contract, on wasm32 only. Everything else in this crate speaks its own types: they carry the
//! documentation, they exist natively too, and a move from one to the other costs nothing.

pub mod lifecycle;

wit_bindgen::generate!({
    world: "back-service",
    path: "wit",
    // `service!` expands the exports in the plugin's crate, so the macro and the trait it needs must be reachable from there.
    pub_export_macro: true,
    export_macro_name: "export_service",
    default_bindings_module: "::wharf_sdk::__private::bindings",
});
