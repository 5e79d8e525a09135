//! Between the contract's words and the store's: changes on their way in, errors on their way out.

use crate::{
    bindings::kv as wit,
    capabilities::Trouble,
    codes::told,
    runtime::state::error,
    store::{
        StoreError,
        kv::{Change, Condition, KvError},
    },
};

/// Tells the plugin what is its own mistake or luck, and the log what is the host's.
pub(super) fn to_guest(failed: StoreError) -> Trouble {
    let StoreError::Kv(mistake) = &failed else { return Trouble::of_store(&told::KV_UNAVAILABLE, &failed) };
    match mistake {
        // No plugin runs any more when a delivery is overtaken; should one ever hear of it, it is to read and try again.
        KvError::Conflict { .. } | KvError::Overtaken { .. } => error(&told::KV_CONFLICT, mistake.to_string()).into(),
        KvError::Quota { .. } => error(&told::KV_QUOTA, mistake.to_string()).into(),
        KvError::ValueTooLarge { .. } | KvError::KeyLength { .. } | KvError::TooMany { .. } | KvError::Overfull { .. } => {
            error(&told::KV_TOO_LARGE, mistake.to_string()).into()
        }
        KvError::Read { .. } | KvError::Write { .. } => Trouble::of_store(&told::KV_UNAVAILABLE, &failed),
    }
}

impl From<wit::Change> for Change {
    fn from(change: wit::Change) -> Self {
        match change {
            wit::Change::Put(wit::Put { key, value, condition }) => Self::Put { key, value, condition: condition.into() },
            wit::Change::Remove(wit::Remove { key, condition }) => Self::Remove { key, condition: condition.into() },
        }
    }
}

impl From<wit::Condition> for Condition {
    fn from(condition: wit::Condition) -> Self {
        match condition {
            wit::Condition::Always => Self::Always,
            wit::Condition::Absent => Self::Absent,
            wit::Condition::Version(version) => Self::Version(version),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mistake_has_its_code_and_the_hosts_own_failures_say_nothing_but_come_back() {
        let mistakes = [
            (KvError::Conflict { index: 0, key: "a".into(), found: Some(2) }, "kv.conflict"),
            (KvError::Quota { service: "notes".into(), asked: 2, allowed: 1 }, "kv.quota"),
            (KvError::ValueTooLarge { key: "a".into(), asked: 2, allowed: 1 }, "kv.too-large"),
            (KvError::KeyLength { length: 513 }, "kv.too-large"),
            (KvError::TooMany { count: 257 }, "kv.too-large"),
            (KvError::Overfull { changes: 1_025, bytes: 0, allowed: 1 }, "kv.too-large"),
        ];
        for (mistake, code) in mistakes {
            let told = to_guest(mistake.into()).error;
            assert_eq!((told.code.as_str(), told.retry_after_ms), (code, None));
        }
        let told = to_guest(StoreError::Failed).error;
        assert!(told.code == "kv.unavailable" && told.retry_after_ms.is_some(), "{told:?}");
        assert!(!told.message.contains("host is started"), "{}", told.message);
    }
}
