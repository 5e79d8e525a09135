//! Components that are put together of others, each with a memory of its own.

use std::fs;

use wasm_encoder::{
    BlockType, CanonicalOption, CodeSection, ComponentBuilder, ComponentExportKind, ComponentTypeRef, ConstExpr, DataSection,
    EntityType, ExportKind, ExportSection, FunctionSection, ImportSection, Instruction, MemArg, MemorySection, Module, ModuleArg,
    PrimitiveValType, StartSection, TypeSection, ValType,
};
use wharf_guests::INNOCENT;

use crate::support::{
    Service, TestHost,
    bomb::{PAGE, body, memories, with_components, with_parts},
};

/// What one component says to the other.
const WORD: &[u8; 4] = b"fish";

/// Takes a text, and traps unless it is [`WORD`].
fn listener() -> ComponentBuilder {
    let (mut types, mut functions, mut memories) = (TypeSection::new(), FunctionSection::new(), MemorySection::new());
    types.ty().function([ValType::I32, ValType::I32], []);
    types.ty().function([ValType::I32; 4], [ValType::I32]);
    functions.function(0).function(1);
    memories.memory(PAGE);
    let mut exports = ExportSection::new();
    exports.export("hear", ExportKind::Func, 0).export("realloc", ExportKind::Func, 1).export("memory", ExportKind::Memory, 0);
    let word = MemArg { offset: 0, align: 0, memory_index: 0 };
    let mut code = CodeSection::new();
    code.function(&body(&[
        Instruction::LocalGet(0),
        Instruction::I32Load(word),
        Instruction::I32Const(i32::from_le_bytes(*WORD)),
        Instruction::I32Ne,
        Instruction::If(BlockType::Empty),
        Instruction::Unreachable,
        Instruction::End,
    ]));
    code.function(&body(&[Instruction::I32Const(64)]));
    let mut module = Module::new();
    module.section(&types).section(&functions).section(&memories).section(&exports).section(&code);

    let mut component = ComponentBuilder::default();
    let module = component.core_module(None, &module);
    let instance = component.core_instantiate(None, module, []);
    let memory = component.core_alias_export(None, instance, "memory", ExportKind::Memory);
    let realloc = component.core_alias_export(None, instance, "realloc", ExportKind::Func);
    let hear = component.core_alias_export(None, instance, "hear", ExportKind::Func);
    let hears = hearing(&mut component);
    let options = [CanonicalOption::UTF8, CanonicalOption::Memory(memory), CanonicalOption::Realloc(realloc)];
    let hear = component.lift_func(None, hear, hears, options);
    component.export("hear", ComponentExportKind::Func, hear, None);
    component
}

/// Says [`WORD`] when it is instantiated.
fn speaker() -> ComponentBuilder {
    let mut exports = ExportSection::new();
    exports.export("memory", ExportKind::Memory, 0);
    let mut words = DataSection::new();
    words.active(0, &ConstExpr::i32_const(8), *WORD);
    let mut holder = memories(1);
    holder.section(&exports).section(&words);

    let (mut types, mut imports, mut functions, mut code) =
        (TypeSection::new(), ImportSection::new(), FunctionSection::new(), CodeSection::new());
    types.ty().function([ValType::I32, ValType::I32], []);
    types.ty().function([], []);
    imports.import("listener", "hear", EntityType::Function(0));
    functions.function(1);
    code.function(&body(&[Instruction::I32Const(8), Instruction::I32Const(4), Instruction::Call(0)]));
    let mut module = Module::new();
    module.section(&types).section(&imports).section(&functions).section(&StartSection { function_index: 1 }).section(&code);

    let mut component = ComponentBuilder::default();
    let hears = hearing(&mut component);
    let hear = component.import("hear", ComponentTypeRef::Func(hears));
    let holder = component.core_module(None, &holder);
    let holder = component.core_instantiate(None, holder, []);
    let memory = component.core_alias_export(None, holder, "memory", ExportKind::Memory);
    let hear = component.lower_func(None, hear, [CanonicalOption::UTF8, CanonicalOption::Memory(memory)]);
    let listener = component.core_instantiate_exports(None, [("hear", ExportKind::Func, hear)]);
    let module = component.core_module(None, &module);
    component.core_instantiate(None, module, [("listener", ModuleArg::Instance(listener))]);
    component
}

/// The type of the one function between the two.
fn hearing(component: &mut ComponentBuilder) -> u32 {
    let (hears, mut function) = component.type_function(None);
    function.params([("text", PrimitiveValType::String)]).result(None);
    hears
}

/// Two components with a memory each. What the engine puts between them copies from one memory to the other, and so has both.
fn conversation() -> Vec<u8> {
    let mut component = ComponentBuilder::default();
    let (listener, speaker) = (component.component(None, listener()), component.component(None, speaker()));
    let listener = component.instantiate(None, listener, std::iter::empty::<(&str, ComponentExportKind, u32)>());
    let hear = component.alias_export(listener, "hear", ComponentExportKind::Func);
    component.instantiate(None, speaker, [("hear", ComponentExportKind::Func, hear)]);
    component.finish()
}

#[test]
fn components_with_memories_of_their_own_may_speak_to_each_other() {
    let host = TestHost::new().with(Service::of(&INNOCENT).not_installed()).start();
    let innocent = fs::read(INNOCENT.component).expect("the component can be read");
    let install = |component: &[u8]| {
        fs::write(host.path().join("composed.wasm"), component).expect("a component can be written");
        host.wharf(["plugin", "install", "composed.wasm", "--manifest", INNOCENT.manifest])
    };
    for composed in [with_parts(&innocent, &memories(1), 1), with_components(&innocent, &conversation(), 1)] {
        install(&composed).ok();
        host.assert_serves_others();
        host.wharf(["plugin", "remove", "test/innocent", "--force"]).ok();
    }
    // What is written by hand gets no more memories than tool chains make.
    install(&with_parts(&innocent, &memories(2), 1)).refused("WH1202", "memories");
    host.stop();
}
