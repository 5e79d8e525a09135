//! What `service!` puts in the place of libc's functions, for a plugin that prints and has no files.

use crate::bindings::wharf::service::stdio::{self, Output};

/// Libc's `write`: returns how many bytes it took, which are all.
pub fn write(to: i32, bytes: &[u8]) -> isize {
    match to {
        1 => put(Output::Stdout, bytes),
        2 => put(Output::Stderr, bytes),
        // No file is open: one that is must have come from a manifest that this component was not built with.
        _ => end("this plugin was built without files; ask for `data` in its plugin.toml and build it again"),
    }
    isize::try_from(bytes.len()).unwrap_or(isize::MAX)
}

/// Libc's `_Exit`.
pub fn exit(code: i32) -> ! {
    end(&format!("the plugin ended itself with the exit code {code}"))
}

fn end(why: &str) -> ! {
    put(Output::Stderr, why.as_bytes());
    core::arch::wasm32::unreachable()
}

fn put(to: Output, bytes: &[u8]) {
    for byte in bytes {
        stdio::write(to, *byte);
    }
}
