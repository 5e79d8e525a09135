//! What a plugin may ask the host for. Each function is imported only by a plugin that calls it.

/// `wharf:service/log`.
pub(crate) mod log {
    use crate::{bindings::wharf::service::log as wit, log::Level};

    pub(crate) fn enabled(level: Level) -> bool {
        wit::enabled(to_wit(level))
    }

    pub(crate) fn write(level: Level, message: &str, fields: &[(String, String)]) {
        wit::write(to_wit(level), message, fields);
    }

    fn to_wit(level: Level) -> wit::Level {
        match level {
            Level::Trace => wit::Level::Trace,
            Level::Debug => wit::Level::Debug,
            Level::Info => wit::Level::Info,
            Level::Warn => wit::Level::Warn,
            Level::Error => wit::Level::Error,
        }
    }
}

/// WASI's clock, which every component may read.
pub(crate) mod clock {
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

    pub(crate) fn now() -> Duration {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
    }
}

/// `wharf:service/config`.
pub(crate) mod config {
    use crate::{bindings::wharf::service::config as wit, error::Failure};

    /// Here it cannot fail; natively there may be no host.
    pub(crate) fn settings() -> Result<String, Failure> {
        Ok(wit::settings())
    }
}

/// `wharf:service/secrets`.
pub(crate) mod secrets {
    use crate::{bindings::wharf::service::secrets as wit, error::Failure};

    pub(crate) fn get(name: &str) -> Result<Vec<u8>, Failure> {
        Ok(wit::get(name)?)
    }
}

/// `wharf:service/kv`.
pub(crate) mod kv {
    use crate::{
        bindings::wharf::service::kv as wit,
        error::Failure,
        kv::{Change, Condition, Entry, Page},
    };

    #[derive(Debug)]
    pub(crate) struct Store(wit::Store);

    pub(crate) fn open(name: &str) -> Result<Store, Failure> {
        Ok(Store(wit::open(name)?))
    }

    pub(crate) fn open_shared(name: &str) -> Result<Store, Failure> {
        Ok(Store(wit::open_shared(name)?))
    }

    impl Store {
        pub(crate) fn get(&self, key: &str) -> Result<Option<Entry>, Failure> {
            Ok(self.0.get(key)?.map(|wit::Entry { value, version }| Entry { value, version }))
        }

        pub(crate) fn set(&self, key: &str, value: &[u8], condition: Condition) -> Result<u64, Failure> {
            Ok(self.0.set(key, value, to_wit(condition))?)
        }

        pub(crate) fn delete(&self, key: &str, condition: Condition) -> Result<bool, Failure> {
            Ok(self.0.delete(key, to_wit(condition))?)
        }

        pub(crate) fn keys(&self, prefix: &str, after: Option<&str>, limit: u32) -> Result<Page, Failure> {
            let wit::Page { keys, next } = self.0.keys(prefix, after, limit)?;
            Ok(Page { keys, next })
        }

        pub(crate) fn apply(&self, changes: Vec<Change>) -> Result<Vec<u64>, Failure> {
            let change = |Change { key, value, condition }| {
                let condition = to_wit(condition);
                match value {
                    Some(value) => wit::Change::Put(wit::Put { key, value, condition }),
                    None => wit::Change::Remove(wit::Remove { key, condition }),
                }
            };
            Ok(self.0.apply(&changes.into_iter().map(change).collect::<Vec<_>>())?)
        }
    }

    fn to_wit(condition: Condition) -> wit::Condition {
        match condition {
            Condition::Always => wit::Condition::Always,
            Condition::Absent => wit::Condition::Absent,
            Condition::Version(version) => wit::Condition::Version(version),
        }
    }
}

/// `wharf:service/http-out`.
pub(crate) mod http {
    use crate::{Body, bindings::wharf::service::http_out as wit, error::Failure, http::Outgoing};

    #[derive(Debug)]
    pub(crate) struct Incoming(wit::Incoming);

    pub(crate) fn send(request: Outgoing) -> Result<Incoming, Failure> {
        let Outgoing { method, url, headers, body, timeout } = request;
        let timeout_ms = timeout.map(|timeout| u32::try_from(timeout.as_millis()).unwrap_or(u32::MAX));
        Ok(Incoming(wit::send(wit::Outgoing { method, url, headers, body: body.into(), timeout_ms })?))
    }

    impl Incoming {
        pub(crate) fn status(&self) -> u16 {
            self.0.status()
        }

        pub(crate) fn header(&self, name: &str) -> Option<Vec<u8>> {
            self.0.header(name)
        }

        pub(crate) fn headers(&self) -> Vec<(String, Vec<u8>)> {
            self.0.headers()
        }

        pub(crate) fn into_body(self) -> Body {
            wit::Incoming::body(self.0).into()
        }
    }
}
