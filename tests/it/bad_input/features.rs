//! What the engine could do and the host does not let it: components that need it are refused where they are compiled.

use wasm_encoder::{
    CanonicalFunctionSection, CodeSection, FunctionSection, HeapType, Instruction, MemorySection, MemoryType, Module, RefType,
    TableSection, TableType, TagKind, TagSection, TagType, TypeSection,
};

use super::component::{HANDLER, exporting, holding, with_manifest};
use crate::support::bomb::{PAGE, body};

const TABLE: TableType = TableType { element_type: RefType::FUNCREF, table64: false, minimum: 1, maximum: None, shared: false };

fn memory(memory: MemoryType) -> Module {
    let mut memories = MemorySection::new();
    memories.memory(memory);
    let mut module = Module::new();
    module.section(&memories);
    module
}

fn table(table: TableType) -> Module {
    let mut tables = TableSection::new();
    tables.table(table);
    let mut module = Module::new();
    module.section(&tables);
    module
}

/// A module of one function, which takes and returns nothing.
fn code(instructions: &[Instruction<'_>]) -> Module {
    let (mut types, mut functions, mut code) = (TypeSection::new(), FunctionSection::new(), CodeSection::new());
    types.ty().function([], []);
    functions.function(0);
    code.function(&body(instructions));
    let mut module = Module::new();
    module.section(&types).section(&functions).section(&code);
    module
}

fn tag() -> Module {
    let (mut types, mut tags) = (TypeSection::new(), TagSection::new());
    types.ty().function([], []);
    tags.tag(TagType { kind: TagKind::Exception, func_type_idx: 0 });
    let mut module = Module::new();
    module.section(&types).section(&tags);
    module
}

fn structure() -> Module {
    let mut types = TypeSection::new();
    types.ty().struct_([]);
    let mut module = Module::new();
    module.section(&types);
    module
}

/// A component that defines a function of the component model's own.
fn built_in(define: impl FnOnce(&mut CanonicalFunctionSection)) -> Vec<u8> {
    let mut functions = CanonicalFunctionSection::new();
    define(&mut functions);
    let mut component = exporting(&[HANDLER]);
    component.section(&functions);
    with_manifest(component)
}

/// What, the file, the code, and the words of the report.
pub(super) fn rows() -> Vec<(&'static str, Vec<u8>, &'static str, &'static str)> {
    let number = || Instruction::I64Const(0);
    let vector = || Instruction::V128Const(0);
    let modules = [
        ("memory of 64 bits", memory(MemoryType { memory64: true, ..PAGE }), "memory64 must be enabled"),
        ("a table of 64 bits", table(TableType { table64: true, ..TABLE }), "memory64 must be enabled"),
        ("memory that threads share", memory(MemoryType { shared: true, maximum: Some(1), ..PAGE }), "threads must be enabled"),
        ("threads", code(&[Instruction::AtomicFence]), "threads support is not enabled"),
        ("small pages", memory(MemoryType { page_size_log2: Some(0), ..PAGE }), "custom page sizes"),
        ("a tail call", code(&[Instruction::ReturnCall(0)]), "tail calls support is not enabled"),
        (
            "relaxed SIMD",
            code(&[vector(), vector(), Instruction::I8x16RelaxedSwizzle, Instruction::Drop]),
            "relaxed SIMD support is not enabled",
        ),
        (
            "wide arithmetic",
            code(&[number(), number(), Instruction::I64MulWideS, Instruction::Drop, Instruction::Drop]),
            "wide arithmetic support is not enabled",
        ),
        (
            "a reference to a function of one type",
            code(&[Instruction::RefNull(HeapType::Concrete(0)), Instruction::Drop]),
            "function references required",
        ),
        ("exceptions", tag(), "exceptions proposal not enabled"),
        ("garbage collection", structure(), "without the gc feature"),
    ];
    let modules = modules.into_iter().map(|(what, module, words)| (what, holding(&module), words));
    let components = [
        ("the component model's async", built_in(|functions| _ = functions.backpressure_inc()), "component model async feature"),
        ("its error contexts", built_in(|functions| _ = functions.error_context_drop()), "error-context feature"),
    ];
    modules.chain(components).map(|(what, component, words)| (what, component, "WH1206", words)).collect()
}
