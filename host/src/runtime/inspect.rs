//! What a component says of itself, read before anything is compiled: its manifest, its routes, its imports and exports.

use wasmparser::{ComponentExternalKind, Encoding, Instance, Parser, Payload};

use super::engine::Mode;

/// The custom section in which a component carries its `plugin.toml`.
pub const MANIFEST_SECTION: &str = "wharf:manifest";

/// The custom section in which the SDK writes down the routes of the code, a line `METHOD PATTERN` each.
pub const ROUTES_SECTION: &str = "wharf:routes";

/// How deep components and modules may be nested.
const MAX_DEPTH: usize = 32;

/// What [`inspect`] found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Inspected {
    pub manifest: Option<String>,
    /// Method and pattern, sorted.
    pub routes: Option<Vec<(String, String)>>,
    /// Names of the imported instances and functions, e.g. `wharf:service/kv@0.1.0`.
    pub imports: Vec<String>,
    pub exports: Vec<String>,
    /// Core modules that are instantiated, in nested components too: what one instance takes of the engine's pool.
    pub core_instances: u32,
}

/// By which of its exports requests reach a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The contract's `wharf:service/handler`.
    Contract,
    /// `wasi:http/incoming-handler` of WASI 0.2: a stock component.
    Http02,
    /// `wasi:http/handler` of WASI 0.3: one that needs the asynchronous engine.
    Http03,
}

impl Kind {
    /// The engine that runs it.
    pub fn mode(self) -> Mode {
        match self {
            Self::Contract | Self::Http02 => Mode::Synchronous,
            Self::Http03 => Mode::Asynchronous,
        }
    }
}

impl Inspected {
    /// What the component is, or `None` if no request can reach it. The contract goes first: whoever exports another too means
    /// it; and then what is the least to run.
    pub fn kind(&self) -> Option<Kind> {
        let exported = |name: &str, version: &str| {
            self.exports.iter().any(|export| export.strip_prefix(name).is_some_and(|rest| rest.starts_with(version)))
        };
        // Whether its version is one that this host has is seen when it is linked.
        if exported("wharf:service/handler", "@") {
            Some(Kind::Contract)
        } else if exported("wasi:http/incoming-handler", "@0.2.") {
            Some(Kind::Http02)
        } else if exported("wasi:http/handler", "@0.3.") {
            Some(Kind::Http03)
        } else {
            None
        }
    }
}

impl Inspected {
    /// The engine that runs it, if one does.
    pub fn mode(&self) -> Mode {
        self.kind().map_or(Mode::Synchronous, Kind::mode)
    }
}

/// Why a file is not a component that could be a plugin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InspectError {
    #[error("it is not WebAssembly")]
    NotWasm,
    #[error("it is a core WebAssembly module")]
    CoreModule,
    #[error("{0}")]
    Malformed(String),
}

/// Reads a component without running or compiling any of it. Takes time and memory linear in its size.
pub fn inspect(component: &[u8]) -> Result<Inspected, InspectError> {
    if !component.starts_with(b"\0asm") {
        return Err(InspectError::NotWasm);
    }
    if Parser::is_core_wasm(component) {
        return Err(InspectError::CoreModule);
    }
    let malformed = |error: wasmparser::BinaryReaderError| InspectError::Malformed(error.to_string());
    let mut found = Inspected::default();
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(component) {
        match payload.map_err(malformed)? {
            Payload::Version { encoding, .. } => {
                depth += 1;
                if depth == 1 && encoding != Encoding::Component {
                    return Err(InspectError::CoreModule);
                }
                if depth > MAX_DEPTH {
                    return Err(InspectError::Malformed(format!("components are nested deeper than {MAX_DEPTH} levels")));
                }
            }
            Payload::End(_) => depth -= 1,
            Payload::ComponentImportSection(section) if depth == 1 => {
                for import in section {
                    found.imports.push(import.map_err(malformed)?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if depth == 1 => {
                for export in section {
                    let export = export.map_err(malformed)?;
                    if matches!(export.kind, ComponentExternalKind::Instance | ComponentExternalKind::Func) {
                        found.exports.push(export.name.name.to_owned());
                    }
                }
            }
            Payload::InstanceSection(section) => {
                for instance in section {
                    if let Instance::Instantiate { .. } = instance.map_err(malformed)? {
                        found.core_instances = found.core_instances.saturating_add(1);
                    }
                }
            }
            Payload::CustomSection(section) => custom(&mut found, depth, section.name(), section.data())?,
            _ => {}
        }
    }
    if let Some(routes) = &mut found.routes {
        routes.sort_unstable();
    }
    Ok(found)
}

/// A component's own section wins over those of the modules inside it, which come first: that is how a packer overrides
/// what a language's tool chain left behind. Two modules that both carry one contradict each other.
fn custom(found: &mut Inspected, depth: usize, name: &str, data: &[u8]) -> Result<(), InspectError> {
    let text =
        || std::str::from_utf8(data).map_err(|_| InspectError::Malformed(format!("its custom section `{name}` is not UTF-8")));
    match name {
        MANIFEST_SECTION => {
            if depth > 1 && found.manifest.is_some() {
                return Err(InspectError::Malformed("it carries more than one manifest".into()));
            }
            found.manifest = Some(text()?.to_owned());
        }
        ROUTES_SECTION => {
            let lines = text()?.lines().filter_map(|line| line.split_once(' '));
            let routes = lines.map(|(method, pattern)| (method.to_owned(), pattern.to_owned()));
            found.routes.get_or_insert_default().extend(routes);
        }
        _ => {}
    }
    Ok(())
}

/// The component with a manifest as its own custom section, which wins over one it may carry deeper inside.
pub fn pack(component: &[u8], manifest: &[u8]) -> Vec<u8> {
    let mut content = Vec::with_capacity(manifest.len() + 32);
    push_length(&mut content, MANIFEST_SECTION.len());
    content.extend_from_slice(MANIFEST_SECTION.as_bytes());
    content.extend_from_slice(manifest);
    let mut packed = component.to_vec();
    packed.push(0);
    push_length(&mut packed, content.len());
    packed.extend_from_slice(&content);
    packed
}

/// An unsigned LEB128 number.
fn push_length(bytes: &mut Vec<u8>, mut length: usize) {
    loop {
        let low = u8::try_from(length & 0x7f).unwrap_or_default();
        length >>= 7;
        if length == 0 {
            bytes.push(low);
            return;
        }
        bytes.push(low | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_component_is_its_exports_say() {
        const CONTRACT: &str = "wharf:service/handler@0.1.0";
        const HTTP_0_2: &str = "wasi:http/incoming-handler@0.2.6";
        const HTTP_0_3: &str = "wasi:http/handler@0.3.0";
        for (exports, kind, mode) in [
            (&[CONTRACT][..], Some(Kind::Contract), Mode::Synchronous),
            (&[HTTP_0_2], Some(Kind::Http02), Mode::Synchronous),
            (&["run", HTTP_0_3], Some(Kind::Http03), Mode::Asynchronous),
            (&[HTTP_0_3, HTTP_0_2], Some(Kind::Http02), Mode::Synchronous),
            (&[HTTP_0_2, CONTRACT], Some(Kind::Contract), Mode::Synchronous),
            (
                &["wasi:http/incoming-handler@0.3.0", "wasi:http/handler@0.2.0", "wharf:service/jobs@0.1.0"],
                None,
                Mode::Synchronous,
            ),
            (&[], None, Mode::Synchronous),
        ] {
            let inspected =
                Inspected { exports: exports.iter().map(|name| (*name).to_owned()).collect(), ..Inspected::default() };
            assert_eq!((inspected.kind(), inspected.mode()), (kind, mode), "{exports:?}");
        }
    }
}
