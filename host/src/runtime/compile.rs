//! Compiling, in a process of its own: a valid component of a few hundred kilobytes can make a compiler ask for gigabytes.
//!
//! The child is this same binary as `wharf compile`: the component comes in on stdin, machine code goes out on stdout. It
//! limits itself before it reads a byte, and ends when nobody reads from it any more.

use std::{
    io::{Read, Write},
    process::Stdio,
    time::Duration,
};

use rustix::{
    event::{PollFd, PollFlags, poll},
    io::Errno,
    process::{Resource, Rlimit, Signal, nice, setrlimit},
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use wasmtime::Engine;

use super::{
    engine::{Mode, code_settings},
    lanes::NICE,
};

/// What compiling one component may use.
#[derive(Debug, Clone, Copy)]
pub struct CompileLimits {
    /// Bytes of address space.
    pub memory: u64,
    pub cpu: Duration,
    pub wall: Duration,
}

/// Why a component was not compiled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CompileError {
    #[error("{0}")]
    Refused(String),
    #[error("compiling needs more than the {} MiB of memory it may have", .0 >> 20)]
    Memory(u64),
    #[error("compiling needs more than the {} s of processor time it may have", .0.as_secs())]
    Cpu(Duration),
    #[error("compiling takes longer than the {} s it may", .0.as_secs())]
    Wall(Duration),
    #[error("the compiler failed: {0}")]
    Host(String),
}

impl CompileError {
    /// One word for each way to fail, for metrics.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Refused(_) => "refused",
            Self::Memory(_) => "memory",
            Self::Cpu(_) => "cpu",
            Self::Wall(_) => "wall",
            Self::Host(_) => "host",
        }
    }
}

/// The most of the child's words that are kept, in bytes.
const MAX_WORDS: u64 = 16 << 10;

/// The exit status by which the child says that the component, and not the host, is at fault.
const REFUSED: i32 = 3;

/// What the system says of a thread that it can give no stack.
const NO_STACK: &str = "kind: WouldBlock";

/// Compiles a component for an engine in a child process. Dropping the future kills the child.
pub async fn compile(component: Vec<u8>, mode: Mode, limits: CompileLimits) -> Result<Vec<u8>, CompileError> {
    let host = |error: std::io::Error| CompileError::Host(error.to_string());
    let mut child = tokio::process::Command::new(std::env::current_exe().map_err(host)?)
        .arg("compile")
        .args(["--memory", &limits.memory.to_string(), "--cpu-seconds", &limits.cpu.as_secs().max(1).to_string()])
        .args((mode == Mode::Asynchronous).then_some("--asynchronous"))
        .env_clear()
        // The allocator would reserve a GiB of addresses at once, which is most of what the child may have.
        .env("MIMALLOC_ARENA_RESERVE", "32MiB")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(host)?;
    let (Some(mut stdin), Some(mut stdout), Some(stderr)) = (child.stdin.take(), child.stdout.take(), child.stderr.take()) else {
        return Err(CompileError::Host("its pipes are missing".into()));
    };
    let (mut artifact, mut words) = (Vec::new(), Vec::new());
    let talk = async {
        let send = async {
            // A child that dies early breaks the pipe; its exit says more than that does.
            let _ = stdin.write_all(&component).await;
            drop(stdin);
        };
        let (_, read, _) = tokio::join!(send, stdout.read_to_end(&mut artifact), async {
            let _ = stderr.take(MAX_WORDS).read_to_end(&mut words).await;
        });
        read?;
        child.wait().await
    };
    let status = tokio::time::timeout(limits.wall, talk).await.map_err(|_| CompileError::Wall(limits.wall))?.map_err(host)?;
    if status.success() {
        return Ok(artifact);
    }
    let words = String::from_utf8_lossy(&words).trim().to_owned();
    let signal = std::os::unix::process::ExitStatusExt::signal(&status);
    Err(match (status.code(), signal) {
        (Some(REFUSED), _) => CompileError::Refused(words),
        (_, Some(signal)) if signal == Signal::XCPU.as_raw() => CompileError::Cpu(limits.cpu),
        (_, Some(signal)) if signal == Signal::KILL.as_raw() => {
            CompileError::Host("it was killed, perhaps because the machine has no memory left".into())
        }
        // Rust aborts, with these words, when the address space is used up; a compiler thread that cannot get its stack panics.
        (_, Some(_)) if words.contains("memory allocation") => CompileError::Memory(limits.memory),
        (Some(_), _) if words.contains(NO_STACK) => CompileError::Memory(limits.memory),
        _ => CompileError::Host(format!("it ended with {status}: {words}")),
    })
}

/// The child: limits itself, compiles stdin to stdout and returns its exit status.
pub fn compile_here(mode: Mode, memory: u64, cpu_seconds: u64) -> i32 {
    let limit = |resource, value| setrlimit(resource, Rlimit { current: Some(value), maximum: Some(value) });
    let limited = end_with_the_host()
        .and_then(|()| Ok(limit(Resource::Core, 0)?))
        .and_then(|()| Ok(limit(Resource::As, memory)?))
        // The soft limit asks with SIGXCPU, the hard one a second later does not ask.
        .and_then(|()| {
            let limit = Rlimit { current: Some(cpu_seconds), maximum: Some(cpu_seconds.saturating_add(1)) };
            Ok(setrlimit(Resource::Cpu, limit)?)
        });
    // Installing gives way to requests, as slow ones do. Where the system refuses, it takes its share.
    let _ = nice(NICE);
    let say = |words: String| {
        // Nothing is left to do when even stderr fails.
        let _ = std::io::stderr().write_all(words.as_bytes());
    };
    if let Err(error) = limited {
        say(format!("the compiler cannot limit itself: {error}"));
        return 1;
    }
    let mut component = Vec::new();
    if let Err(error) = std::io::stdin().read_to_end(&mut component) {
        say(format!("the component cannot be read: {error}"));
        return 1;
    }
    let compiled = Engine::new(&code_settings(mode)).and_then(|engine| engine.precompile_component(&component));
    match compiled {
        Ok(artifact) => match std::io::stdout().write_all(&artifact) {
            Ok(()) => 0,
            Err(error) => {
                say(format!("the compiled component cannot be handed over: {error}"));
                1
            }
        },
        Err(error) => {
            say(format!("{error:#}"));
            REFUSED
        }
    }
}

/// Ends this process when the other end of its standard output is closed, as it is when the host is killed.
///
/// The signal that a parent's death can send will not do: it comes when the *thread* dies that started the child, and tokio
/// ends threads that have nothing to do.
fn end_with_the_host() -> std::io::Result<()> {
    std::thread::Builder::new().name("wharf-watch".into()).spawn(|| {
        let stdout = std::io::stdout();
        // No event is asked for: a pipe that nobody reads from is an error, and errors are always told.
        while poll(&mut [PollFd::new(&stdout, PollFlags::empty())], None) == Err(Errno::INTR) {}
        #[expect(clippy::exit, reason = "nobody is left who could read the result")]
        std::process::exit(1);
    })?;
    Ok(())
}
