//! Telling back services that a message waits: at once, and again while that fails; then they find it by asking.
//!
//! Services of this host are told in process ([`Notify`]), all others by `POST {"id": …}` to their message address. What is to
//! be sent stands in the store with the message, so a restart goes on where the host ended. A service has one notice under way
//! at a time, and those of this host have places of their own: who does not answer holds up nobody else.

use std::{
    collections::{BTreeSet, HashMap},
    net::IpAddr,
    sync::Arc,
    time::Duration,
};

use futures_util::future::BoxFuture;
use http::header::CONTENT_TYPE;
use reqwest::{Client, Url, redirect};
use tokio::task::{Id, JoinSet};

use super::Embedded;
use crate::{
    reach::{permitted, resolve::Guard},
    store::{
        StoreError,
        platform::{Notice, To, Write},
    },
    units::millis,
};

/// After how long a notice that failed is sent again; after the last of them the message is left to polling.
const RETRIES: [Duration; 4] =
    [Duration::from_secs(1), Duration::from_secs(5), Duration::from_secs(30), Duration::from_secs(300)];
/// Notices under way at once: to services of this host, and to all others.
const AT_ONCE: usize = 16;
/// How many are looked at at once: with one service each, more than can be under way.
const LOOKED_AT: u32 = 64;
/// The longest that nobody looks, for what no wake told of; and the pause after the store failed.
const REST: Duration = Duration::from_secs(60);
const STORE_PAUSE: Duration = Duration::from_secs(5);

/// Tells a service of this host that a message waits for it. Implemented where the lines meet, in `app`.
pub trait Notify: Send + Sync {
    /// Returns once the service, which goes by its key, will not forget. Dropped, it may know or not; repeating is harmless.
    fn notify<'a>(&'a self, service: &'a str, message: &'a str) -> BoxFuture<'a, Result<(), NotNotified>>;
}

/// Why a service could not be told; fit for the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotNotified(pub String);

impl Embedded {
    /// Sends notices for as long as it is polled. `here` tells services of this host; `local` says whether only this machine
    /// reaches the host: then every developer is on it, and so may be his services.
    ///
    /// Dropped, what was under way is sent again after the next start.
    pub async fn send_notices(self: Arc<Self>, here: Arc<dyn Notify>, local: bool) {
        let ways = Ways { here, away: Away::new(local, self.config.timeout) };
        let mut sending = Sending { ways: Arc::new(ways), tasks: JoinSet::new(), busy: HashMap::new() };
        loop {
            // Registered before the look, so that what comes in between wakes it.
            let noticed = self.noticed.notified();
            let rest = match self.look(&mut sending).await {
                Ok(rest) => rest,
                Err(error) => {
                    tracing::error!(problem = %error.problem(), "notices cannot be looked up");
                    STORE_PAUSE
                }
            };
            tokio::select! {
                () = noticed => {}
                () = tokio::time::sleep(rest) => {}
                Some(sent) = sending.tasks.join_next_with_id() => {
                    sending.busy.remove(&sent.map_or_else(|error| error.id(), |(id, ())| id));
                }
            }
        }
    }

    /// Begins to send what is due; returns how long nothing else will be.
    async fn look(self: &Arc<Self>, sending: &mut Sending) -> Result<Duration, StoreError> {
        let mut rest = REST;
        for to in [To::Here, To::Away] {
            rest = rest.min(self.look_at(to, sending).await?);
        }
        Ok(rest)
    }

    async fn look_at(self: &Arc<Self>, to: To, sending: &mut Sending) -> Result<Duration, StoreError> {
        let busy: Vec<String> = sending.of(to).cloned().collect();
        let mut free = AT_ONCE.saturating_sub(busy.len());
        if free == 0 {
            // The end of one of them wakes the next look.
            return Ok(REST);
        }
        let notices = self.store.platform_notices(to, LOOKED_AT, &busy).await?;
        // Behind a full page may be other services' notices. Each look makes at least one service busy, so this ends.
        let mut rest = if notices.len() == LOOKED_AT as usize { Duration::ZERO } else { REST };
        let now_ms = self.now_ms();
        for notice in notices {
            if notice.next_ms > now_ms {
                return Ok(Duration::from_millis(notice.next_ms - now_ms).min(REST));
            }
            if free == 0 {
                rest = REST;
                break;
            }
            if !sending.of(to).any(|service| *service == notice.service) {
                free -= 1;
                let (embedded, ways, service) = (self.clone(), sending.ways.clone(), notice.service.clone());
                let task = sending.tasks.spawn(async move { embedded.send(notice, &ways).await });
                sending.busy.insert(task.id(), (to, service));
            }
        }
        Ok(rest)
    }

    async fn send(&self, notice: Notice, Ways { here, away }: &Ways) {
        let Notice { message, service_key: service, .. } = &notice;
        let told = match &notice.message_api {
            Some(address) => away.tell(address, message).await,
            None if self.policies.contains_key(service) => here.notify(service, message).await,
            None => Err(NotNotified("the service has left the configuration".to_owned())),
        };
        let write = match told {
            Ok(()) => Write::Noticed { message: message.clone() },
            Err(why) => {
                let retry = RETRIES.get(usize::try_from(notice.attempts).unwrap_or(usize::MAX));
                let next_ms = retry.map(|after| self.now_ms().saturating_add(millis(*after)));
                let again_after_ms = retry.map(|after| millis(*after));
                tracing::warn!(service, message_id = message, %why, again_after_ms, "a notice did not arrive");
                Write::NoticeFailed { message: message.clone(), next_ms }
            }
        };
        if let Err(error) = self.write(write).await {
            tracing::error!(service, message_id = message, problem = %error.problem(), "what became of a notice is not stored");
            // It is still due; the store must not be asked about it without end.
            tokio::time::sleep(STORE_PAUSE).await;
        }
    }
}

/// How services are told.
struct Ways {
    here: Arc<dyn Notify>,
    away: Away,
}

/// What is under way.
struct Sending {
    ways: Arc<Ways>,
    tasks: JoinSet<()>,
    /// The service that a task tells.
    busy: HashMap<Id, (To, String)>,
}

impl Sending {
    /// The services that are being told.
    fn of(&self, to: To) -> impl Iterator<Item = &String> {
        self.busy.values().filter(move |(one, _)| *one == to).map(|(_, service)| service)
    }
}

/// Services that are somewhere else.
struct Away {
    http: Result<Client, String>,
    local: bool,
}

impl Away {
    fn new(local: bool, timeout: Duration) -> Self {
        let private = if local { BTreeSet::from(["localhost".to_owned()]) } else { BTreeSet::new() };
        let http = Client::builder()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .referer(false)
            .dns_resolver(Arc::new(Guard::new(Arc::new(private))))
            .user_agent(concat!("wharf/", env!("CARGO_PKG_VERSION")))
            .timeout(timeout)
            .build();
        Self { http: http.map_err(|error| error.to_string()), local }
    }

    async fn tell(&self, address: &str, message: &str) -> Result<(), NotNotified> {
        let url = self.judge(address)?;
        let http = self.http.as_ref().map_err(|why| NotNotified(why.clone()))?;
        let body = serde_json::json!({"id": message}).to_string();
        let sent = http.post(url).header(CONTENT_TYPE, "application/json").body(body).send().await;
        // The address is its developer's business, and may hold what is a secret to others.
        let response = sent.map_err(|error| NotNotified(error.without_url().to_string()))?;
        if response.status().is_success() { Ok(()) } else { Err(NotNotified(format!("it answered {}", response.status()))) }
    }

    /// The address, if a notice may go there: by https to the internet; to this machine, by http too, where every developer is
    /// on it. Names are judged by what they resolve to, when they are connected to.
    fn judge(&self, address: &str) -> Result<Url, NotNotified> {
        let no = |why: &str| Err(NotNotified(why.to_owned()));
        let Ok(url) = Url::parse(address) else { return no("it has no message address") };
        let host = url.host_str().unwrap_or_default();
        let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().ok();
        let is_loopback = literal.map_or(host == "localhost", |address| address.to_canonical().is_loopback());
        match url.scheme() {
            _ if is_loopback && !self.local => no("its message address is on this machine"),
            _ if is_loopback => Ok(url),
            "https" if literal.is_none_or(|address| permitted(address, false)) => Ok(url),
            "https" => no("its message address may not be called"),
            _ => no("its message address is not https"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notices_go_to_the_internet_by_https_and_to_this_machine_where_everybody_is_on_it() {
        let (local, public) = (Away::new(true, Duration::from_secs(1)), Away::new(false, Duration::from_secs(1)));
        for (address, on_local, on_public) in [
            ("https://example.com/m", true, true),
            ("https://1.1.1.1/m", true, true),
            ("http://example.com/m", false, false),
            ("http://127.0.0.1:3000/m", true, false),
            ("http://[::1]:3000/m", true, false),
            ("http://localhost:3000/m", true, false),
            ("https://localhost/m", true, false),
            ("http://[::ffff:127.0.0.1]/m", true, false),
            ("https://10.0.0.1/m", false, false),
            ("https://169.254.169.254/latest", false, false),
            ("https://[fd00::1]/m", false, false),
            ("http://2130706433/m", true, false),
            ("ftp://example.com/m", false, false),
            ("", false, false),
        ] {
            assert_eq!(local.judge(address).is_ok(), on_local, "{address}");
            assert_eq!(public.judge(address).is_ok(), on_public, "{address}");
        }
    }

    #[test]
    fn a_message_is_left_to_polling_after_five_notices() {
        let waits: Vec<u64> = RETRIES.iter().map(Duration::as_secs).collect();
        assert_eq!(waits, [1, 5, 30, 300]);
    }
}
