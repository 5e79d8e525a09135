//! How much the process may have open at once. Many systems allow 1,024 unless one asks for more, which is fewer than the clients a
//! host is to have.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What a host has open beside the connections of its clients, as a rule: its store, its threads' own, and its plugins' files and
/// connections to other servers.
const BESIDE: u64 = 256;

/// Takes all that the system lets this process have, and says in the log if that is too little for so many connections.
pub fn allow(connections: usize) {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let needed = u64::try_from(connections).unwrap_or(u64::MAX).saturating_add(BESIDE);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    // Without a number there is no limit.
    let allowed = if raised.is_ok() { maximum } else { current };
    if let Some(allowed) = allowed.filter(|allowed| *allowed < needed) {
        tracing::warn!(
            allowed,
            needed,
            "the process may have fewer files open than `max-connections` of [listen] needs; allow more (LimitNOFILE, ulimit -n)"
        );
    }
}
