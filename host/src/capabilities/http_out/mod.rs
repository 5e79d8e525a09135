//! `wharf:service/http-out`: requests to other servers, to granted hosts only.
//!
//! A request leaves when the manifest asks for its host and method, the operator allows the host, and the addresses that are
//! connected to are ones that may be called; each redirect is a request that is judged anew. One pooled client a plugin,
//! because a connection for each call runs out of ports at a few hundred calls a second. No proxy of the system's, no cookies.
//!
//! Exchanges run on a thread of their own, where no guest is ever polled: a connection must not wait for a plugin that
//! computes, and a plugin's downloads must not hold up the accepting of connections.
//!
//! Stock components ask for the same by `wasi:http` ([`Hooks`]), under the same rules.
//!
//! Cancellation: dropping the call drops its exchanges; the other server may have acted on them all the same.

mod client;
mod exchange;
mod hosts;
mod incoming;
mod stock;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use http::{HeaderName, HeaderValue, Method};
use reqwest::Url;
use tokio::runtime::{Builder, Handle, Runtime};
use wasmtime::component::{HasSelf, Linker};

use self::{client::Client, exchange::Denied, hosts::Pattern};
use super::{Granted, Lacking, missing, quoted};
use crate::{
    bindings::http_out::add_to_linker,
    codes,
    config::{Inject, Service},
    manifest::{Capability, Manifest},
    problem::{Problem, Problems},
    reach::{permitted, resolve::LOOKUP_THREADS},
    runtime::state::CallState,
    secret::{Secret, SecretRef},
};

pub use self::{incoming::Incoming, stock::Hooks};

/// The host's part: the thread on which exchanges run. There is none until a plugin may call anybody.
#[derive(Debug, Default)]
pub struct HttpOut {
    runtime: Mutex<Option<Runtime>>,
}

impl HttpOut {
    pub fn open() -> Self {
        Self::default()
    }

    /// Reads the secrets that are sent along, and makes the client. Fails also when the system gives no thread. Blocking.
    pub fn ready(&self, grant: Grant) -> Result<Ready, Problems> {
        if grant.allowed.is_empty() || grant.asked.is_empty() {
            return Ok(Ready(None));
        }
        let injected = inject(&grant)?;
        let rules = Rules { asked: grant.asked, allowed: grant.allowed, private: Arc::new(grant.private), injected };
        let client = Client::new(&rules.private, self.runtime()?).map_err(|error| {
            Problem::new(&codes::HOST_FAILED, format!("the service `{}` cannot be given outgoing requests", grant.service))
                .why_all(&error)
                .fix("see whether this machine has root certificates installed")
        })?;
        Ok(Ready(Some(Arc::new(Opened { rules, client }))))
    }

    fn runtime(&self) -> Result<Handle, Problem> {
        let mut runtime = self.runtime.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(runtime) = &*runtime {
            return Ok(runtime.handle().clone());
        }
        let started = Builder::new_multi_thread()
            .worker_threads(1)
            .max_blocking_threads(LOOKUP_THREADS)
            .thread_name("wharf-http-out")
            .enable_all()
            .build()
            .map_err(|error| Problem::new(&codes::IO, "the thread for outgoing requests cannot be started").why(error))?;
        Ok(runtime.insert(started).handle().clone())
    }
}

impl Drop for HttpOut {
    fn drop(&mut self) {
        let runtime = self.runtime.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(runtime) = runtime.take() {
            // The host may be dropped where blocking is not allowed.
            runtime.shutdown_background();
        }
    }
}

/// What a plugin may call for a service.
#[derive(Debug)]
pub struct Grant {
    service: String,
    asked: Vec<Asked>,
    allowed: Vec<Pattern>,
    private: BTreeSet<String>,
    inject: Vec<(Inject, Option<SecretRef>)>,
}

/// One permission of the manifest.
#[derive(Debug)]
struct Asked {
    hosts: Vec<Pattern>,
    methods: Vec<String>,
}

impl Grant {
    /// Fails with the hosts that are required and of which `[services.<key>.http-out]` allows none.
    pub fn new(manifest: &Manifest, service: &Service) -> Result<Self, Problems> {
        let config = &service.http_out;
        let allowed: Vec<Pattern> = config.hosts.iter().map(|host| Pattern::new(host)).collect();
        let mut problems = Problems::default();
        let mut asked = Vec::new();
        for permission in &manifest.permissions {
            let Capability::HttpOut { hosts, methods } = &permission.capability else { continue };
            problems.extend(missing(manifest, service, permission));
            asked.push(Asked { hosts: hosts.iter().map(|host| Pattern::new(host)).collect(), methods: methods.clone() });
        }
        let secret = |inject: &Inject| (inject.clone(), service.secrets.get(&inject.secret).cloned());
        problems.or(Self {
            service: service.key.clone(),
            asked,
            allowed,
            private: config.private.iter().cloned().collect(),
            inject: config.inject.iter().map(secret).collect(),
        })
    }
}

/// Those of the hosts of which `[services.<key>.http-out]` allows none.
pub fn lacking(hosts: &[String], service: &Service) -> Vec<Lacking> {
    let allowed: Vec<Pattern> = service.http_out.hosts.iter().map(|host| Pattern::new(host)).collect();
    let is_allowed = |host: &str| allowed.iter().any(|allowed| allowed.overlaps(&Pattern::new(host)));
    let lacking: Vec<&String> = hosts.iter().filter(|host| !is_allowed(host)).collect();
    if lacking.is_empty() {
        return Vec::new();
    }
    let table = format!("[services.{}.http-out]", service.key);
    let (what, fix) = if lacking.iter().any(|host| *host == "*") {
        ("to call a host of the operator's choice".to_owned(), format!("name it in `hosts` in {table}"))
    } else {
        let entries: Vec<String> = lacking.iter().map(|host| format!("\"{host}\"")).collect();
        (format!("to call {}", quoted(lacking)), format!("add {} to `hosts` in {table}", entries.join(", ")))
    };
    vec![Lacking { what, fix }]
}

/// The hosts that the service allows, and of which no permission asks for any.
pub fn unasked<'s>(manifest: &Manifest, service: &'s Service) -> impl Iterator<Item = &'s str> {
    let hosts = manifest.permissions.iter().filter_map(|permission| match &permission.capability {
        Capability::HttpOut { hosts, .. } => Some(hosts),
        _ => None,
    });
    let asked: Vec<Pattern> = hosts.flatten().map(|host| Pattern::new(host)).collect();
    let is_asked = move |host: &str| asked.iter().any(|asked| asked.overlaps(&Pattern::new(host)));
    service.http_out.hosts.iter().map(String::as_str).filter(move |host| !is_asked(host))
}

/// The addresses that the service allows, and that are denied all the same, each with the reason.
pub fn unreachable(service: &Service) -> impl Iterator<Item = (&str, &'static str)> {
    service.http_out.hosts.iter().map(String::as_str).filter_map(|host| {
        let name = host.split(':').next().unwrap_or_default();
        let address = name.parse().ok()?;
        if !permitted(address, true) {
            return Some((host, "an address of no single server: it is never called"));
        }
        let private = service.http_out.private.iter().any(|private| private == name);
        (!permitted(address, private))
            .then_some((host, "an address of an inner network: it is not called unless `private` has it too"))
    })
}

/// The headers that carry secrets, by host.
fn inject(grant: &Grant) -> Result<BTreeMap<String, Vec<(HeaderName, HeaderValue)>>, Problems> {
    let mut problems = Problems::default();
    let mut injected: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for (Inject { host, header, secret }, reference) in &grant.inject {
        let subject = format!("services.{}.secrets.{secret}", grant.service);
        let read = match reference {
            Some(reference) => reference.read(&subject),
            None => Err(Problem::new(&codes::SECRET_UNREADABLE, format!("`{subject}` is sent to `{host}` and not there"))),
        };
        match read.and_then(|value| carry(header, &value, &subject)) {
            Ok(carried) => injected.entry(host.clone()).or_default().push(carried),
            Err(problem) => problems.push(problem),
        }
    }
    problems.or(injected)
}

fn carry(header: &str, secret: &Secret, subject: &str) -> Result<(HeaderName, HeaderValue), Problem> {
    let unfit = || {
        Problem::new(&codes::SECRET_UNREADABLE, format!("`{subject}` cannot be sent as the header `{header}`"))
            .why("it holds a line break or another control character")
            .fix("put the header's value there, on one line")
    };
    let name = HeaderName::from_bytes(header.as_bytes()).map_err(|_| unfit())?;
    let mut value = HeaderValue::from_bytes(secret.expose()).map_err(|_| unfit())?;
    value.set_sensitive(true);
    Ok((name, value))
}

/// What a running version may call, if anything.
#[derive(Debug, Default)]
pub struct Ready(Option<Arc<Opened>>);

#[derive(Debug)]
struct Opened {
    rules: Rules,
    client: Client,
}

/// Which requests may leave, and what is sent along.
#[derive(Debug)]
struct Rules {
    asked: Vec<Asked>,
    allowed: Vec<Pattern>,
    private: Arc<BTreeSet<String>>,
    injected: BTreeMap<String, Vec<(HeaderName, HeaderValue)>>,
}

impl Rules {
    /// Whether the request may leave, as far as its URL says.
    fn judge(&self, method: &Method, url: &Url) -> Result<(), Denied> {
        let denied = |why, granted| Err(Denied::new(why, granted));
        let host = url.host_str().unwrap_or_default();
        let private = self.private.contains(host);
        // First what no table of the operator's helps with.
        let mut asked = self.asked.iter().filter(|asked| asked.hosts.iter().any(|pattern| pattern.means(url))).peekable();
        if asked.peek().is_none() {
            return denied("the manifest does not ask for this host and port", Granted::Never);
        }
        if !asked.any(|asked| asked.methods.iter().any(|asked| asked == method.as_str())) {
            return denied("the manifest does not ask for this method", Granted::Never);
        }
        if !self.allowed.iter().any(|pattern| pattern.means(url)) {
            return denied("the operator does not allow this host and port", Granted::ByTable);
        }
        // Connectors do not resolve literals, so the resolver never sees them.
        let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().ok();
        if let Some(address) = literal.filter(|address| !permitted(*address, private)) {
            let granted = if permitted(address, true) { Granted::ByPrivate } else { Granted::Never };
            return denied("this address may not be called", granted);
        }
        if url.scheme() != "https" && !private && self.injected.contains_key(host) {
            return denied("a secret is sent along to this host, which is done by https only", Granted::Never);
        }
        Ok(())
    }
}

pub fn link(linker: &mut Linker<CallState>) -> wasmtime::Result<()> {
    add_to_linker::<_, HasSelf<CallState>>(linker, |state| state)
}
