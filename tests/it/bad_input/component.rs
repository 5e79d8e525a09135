//! Files that are not installed.

use std::fs;

use wasm_encoder::{
    CodeSection, Component, ComponentExportKind, ComponentExportSection, ComponentImportSection, ComponentInstanceSection,
    ComponentTypeRef, ComponentTypeSection, CustomSection, Function, FunctionSection, InstanceType, Instruction, Module,
    ModuleSection, NestedComponentSection, TypeSection, ValType,
};
use wharf_guests::{IDENTITY, INNOCENT};

use super::{features, store::contents};
use crate::limits::Row;

pub(super) const HANDLER: &str = "wharf:service/handler@0.1.0";
const HTTP_0_2: &str = "wasi:http/incoming-handler@0.2.0";
const HTTP_0_3: &str = "wasi:http/handler@0.3.0";

fn manifest() -> String {
    fs::read_to_string(INNOCENT.manifest).expect("the manifest can be read").replace("test/innocent", "test/handmade")
}

pub(super) fn with_manifest(mut component: Component) -> Vec<u8> {
    component.section(&CustomSection { name: "wharf:manifest".into(), data: manifest().into_bytes().into() });
    component.finish()
}

/// Exports empty instances under these names.
pub(super) fn exporting(names: &[&str]) -> Component {
    let mut component = Component::new();
    let (mut instances, mut exports) = (ComponentInstanceSection::new(), ComponentExportSection::new());
    for (index, name) in (0..).zip(names) {
        instances.export_items(std::iter::empty::<(&str, ComponentExportKind, u32)>());
        // Each export makes an index of its own.
        exports.export(*name, ComponentExportKind::Instance, index, None);
    }
    component.section(&instances).section(&exports);
    component
}

/// Imports an empty instance under this name, and exports a handler.
fn importing(name: &str) -> Vec<u8> {
    behind(HANDLER, name)
}

/// Exports an empty instance under the first name, and imports one under the second.
fn behind(handler: &str, name: &str) -> Vec<u8> {
    let mut component = Component::new();
    let (mut types, mut imports) = (ComponentTypeSection::new(), ComponentImportSection::new());
    types.instance(&InstanceType::new());
    imports.import(name, ComponentTypeRef::Instance(0));
    component.section(&types).section(&imports);
    let (mut instances, mut exports) = (ComponentInstanceSection::new(), ComponentExportSection::new());
    instances.export_items(std::iter::empty::<(&str, ComponentExportKind, u32)>());
    exports.export(handler, ComponentExportKind::Instance, 1, None);
    component.section(&instances).section(&exports);
    with_manifest(component)
}

/// A core module whose one function returns nothing where it promised a number.
fn invalid_code() -> Vec<u8> {
    let (mut types, mut functions, mut code) = (TypeSection::new(), FunctionSection::new(), CodeSection::new());
    types.ty().function([], [ValType::I32]);
    functions.function(0);
    let mut function = Function::new([]);
    function.instruction(&Instruction::End);
    code.function(&function);
    let mut module = Module::new();
    module.section(&types).section(&functions).section(&code);
    holding(&module)
}

/// A plugin, as far as it can be seen without compiling, with this module in it.
pub(super) fn holding(module: &Module) -> Vec<u8> {
    let mut component = exporting(&[HANDLER]);
    component.section(&ModuleSection(module));
    with_manifest(component)
}

fn nested(depth: usize) -> Vec<u8> {
    let mut component = Component::new();
    for _ in 0..depth {
        let mut outer = Component::new();
        outer.section(&NestedComponentSection(&component));
        component = outer;
    }
    with_manifest(component)
}

fn two_manifests() -> Vec<u8> {
    let mut component = exporting(&[HANDLER]);
    for _ in 0..2 {
        let mut module = Module::new();
        module.section(&CustomSection { name: "wharf:manifest".into(), data: manifest().into_bytes().into() });
        component.section(&ModuleSection(&module));
    }
    component.finish()
}

/// What, the file, the code, and the words of the report.
fn rows() -> Vec<(&'static str, Vec<u8>, &'static str, &'static str)> {
    let innocent = fs::read(INNOCENT.component).expect("the component can be read");
    let not_text = |mut component: Component| {
        component.section(&CustomSection { name: "wharf:manifest".into(), data: b"\xff\xfe".into() });
        component.finish()
    };
    let mut rows = vec![
        ("an empty file", Vec::new(), "WH1201", "not WebAssembly"),
        ("text", b"hello".to_vec(), "WH1201", "not WebAssembly"),
        ("a program", b"\x7fELF\x02\x01\x01\0".to_vec(), "WH1201", "not WebAssembly"),
        ("compiled code", b"\x7fELF\x02\x01\x01\0.wasmtime".to_vec(), "WH1201", "not WebAssembly"),
        ("a core module", Module::new().finish(), "WH1201", "core WebAssembly module"),
        ("four bytes", b"\0asm".to_vec(), "WH1202", "the component cannot be read"),
        ("an unknown version", b"\0asm\x63\0\x01\0".to_vec(), "WH1202", "the component cannot be read"),
        ("half a component", innocent[..innocent.len() / 2].to_vec(), "WH1202", "the component cannot be read"),
        ("junk behind a component", [innocent.as_slice(), b"junk"].concat(), "WH1202", "the component cannot be read"),
        ("no manifest", exporting(&[HANDLER]).finish(), "WH1101", "carries no manifest"),
        ("a manifest that is no text", not_text(exporting(&[HANDLER])), "WH1202", "not UTF-8"),
        ("two manifests", two_manifests(), "WH1202", "more than one manifest"),
        ("components in components", nested(100), "WH1202", "nested deeper"),
        ("no handler", with_manifest(Component::new()), "WH1202", "exports no `wharf:service/handler`"),
        ("a handler of another type", with_manifest(exporting(&[HANDLER])), "WH1202", "test/handmade"),
        ("a handler of another major version", with_manifest(exporting(&["wharf:service/handler@7.0.0"])), "WH1202", "handler"),
        ("an export nobody calls", with_manifest(exporting(&[HANDLER, "wharf:service/jobs@0.1.0"])), "WH1204", "jobs"),
        ("events nobody brings", with_manifest(exporting(&[HANDLER, "wharf:service/events@0.1.0"])), "WH1204", "events"),
        ("an interface of the future", importing("wharf:service/teleport@0.1.0"), "WH1204", "teleport"),
        ("an interface of somebody else", importing("acme:engine/ignition@1.0.0"), "WH1204", "acme:engine/ignition"),
        ("another way to call other servers", importing("wasi:http/outgoing-handler@0.2.0"), "WH1204", "wharf:service/http-out"),
        ("the next WASI, for the contract", importing("wasi:clocks/system-clock@0.3.0"), "WH1204", "wasi:clocks/system-clock"),
        ("the next WASI, for this one", behind(HTTP_0_2, "wasi:http/types@0.3.0"), "WH1204", "wasi:http/types@0.3.0"),
        ("a draft of the next WASI", behind(HTTP_0_3, "wasi:http/types@0.3.0-rc-2025-09-16"), "WH1204", "0.3.0-rc-2025-09-16"),
        ("a link of a chain", behind(HTTP_0_3, "wasi:http/handler@0.3.0"), "WH1204", "wasi:http/handler@0.3.0"),
        (
            "a stock component that keeps its values elsewhere",
            behind(HTTP_0_2, "wasi:keyvalue/store@0.2.0"),
            "WH1204",
            "wasi:keyvalue",
        ),
        ("a stock component of nothing", with_manifest(exporting(&[HTTP_0_2])), "WH1202", "test/handmade"),
        ("what is switched off", with_manifest(exporting(&[HTTP_0_3])), "WH1211", "wasi-http-0-3"),
        ("a newer WASI", importing("wasi:sockets/tcp@0.9.0"), "WH1204", "wasi:sockets/tcp"),
        ("a store that was not asked for", importing("wharf:service/kv@0.1.0"), "WH1203", "wharf:service/kv"),
        ("secrets that were not asked for", importing("wharf:service/secrets@0.1.0"), "WH1203", "wharf:service/secrets"),
        ("code that is not valid", invalid_code(), "WH1206", "test/handmade"),
    ];
    rows.extend(features::rows());
    rows
}

#[test]
fn nothing_bad_is_installed() {
    let host = super::host();
    let before = contents(host.path());
    let file = host.path().join("bad.wasm");
    for (what, component, code, words) in rows() {
        fs::write(&file, component).expect("a component can be written");
        let run = host.wharf(["plugin", "install", "bad.wasm"]);
        assert_eq!(run.status, 1, "{what} is not refused:\n{}{}", run.stdout, run.stderr);
        run.refused(code, words);
        assert_eq!(contents(host.path()), before, "{what} left something");
    }
    host.assert_serves_others();
    host.stop();
}

#[test]
fn a_version_keeps_its_contents() {
    let host = super::host();
    let before = contents(host.path());
    host.wharf(["plugin", "install", IDENTITY.component, "--manifest", INNOCENT.manifest]).refused("WH1209", "test/innocent");
    host.wharf(["plugin", "install", "absent.wasm"]).refused("WH1009", "absent.wasm");
    host.wharf(["plugin", "install", INNOCENT.component, "--manifest", "absent.toml"]).refused("WH1009", "absent.toml");
    assert_eq!(contents(host.path()), before);
    host.stop();
}

/// A component over its size is refused, and neither is a file without an end read to it, nor a manifest.
pub(crate) fn over_its_size(row: &Row) {
    assert!(row.sees().starts_with("the admin"), "{}", row.sees());
    let host = super::host().stopped().section("[runtime]\nmax-component = \"64KiB\"").serve();
    let before = contents(host.path());
    let install = |component: &str, manifest: &str| host.wharf(["plugin", "install", component, "--manifest", manifest]);
    install(IDENTITY.component, IDENTITY.manifest).refused(row.code(), "64KiB");
    install("/dev/zero", IDENTITY.manifest).refused(row.code(), "64KiB");
    install(INNOCENT.component, "/dev/zero").refused(row.code(), "64KiB");
    assert_eq!(contents(host.path()), before);
    host.stop();
}
