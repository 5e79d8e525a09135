//! Components made by hand, for what no compiler would make.

use wasm_encoder::{
    BlockType, CodeSection, Component, ComponentExportKind, ComponentExportSection, ComponentInstanceSection, CustomSection,
    Function, FunctionSection, Instruction, Module, ModuleSection, TypeSection, ValType,
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
