//! The threads of a host, as the system tells of them in proc(5).

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::Process;

/// Where the system tells of the threads of this name.
pub(crate) fn threads(process: &Process, name: &str) -> Vec<PathBuf> {
    let all = fs::read_dir(format!("/proc/{}/task", process.pid())).expect("a process has threads");
    let named = |thread: &PathBuf| fs::read_to_string(thread.join("comm")).is_ok_and(|comm| comm.trim() == name);
    all.flatten().map(|thread| thread.path()).filter(named).collect()
}

/// Processor time of the threads of this name, in ticks of the system's clock.
pub(crate) fn computed(process: &Process, name: &str) -> i64 {
    // User and system.
    let times = threads(process, name).into_iter().filter_map(|thread| stat(&thread, [14, 15]));
    times.flatten().sum()
}

/// The names of the threads that serve requests, and of those of the two lanes for calls that compute for longer.
pub(crate) const LANES: [&str; 3] = ["wharf-request", "wharf-slow-lane", "wharf-last-lane"];

/// Fields of `stat` by their numbers in proc_pid_stat(5), from the third on. `None` if the thread has ended.
pub(crate) fn stat<const N: usize>(thread: &Path, fields: [usize; N]) -> Option<[i64; N]> {
    let stat = fs::read_to_string(thread.join("stat")).ok()?;
    let (_, after_name) = stat.rsplit_once(')').expect("a thread has a name");
    let all: Vec<&str> = after_name.split_whitespace().collect();
    Some(fields.map(|field| all[field - 3].parse().expect("a number")))
}
