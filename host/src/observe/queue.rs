//! Between whoever writes to the log and where it goes: a log that nobody reads, a full pipe or a terminal that is held, stops
//! neither a request nor the end of the host.

use std::{
    fs::File,
    io::{self, Write as _},
    mem,
    os::fd::AsFd as _,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, poll},
    io::Errno,
};

/// What may wait to be written, in bytes. Lines beyond it are lost, which is counted and said.
const ROOM: usize = 4 << 20;

/// How long the end of the process waits for what is still to be written: whoever reads at all has read it by then.
pub(super) const PATIENCE: Duration = Duration::from_millis(300);

/// Lines on their way to standard error.
#[derive(Debug)]
pub(super) struct Queue {
    inside: Mutex<Inside>,
    /// There is something to write.
    filled: Condvar,
    /// Everything is written.
    settled: Condvar,
}

#[derive(Debug)]
struct Inside {
    waiting: Vec<u8>,
    /// Whether lines were taken out that are not written yet.
    writing: bool,
    lost: u64,
}

impl Queue {
    pub(super) const fn new() -> Self {
        let inside = Inside { waiting: Vec::new(), writing: false, lost: 0 };
        Self { inside: Mutex::new(inside), filled: Condvar::new(), settled: Condvar::new() }
    }

    /// Starts the thread that writes, to standard error. It is waited for by [`Queue::settle`] alone.
    pub(super) fn start(&'static self) -> io::Result<()> {
        // Past the lock of the library's own handle: whoever else writes there must not wait behind a log that nobody reads.
        let to = File::from(io::stderr().as_fd().try_clone_to_owned()?);
        thread::Builder::new().name("wharf-log".to_owned()).spawn(move || self.write_all(&to))?;
        Ok(())
    }

    /// Takes a whole line, or loses it. Never waits for anybody who reads.
    pub(super) fn put(&self, line: &[u8]) {
        let mut inside = self.inside();
        if inside.waiting.len() + line.len() > ROOM {
            inside.lost += 1;
            return;
        }
        inside.waiting.extend_from_slice(line);
        self.filled.notify_one();
    }

    /// Lines that were lost so far.
    pub(super) fn lost(&self) -> u64 {
        self.inside().lost
    }

    /// Waits until everything is written, at most [`PATIENCE`].
    pub(super) fn settle(&self) {
        let until = Instant::now() + PATIENCE;
        let mut inside = self.inside();
        while inside.writing || !inside.waiting.is_empty() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            inside = self.settled.wait_timeout(inside, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn write_all(&self, to: &File) {
        let (mut lines, mut said, mut torn, mut well) = (Vec::new(), 0, false, true);
        loop {
            self.take(&mut lines);
            // Said when there is room for it, just after it was made, and never while nothing can be written: that line would be
            // lost, and said to be lost, for ever.
            let lost = self.lost();
            if well && lost > said {
                tracing::warn!(lines = lost - said, "lines of the log are lost: it was not read, or could not be written");
                said = lost;
            }
            // What was torn is ended first, so that the next line is one.
            torn = torn && !write(to, b"\n").is_empty();
            let rest = if torn { &lines } else { write(to, &lines) };
            well = rest.is_empty();
            if !well {
                self.inside().lost += rest.iter().filter(|byte| **byte == b'\n').count() as u64;
                torn |= lines[..lines.len() - rest.len()].last().is_some_and(|byte| *byte != b'\n');
            }
        }
    }

    /// Waits for lines and takes all there are.
    fn take(&self, lines: &mut Vec<u8>) {
        lines.clear();
        let mut inside = self.inside();
        inside.writing = false;
        while inside.waiting.is_empty() {
            self.settled.notify_all();
            inside = self.filled.wait(inside).unwrap_or_else(PoisonError::into_inner);
        }
        inside.writing = true;
        mem::swap(&mut inside.waiting, lines);
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes as much as can be written, waiting for whoever reads, and returns the rest.
fn write<'l>(mut to: &File, mut lines: &'l [u8]) -> &'l [u8] {
    while !lines.is_empty() {
        match to.write(lines) {
            Ok(0) => break,
            Ok(written) => lines = &lines[written..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // Another program that has the stream may have made it so.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                let waited = poll(&mut [PollFd::new(to, PollFlags::OUT)], None);
                if waited.is_err_and(|error| error != Errno::INTR) {
                    break;
                }
            }
            Err(_) => break,
        }
    }
    lines
}

/// A writer for one line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lines(pub(super) &'static Queue);

impl io::Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.put(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
