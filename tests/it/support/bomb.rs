//! Components made by hand, for what no compiler would make.

use wasm_encoder::{
    BlockType, CodeSection, Component, ComponentExportKind, ComponentExportSection, ComponentInstanceSection, ComponentSection,
    ComponentSectionId, CustomSection, Function, FunctionSection, InstanceSection, Instruction, MemorySection, MemoryType,
    Module, ModuleSection, RawSection, RefType, StartSection, TableSection, TableType, TypeSection, ValType,
};

/// A small valid component with one core module inside that asks its compiler for far more than it is worth: in each of its
/// `functions`, about 20,000 locals are written inside of `loops` nested loops. Every local then needs a value of its own at the
/// head of every loop.
pub(crate) fn compile_bomb(functions: u32, loops: u32, manifest: &str) -> Vec<u8> {
    const LOCALS: u32 = 20_000;
    let mut types = TypeSection::new();
    types.ty().function([ValType::I32], [ValType::I32]);
    let mut declared = FunctionSection::new();
    let mut code = CodeSection::new();
    for _ in 0..functions {
        declared.function(0);
        let mut function = Function::new([(LOCALS, ValType::I32)]);
        for _ in 0..loops {
            function.instruction(&Instruction::Loop(BlockType::Empty));
        }
        for local in 1..=LOCALS {
            function.instruction(&Instruction::LocalGet(local));
            function.instruction(&Instruction::LocalGet(local - 1));
            function.instruction(&Instruction::I32Add);
            function.instruction(&Instruction::LocalSet(local));
        }
        for _ in 0..loops {
            function.instruction(&Instruction::LocalGet(LOCALS));
            function.instruction(&Instruction::BrIf(0));
            function.instruction(&Instruction::End);
        }
        function.instruction(&Instruction::LocalGet(LOCALS));
        function.instruction(&Instruction::End);
        code.function(&function);
    }
    let mut module = Module::new();
    module.section(&types).section(&declared).section(&code);
    let mut component = Component::new();
    component.section(&ModuleSection(&module));
    // As far as it can be seen without compiling, it is a plugin.
    let mut instances = ComponentInstanceSection::new();
    instances.export_items(std::iter::empty::<(&str, ComponentExportKind, u32)>());
    let mut exports = ComponentExportSection::new();
    exports.export("wharf:service/handler@0.1.0", ComponentExportKind::Instance, 0, None);
    component.section(&instances).section(&exports);
    component.section(&CustomSection { name: "wharf:manifest".into(), data: manifest.as_bytes().into() });
    component.finish()
}

/// A component with more in it, which runs whenever the component is instantiated and which it otherwise has nothing to do with:
/// `parts` instances of a component that holds this module, all of them instantiated from the one there is.
pub(crate) fn with_parts(component: &[u8], module: &Module, parts: u32) -> Vec<u8> {
    let mut inner = Component::new();
    let mut instances = InstanceSection::new();
    instances.instantiate(0, std::iter::empty::<(&str, wasm_encoder::ModuleArg)>());
    inner.section(&ModuleSection(module)).section(&instances);
    with_components(component, &inner.finish(), parts)
}

/// The same with instances of this other component, which imports nothing.
pub(crate) fn with_components(component: &[u8], inner: &[u8], parts: u32) -> Vec<u8> {
    let mut outer = ComponentInstanceSection::new();
    for _ in 0..parts {
        outer.instantiate(nested_components(component), std::iter::empty::<(&str, ComponentExportKind, u32)>());
    }
    let mut grown = component.to_vec();
    let inner = RawSection { id: ComponentSectionId::Component.into(), data: inner };
    for section in [&inner as &dyn Append, &outer] {
        section.append(&mut grown);
    }
    grown
}

/// Sections of different types, one after the other.
trait Append {
    fn append(&self, component: &mut Vec<u8>);
}

impl<S: ComponentSection> Append for S {
    fn append(&self, component: &mut Vec<u8>) {
        self.append_to_component(component);
    }
}

/// How many components a component defines itself, which is the index of the next one: aliases of others come from imports of
/// components, which no tool chain makes.
fn nested_components(component: &[u8]) -> u32 {
    const HEADER: usize = 8;
    let (mut rest, mut found) = (&component[HEADER..], 0);
    while let Some((id, after)) = rest.split_first() {
        let (length, after) = leb128(after);
        found += u32::from(*id == ComponentSectionId::Component as u8);
        rest = &after[length..];
    }
    found
}

/// A number of the binary format, and what follows it.
fn leb128(bytes: &[u8]) -> (usize, &[u8]) {
    let end = bytes.iter().position(|byte| byte & 0x80 == 0).expect("a number ends");
    let number = bytes[..=end].iter().rev().fold(0, |number, byte| number << 7 | usize::from(byte & 0x7f));
    (number, &bytes[end + 1..])
}

/// A module that has nothing in it.
pub(crate) fn idle() -> Module {
    Module::new()
}

/// The smallest memory.
pub(crate) const PAGE: MemoryType =
    MemoryType { minimum: 1, maximum: None, memory64: false, shared: false, page_size_log2: None };

/// A module of so many memories.
pub(crate) fn memories(count: u32) -> Module {
    let mut memories = MemorySection::new();
    for _ in 0..count {
        memories.memory(PAGE);
    }
    let mut module = Module::new();
    module.section(&memories);
    module
}

/// A function without locals, and its end.
pub(crate) fn body(instructions: &[Instruction<'_>]) -> Function {
    let mut function = Function::new([]);
    for instruction in instructions.iter().chain([&Instruction::End]) {
        function.instruction(instruction);
    }
    function
}

/// A module with a table of `declared` elements. Where `step` is not 0, it begins by making it larger, by so many elements at a
/// time, and traps when it is told that it may not.
pub(crate) fn table(declared: u64, step: i32) -> Module {
    let (mut types, mut functions, mut tables, mut code) =
        (TypeSection::new(), FunctionSection::new(), TableSection::new(), CodeSection::new());
    types.ty().function([], []);
    functions.function(0);
    let mut function = Function::new([]);
    tables.table(TableType { element_type: RefType::FUNCREF, table64: false, minimum: declared, maximum: None, shared: false });
    if step != 0 {
        for instruction in [
            Instruction::Loop(BlockType::Empty),
            Instruction::RefNull(wasm_encoder::HeapType::FUNC),
            Instruction::I32Const(step),
            Instruction::TableGrow(0),
            Instruction::I32Const(-1),
            Instruction::I32Ne,
            Instruction::BrIf(0),
            Instruction::End,
            Instruction::Unreachable,
        ] {
            function.instruction(&instruction);
        }
    }
    function.instruction(&Instruction::End);
    code.function(&function);
    let mut module = Module::new();
    module.section(&types).section(&functions).section(&tables).section(&StartSection { function_index: 0 }).section(&code);
    module
}
