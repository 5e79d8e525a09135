//! What a test's platform does otherwise than ever: answers of the test's own, and calls that are held up.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::super::{server::Reply, wait::PATIENCE};

/// The rules, in their order.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    rules: Mutex<Vec<Rule>>,
    changed: Condvar,
}

#[derive(Debug)]
struct Rule {
    calls: String,
    does: Does,
    /// For how many calls it still counts; none for all.
    left: Option<usize>,
}

#[derive(Debug)]
enum Does {
    Reply(Reply),
    /// Calls wait while it is shut.
    Hold(Arc<Mutex<Held>>),
}

#[derive(Debug, Default)]
struct Held {
    open: bool,
    waiting: usize,
}

impl Rules {
    /// What the first rule for a call says; none where it is to be answered as ever. Waits while the call is held up.
    pub(super) fn reply(&self, line: &str) -> Option<Reply> {
        let mut rules = self.lock();
        let mut passed: Vec<Arc<Mutex<Held>>> = Vec::new();
        loop {
            let rule = rules.iter_mut().find(|rule| {
                let through = matches!(&rule.does, Does::Hold(held) if passed.iter().any(|gate| Arc::ptr_eq(gate, held)));
                rule.left != Some(0) && !through && means(&rule.calls, line)
            })?;
            rule.left = rule.left.map(|left| left - 1);
            let held = match &rule.does {
                Does::Reply(reply) => return Some(reply.clone()),
                Does::Hold(held) => held.clone(),
            };
            held.lock().unwrap_or_else(PoisonError::into_inner).waiting += 1;
            self.changed.notify_all();
            let shut = |_: &mut Vec<Rule>| !held.lock().unwrap_or_else(PoisonError::into_inner).open;
            // A gate that nobody opens is a test that failed already.
            rules = self.changed.wait_timeout_while(rules, PATIENCE, shut).unwrap_or_else(PoisonError::into_inner).0;
            held.lock().unwrap_or_else(PoisonError::into_inner).waiting -= 1;
            passed.push(held);
        }
    }

    pub(super) fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Rule>> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Calls for which a rule is to be made.
#[derive(Debug)]
pub(crate) struct On<'p> {
    rules: &'p Arc<Rules>,
    calls: String,
}

impl<'p> On<'p> {
    pub(super) fn new(rules: &'p Arc<Rules>, calls: &str) -> Self {
        Self { rules, calls: calls.to_owned() }
    }

    /// The next one gets this answer.
    pub(crate) fn once(self, reply: Reply) {
        self.times(1, reply);
    }

    /// The next ones get this answer.
    pub(crate) fn times(self, times: usize, reply: Reply) {
        self.rules.lock().push(Rule { calls: self.calls, does: Does::Reply(reply), left: Some(times) });
    }

    /// All get this answer.
    pub(crate) fn always(self, reply: Reply) {
        self.rules.lock().push(Rule { calls: self.calls, does: Does::Reply(reply), left: None });
    }

    /// All wait until the gate is opened; then the next rule counts.
    pub(crate) fn hold(self) -> Gate {
        let held = Arc::default();
        self.rules.lock().push(Rule { calls: self.calls, does: Does::Hold(Arc::clone(&held)), left: None });
        Gate { rules: self.rules.clone(), held }
    }
}

/// Where calls wait. Dropped, it is open.
#[derive(Debug)]
pub(crate) struct Gate {
    rules: Arc<Rules>,
    held: Arc<Mutex<Held>>,
}

impl Gate {
    /// Waits until a call waits here.
    #[track_caller]
    pub(crate) fn arrived(&self) {
        let rules = self.rules.lock();
        let nobody = |_: &mut Vec<Rule>| self.held().waiting == 0;
        let (rules, waited) =
            self.rules.changed.wait_timeout_while(rules, PATIENCE, nobody).unwrap_or_else(PoisonError::into_inner);
        drop(rules);
        assert!(!waited.timed_out(), "no call arrived at the gate");
    }

    /// Lets go those that wait, and all that come.
    pub(crate) fn open(self) {
        drop(self);
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        // Held while the others look, so that nobody misses it.
        let rules = self.rules.lock();
        self.held().open = true;
        drop(rules);
        self.rules.changed.notify_all();
    }
}

/// Whether a pattern means a call: the method and each segment of its path, without the query; `*` is any segment.
pub(super) fn means(calls: &str, line: &str) -> bool {
    let path = line.split('?').next().unwrap_or_default();
    let (wanted, found): (Vec<&str>, Vec<&str>) = (calls.split('/').collect(), path.split('/').collect());
    calls == "*" || wanted.len() == found.len() && wanted.iter().zip(&found).all(|(wanted, found)| ["*", found].contains(wanted))
}
