//! What an instance has of WASI: the clock, dice, standard output, and nothing to reach outside by, unless it is granted.

use std::any::Any;

use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{FieldMap, WasiHttpCtx, WasiHttpCtxView, WasiHttpView, p2};

use super::state::CallState;
use crate::{
    capabilities::{Ready, http_out, log::Running, stdio::Stdio},
    limits::Limits,
};

/// Bytes of randomness that a guest may ask for at once.
const MAX_RANDOM: u64 = 64 << 10;

/// Bytes of one set of headers that a component puts together, at most and at least.
const FIELDS: (u64, u64) = (8 << 10, 128 << 10);

/// The same for a plugin of these limits. The sets are the host's memory and not the guest's, and every handle can be one: all of
/// them together have no more than the guest has itself, or 8 KiB each.
fn fields(limits: &Limits) -> usize {
    let (least, most) = FIELDS;
    usize::try_from((limits.memory / u64::from(limits.handles.max(1))).clamp(least, most)).unwrap_or(usize::MAX)
}

/// Made when a guest first asks for any of it. A guest's libc keeps its handles (stdout, its directory) from call to call, so this
/// lives as long as the guest's memory and not as long as the call.
pub(super) struct Wasi {
    ctx: WasiCtx,
    table: ResourceTable,
    /// `wasi:http`, which only stock components can ask for.
    http: WasiHttpCtx,
    hooks: http_out::Hooks,
}

impl Wasi {
    fn new(stdio: &mut Stdio, ready: &Ready, limits: &Limits, running: &Running) -> Self {
        let mut ctx = WasiCtx::builder();
        ctx.stdout(stdio.stdout()).stderr(stdio.stderr()).allow_tcp(false).allow_udp(false).max_random_size(MAX_RANDOM);
        ready.data.preopen(&mut ctx);
        let mut table = ResourceTable::new();
        table.set_max_capacity(limits.handles as usize);
        let mut http = WasiHttpCtx::new();
        http.set_field_size_limit(fields(limits));
        let hooks = ready.http_out.hooks(limits.body_in, running.plugin.clone(), running.service.clone());
        Self { ctx: ctx.build(), table, http, hooks }
    }

    /// Whether the guest has let go of its call, so that it may have another one. Some languages free what they hold when they
    /// come to it: that would pile up, and what is left of `wasi:http` is a caller's.
    fn has_let_go(&mut self, handles: u32) -> bool {
        let mut held = 0;
        let is_http = |resource: &mut (dyn Any + Send)| {
            held += 1;
            resource.is::<FieldMap>()
                || resource.is::<p2::types::HostIncomingRequest>()
                || resource.is::<p2::types::HostOutgoingRequest>()
                || resource.is::<p2::types::HostIncomingResponse>()
                || resource.is::<p2::types::HostOutgoingResponse>()
                || resource.is::<p2::types::HostFutureIncomingResponse>()
                || resource.is::<p2::types::HostResponseOutparam>()
                || resource.is::<p2::body::HostIncomingBody>()
                || resource.is::<p2::body::HostOutgoingBody>()
                || resource.is::<p2::body::HostFutureTrailers>()
        };
        !self.table.iter_mut().any(is_http) && held <= handles / 2
    }
}

impl CallState {
    fn wasi(&mut self) -> &mut Wasi {
        let Self { wasi, stdio, capabilities, ledger, log, .. } = self;
        wasi.get_or_insert_with(|| Box::new(Wasi::new(stdio, &capabilities.ready, &ledger.limits, log.running())))
    }

    /// Whether the instance may have another call, as far as WASI goes.
    pub(super) fn has_let_go(&mut self) -> bool {
        let handles = self.ledger.limits.handles;
        self.wasi.as_mut().is_none_or(|wasi| wasi.has_let_go(handles))
    }
}

impl WasiView for CallState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let Wasi { ctx, table, .. } = self.wasi();
        WasiCtxView { ctx, table }
    }
}

impl WasiHttpView for CallState {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        let Wasi { http: ctx, table, hooks, .. } = self.wasi();
        WasiHttpCtxView { ctx, table, hooks }
    }
}
