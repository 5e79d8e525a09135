//! The services of the configuration appear on the platform by themselves.

use std::net::SocketAddr;

use super::Embedded;
use crate::{
    codes,
    config::{self, Config},
    problem::{Problem, Problems},
    store::platform::{self, Service, Write, Written, new_id},
};

/// Where this host is reached: scheme, host and port, without a final slash. `address` is what it really listens on.
pub fn base_url(listen: &config::Listen, address: SocketAddr) -> String {
    if let Some(url) = &listen.public_url {
        return url.clone();
    }
    let mut reached = address;
    // Nobody can call "all addresses"; this machine at least is one of them.
    if address.ip().is_unspecified() {
        reached.set_ip(match address {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
        tracing::warn!(%address, "set `public-url` in [listen]: the platform tells clients addresses of this host");
    }
    format!("{}://{reached}", listen.scheme())
}

impl Embedded {
    /// Brings the records of the configuration's services up to date; `base` is where this host is reached.
    ///
    /// Fails when a service's `service-id` is not the id that the platform has given it for ever.
    pub async fn seed(&self, config: &Config, base: &str) -> Result<(), Problems> {
        let now_ms = self.now_ms();
        let configured: Vec<&config::Service> =
            config.services.values().filter(|service| service.security_key.is_some()).collect();
        let mut writes = Vec::new();
        for service in &configured {
            writes.push(Write::ServiceSeed(record(service, base, now_ms).map_err(|error| error.problem())?));
        }
        let written = self.store.platform_write(writes).await.map_err(|error| error.problem())?;
        let mut problems = Problems::default();
        for (service, written) in configured.into_iter().zip(written) {
            if let Written::Seeded(seed) = written {
                problems.0.extend(told(service, &seed));
            }
        }
        problems.or(())
    }

    /// Whether the service can be called: one of the configuration may have left it.
    pub(super) fn is_there(&self, service: &Service) -> bool {
        service.sign_key.is_some() || self.policies.contains_key(&service.key)
    }
}

fn record(service: &config::Service, base: &str, now_ms: u64) -> Result<Service, crate::store::StoreError> {
    let key = &service.key;
    // The console answers at the root of a host name of its own, on this host's port.
    let manage_address = service.console_host.as_ref().map(|host| {
        let (scheme, authority) = base.split_once("://").unwrap_or(("http", base));
        let port = authority.rsplit_once(':').map(|(_, port)| port).filter(|port| port.bytes().all(|byte| byte.is_ascii_digit()));
        format!("{scheme}://{host}{}/", port.map(|port| format!(":{port}")).unwrap_or_default())
    });
    Ok(Service {
        id: service.service_id.clone().map_or_else(|| new_id(now_ms), Ok)?,
        key: key.clone(),
        name: key.clone(),
        public: true,
        sign_key: None,
        message_api: format!("{base}/m/{key}"),
        service_api: format!("{base}/s/{key}"),
        description: String::new(),
        manage_by_open: manage_address.is_some(),
        manage_address: manage_address.unwrap_or_default(),
        allow_user_api: service.app_users,
        owner: None,
        created_ms: now_ms,
        updated_ms: now_ms,
    })
}

fn told(service: &config::Service, seed: &platform::Seed) -> Option<Problem> {
    if let Some(developer) = &seed.taken_from {
        tracing::warn!(
            service = service.key,
            developer,
            "a developer had registered this key; the service is the operator's now, and its tokens are ended"
        );
    }
    let wanted = service.service_id.as_ref().filter(|wanted| **wanted != seed.id)?;
    Some(
        Problem::new(&codes::CONFIG_INVALID, format!("the service `{}` has another id than `{wanted}`", service.key))
            .why(format_args!("this host's platform has called it `{}` from the first start on", seed.id))
            .fix(format!("remove `service-id` from [services.{}]", service.key)),
    )
}
