//! What one call of a plugin may use: asked for in the manifest, capped by the operator, enforced by `runtime/` and `request/`.

use std::time::Duration;

/// The limits of one service's plugin, all set. What each means and which status a caller sees: the limit table of `docs/limits.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of all linear memories and tables of a call together (a table element counts 8 bytes).
    pub memory: u64,
    /// Processor time of one call.
    pub cpu: Duration,
    /// Time from admission to the end of the response's body.
    pub wall: Duration,
    /// Calls at once.
    pub concurrency: u32,
    /// Bytes of a request's body, and of each response of another server.
    pub body_in: u64,
    /// Bytes of a response's body.
    pub body_out: u64,
    /// Host calls of one call.
    pub host_calls: u32,
    /// Resources (bodies, writers, stores, responses) open at once in one call.
    pub handles: u32,
    /// Lines one call may write to the log; more are counted and dropped.
    pub log_lines: u32,
}

impl Limits {
    /// What a plugin gets that asks for nothing.
    pub const DEFAULT: Self = Self {
        memory: 64 << 20,
        cpu: Duration::from_secs(1),
        wall: Duration::from_secs(10),
        concurrency: 64,
        body_in: 8 << 20,
        body_out: 64 << 20,
        host_calls: 10_000,
        handles: 256,
        log_lines: 200,
    };

    /// What a plugin may ask for where the operator's configuration says nothing else.
    pub const CAPS: Self = Self {
        memory: 256 << 20,
        cpu: Duration::from_secs(10),
        wall: Duration::from_secs(300),
        concurrency: 256,
        body_in: 4 << 30,
        body_out: 4 << 30,
        host_calls: 1_000_000,
        handles: 4_096,
        log_lines: 10_000,
    };

    /// `asked` over the defaults, but never more than `caps`.
    pub fn grant(asked: &Asked, caps: &Self) -> Self {
        let base = Self::DEFAULT;
        Self {
            memory: asked.memory.unwrap_or(base.memory).min(caps.memory),
            cpu: asked.cpu.unwrap_or(base.cpu).min(caps.cpu),
            wall: asked.wall.unwrap_or(base.wall).min(caps.wall),
            concurrency: asked.concurrency.unwrap_or(base.concurrency).min(caps.concurrency),
            body_in: asked.body_in.unwrap_or(base.body_in).min(caps.body_in),
            body_out: asked.body_out.unwrap_or(base.body_out).min(caps.body_out),
            host_calls: asked.host_calls.unwrap_or(base.host_calls).min(caps.host_calls),
            handles: asked.handles.unwrap_or(base.handles).min(caps.handles),
            log_lines: asked.log_lines.unwrap_or(base.log_lines).min(caps.log_lines),
        }
    }
}

/// The same limits as a manifest's or a configuration's `[limits]` table may set them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Asked {
    pub memory: Option<u64>,
    pub cpu: Option<Duration>,
    pub wall: Option<Duration>,
    pub concurrency: Option<u32>,
    pub body_in: Option<u64>,
    pub body_out: Option<u64>,
    pub host_calls: Option<u32>,
    pub handles: Option<u32>,
    pub log_lines: Option<u32>,
}

impl Asked {
    /// The same, but never more than `caps`.
    #[must_use]
    pub fn within(self, caps: &Limits) -> Self {
        Self {
            memory: self.memory.map(|asked| asked.min(caps.memory)),
            cpu: self.cpu.map(|asked| asked.min(caps.cpu)),
            wall: self.wall.map(|asked| asked.min(caps.wall)),
            concurrency: self.concurrency.map(|asked| asked.min(caps.concurrency)),
            body_in: self.body_in.map(|asked| asked.min(caps.body_in)),
            body_out: self.body_out.map(|asked| asked.min(caps.body_out)),
            host_calls: self.host_calls.map(|asked| asked.min(caps.host_calls)),
            handles: self.handles.map(|asked| asked.min(caps.handles)),
            log_lines: self.log_lines.map(|asked| asked.min(caps.log_lines)),
        }
    }

    /// The operator's caps for one service: its own where they are set, else the host's.
    pub fn over(&self, host: &Limits) -> Limits {
        Limits {
            memory: self.memory.unwrap_or(host.memory),
            cpu: self.cpu.unwrap_or(host.cpu),
            wall: self.wall.unwrap_or(host.wall),
            concurrency: self.concurrency.unwrap_or(host.concurrency),
            body_in: self.body_in.unwrap_or(host.body_in),
            body_out: self.body_out.unwrap_or(host.body_out),
            host_calls: self.host_calls.unwrap_or(host.host_calls),
            handles: self.handles.unwrap_or(host.handles),
            log_lines: self.log_lines.unwrap_or(host.log_lines),
        }
    }
}
