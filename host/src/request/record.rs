//! What became of one request: filled in by the stops as they learn it, counted and logged when it ends.

use std::{
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use http::{StatusCode, request::Parts};

use super::{
    respond::Refusal,
    route::Route,
    service::{Installed, Service},
};
use crate::{
    caller::Caller,
    observe::{
        log::ACCESS,
        metrics::{Metrics, Requests},
    },
    runtime::outcome::Failure,
};

/// One request, from its head to the last byte of its answer; or to the moment the client left, for then it is dropped.
#[derive(Debug)]
pub struct Record {
    pub id: String,
    /// The client's, after trusted proxies.
    pub address: IpAddr,
    began: Instant,
    counted: Counted,
    /// The version of the plugin that it goes to.
    pub installed: Option<Arc<Installed>>,
    pub caller: Option<Caller>,
    /// The route it takes, or is refused at.
    pub route: Option<Arc<Route>>,
    status: Option<StatusCode>,
    sent: usize,
    whole: bool,
    /// Kept only for the access line.
    target: Option<Box<(http::Method, String)>>,
}

/// Where a request is counted.
#[derive(Debug)]
enum Counted {
    /// Nowhere yet: it has just come.
    Nowhere,
    /// Among those that name no service.
    Unaddressed(Arc<Metrics>),
    Service(Arc<Service>),
}

impl Record {
    pub fn begin(id: String, address: IpAddr, parts: &Parts) -> Self {
        let wanted = tracing::enabled!(target: ACCESS, tracing::Level::DEBUG);
        // Without the query, which may hold what nobody but the plugin is to see.
        let target = wanted.then(|| Box::new((parts.method.clone(), cut(parts.uri.path()))));
        Self {
            id,
            address,
            began: Instant::now(),
            counted: Counted::Nowhere,
            installed: None,
            caller: None,
            route: None,
            status: None,
            sent: 0,
            whole: false,
            target,
        }
    }

    /// The request is for this service.
    pub fn addressed(&mut self, service: &Arc<Service>) {
        service.requests.in_flight.up();
        self.counted = Counted::Service(service.clone());
    }

    /// The request is for none, unless one was named already.
    pub fn unaddressed(&mut self, metrics: &Arc<Metrics>) {
        if let Counted::Nowhere = self.counted {
            self.counted = Counted::Unaddressed(metrics.clone());
        }
    }

    /// The service's key, for log lines.
    pub fn service(&self) -> &str {
        match &self.counted {
            Counted::Service(service) => &service.key,
            Counted::Nowhere | Counted::Unaddressed(_) => "-",
        }
    }

    /// `id@version` of the plugin, for log lines.
    pub fn plugin(&self) -> Option<&str> {
        self.installed.as_ref().map(|installed| &*installed.plugin.running.plugin)
    }

    /// The app's key, for log lines.
    pub fn app(&self) -> Option<&str> {
        self.caller.as_ref()?.app.as_deref()
    }

    /// Method and pattern of its route, for log lines: a path may hold what nobody but the plugin is to see.
    pub fn route(&self) -> (Option<&str>, Option<&str>) {
        let route = self.route.as_ref();
        (route.map(|route| route.method.as_str()), route.map(|route| route.pattern.as_str()))
    }

    pub fn refused(&self, refusal: &Refusal) {
        let Some(requests) = self.requests() else { return };
        requests.refusals.add(refusal.cause());
        if let Some(limit) = refusal.limit() {
            requests.limit_hits.add(limit);
        }
    }

    pub fn failed(&self, failure: &Failure) {
        if let Some(requests) = self.requests() {
            requests.failed(failure.kind(), failure.details().limit);
        }
    }

    /// The answer's head is made.
    pub fn answered(&mut self, status: StatusCode) {
        self.status = Some(status);
    }

    /// Bytes of the answer's body go out.
    pub fn sent(&mut self, bytes: usize) {
        self.sent = self.sent.saturating_add(bytes);
    }

    /// All of the answer has gone out.
    pub fn finished(&mut self) {
        self.whole = true;
    }

    fn requests(&self) -> Option<&Requests> {
        match &self.counted {
            Counted::Nowhere => None,
            Counted::Unaddressed(metrics) => Some(&metrics.unaddressed),
            Counted::Service(service) => Some(&service.requests),
        }
    }

    fn log(&self, target: &(http::Method, String), took: Duration) {
        let (service, app, plugin) = (self.service(), self.app(), self.plugin());
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        tracing::debug!(
            target: ACCESS, request_id = self.id, address = %self.address, method = target.0.as_str(), path = target.1, service,
            plugin, app, status = self.status.map(|status| status.as_u16()), bytes = self.sent, whole = self.whole, micros,
            "{}", if self.status.is_some() { "answered" } else { "not answered: the client left, or its connection was cut" }
        );
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        let took = self.began.elapsed();
        if let Some(requests) = self.requests() {
            match self.status {
                Some(status) => requests.answered(status),
                None => requests.abandoned.add(1),
            }
            requests.seconds.observe(took);
        }
        if let Counted::Service(service) = &self.counted {
            service.requests.in_flight.down();
        }
        if let Some(target) = &self.target {
            self.log(target, took);
        }
    }
}

/// The longest path that is logged, in bytes.
const MAX_PATH: usize = 1 << 10;

/// What a path of the platform has before a code, which opens an app's consoles for a minute.
const BEFORE_CODE: &str = "/by_auth_code/";

fn cut(path: &str) -> String {
    let shown = path.find(BEFORE_CODE).map_or(path, |at| &path[..at + BEFORE_CODE.len()]);
    shown[..shown.floor_char_boundary(MAX_PATH)].to_owned()
}
