//! Over the host of the tests: the names of `wasm/`, answered by the call in progress on this thread.

mod platform;

use crate::testing::{FakeCall, no_host, with_current};

pub(crate) use crate::testing::{FakeReader as Reader, FakeWriter as Writer};
pub(crate) use platform::{app_users, apps, mail, subscriptions};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Call<'a>(pub(crate) &'a FakeCall);

impl std::ops::Deref for Call<'_> {
    type Target = FakeCall;

    fn deref(&self) -> &FakeCall {
        self.0
    }
}

pub(crate) mod log {
    use super::with_current;
    use crate::{log::Level, testing::LogLine};

    pub(crate) fn enabled(level: Level) -> bool {
        with_current(|current| current.state.borrow().log_level.is_none_or(|least| level >= least)).unwrap_or(false)
    }

    pub(crate) fn write(level: Level, message: &str, fields: &[(String, String)]) {
        let line = LogLine { level, message: message.to_owned(), fields: fields.to_vec() };
        with_current(|current| current.state.borrow_mut().log.push(line));
    }
}

pub(crate) mod clock {
    use std::time::Duration;

    use super::with_current;
    use crate::testing;

    /// The machine's, where no host says another.
    pub(crate) fn now() -> Duration {
        with_current(|current| current.state.borrow().now()).unwrap_or_else(testing::now)
    }
}

pub(crate) mod config {
    use super::{no_host, with_current};
    use crate::error::Failure;

    pub(crate) fn settings() -> Result<String, Failure> {
        with_current(|current| serde_json::Value::from(current.state.borrow().settings.clone()).to_string()).ok_or_else(no_host)
    }
}

pub(crate) mod secrets {
    use super::{no_host, with_current};
    use crate::error::Failure;

    pub(crate) fn get(name: &str) -> Result<Vec<u8>, Failure> {
        let denied = || Failure {
            code: "secrets.denied".to_owned(),
            message: format!("the secret `{name}` is not granted; give it with `TestHost::secret`"),
            retry_after: None,
        };
        let secret = with_current(|current| current.state.borrow().secrets.get(name).cloned()).ok_or_else(no_host)?;
        secret.ok_or_else(denied)
    }
}

pub(crate) mod kv {
    use super::{no_host, with_current};
    use crate::{
        error::Failure,
        kv::{Change, Condition, Entry, Page},
        testing::StoreId,
    };

    #[derive(Debug)]
    pub(crate) struct Store(StoreId);

    pub(crate) fn open(name: &str) -> Result<Store, Failure> {
        with_current(|current| StoreId::of_app(current, name)).ok_or_else(no_host)?.map(Store)
    }

    pub(crate) fn open_shared(name: &str) -> Result<Store, Failure> {
        with_current(|current| StoreId::shared(current, name)).ok_or_else(no_host)?.map(Store)
    }

    impl Store {
        pub(crate) fn get(&self, key: &str) -> Result<Option<Entry>, Failure> {
            with_current(|current| current.state.borrow().stores.get(&self.0, key)).ok_or_else(no_host)?
        }

        pub(crate) fn set(&self, key: &str, value: &[u8], condition: Condition) -> Result<u64, Failure> {
            Ok(self.change(Change { key: key.to_owned(), value: Some(value.to_vec()), condition })?.0)
        }

        pub(crate) fn delete(&self, key: &str, condition: Condition) -> Result<bool, Failure> {
            Ok(self.change(Change { key: key.to_owned(), value: None, condition })?.1)
        }

        pub(crate) fn keys(&self, prefix: &str, after: Option<&str>, limit: u32) -> Result<Page, Failure> {
            with_current(|current| current.state.borrow().stores.keys(&self.0, prefix, after, limit)).ok_or_else(no_host)
        }

        pub(crate) fn apply(&self, changes: Vec<Change>) -> Result<Vec<u64>, Failure> {
            Ok(self.changes(changes)?.into_iter().map(|(version, _)| version).collect())
        }

        fn change(&self, change: Change) -> Result<(u64, bool), Failure> {
            Ok(self.changes(vec![change])?.pop().unwrap_or_default())
        }

        fn changes(&self, changes: Vec<Change>) -> Result<Vec<(u64, bool)>, Failure> {
            with_current(|current| current.state.borrow_mut().stores.apply(&self.0, changes)).ok_or_else(no_host)?
        }
    }
}

pub(crate) mod http {
    use super::{no_host, with_current};
    use crate::{Body, Response, error::Failure, http::Outgoing, testing};

    #[derive(Debug)]
    pub(crate) struct Incoming(Response);

    pub(crate) fn send(request: Outgoing) -> Result<Incoming, Failure> {
        with_current(|current| testing::send(current, request)).ok_or_else(no_host)?.map(Incoming)
    }

    impl Incoming {
        pub(crate) fn status(&self) -> u16 {
            self.0.status
        }

        pub(crate) fn header(&self, name: &str) -> Option<Vec<u8>> {
            self.0.headers.iter().find(|(one, _)| one.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone())
        }

        pub(crate) fn headers(&self) -> Vec<(String, Vec<u8>)> {
            self.0.headers.clone()
        }

        pub(crate) fn into_body(self) -> Body {
            self.0.body
        }
    }
}
