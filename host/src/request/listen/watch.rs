//! What a connection is waiting for, and whether it has waited too long.
//!
//! A connection only notes what happens on it, at the price of an atomic or two; time is looked at by one task for all
//! connections, which runs where no guest is polled ([`super::door::Door::beat`]). A timer in each connection would have to
//! be set and taken back for every request.
//!
//! Time is counted in beats of that task. What began within a beat has lasted for `n` beats at least when the counter stands
//! `n + 1` higher: so a limit is never early, and late by two beats at most.

use std::{
    net::IpAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering},
    },
    task::Context,
    time::Duration,
};

use futures_util::task::AtomicWaker;

use crate::config;

/// How many requests more a client may cancel than it lets be answered, on one connection: a browser that leaves a page
/// cancels some tens, a client that attacks by opening and cancelling streams thousands.
const MAX_CANCELLED: u32 = 100;

/// How long the host reads on after it has said all it has to say, so that the client gets to read it.
const LINGER: Duration = Duration::from_secs(2);

/// What the host wants of a connection; the later ones overrule the earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Order {
    /// Finish what is in flight and take nothing new.
    Drain,
    /// End now, because the host does.
    Cut,
    /// End now, because of a limit.
    End(Limit),
}

/// The limits that a connection can be ended for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Limit {
    FirstByte,
    Header,
    Idle,
    Write,
    Cancelled,
}

impl Limit {
    const ALL: [Self; 5] = [Self::FirstByte, Self::Header, Self::Idle, Self::Write, Self::Cancelled];

    /// The limit's name, in `[listen]` for those that stand there.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FirstByte => "first-byte-timeout",
            Self::Header => "header-timeout",
            Self::Idle => "idle-timeout",
            Self::Write => "write-timeout",
            Self::Cancelled => "cancelled-requests",
        }
    }
}

impl Order {
    fn code(self) -> u8 {
        match self {
            Self::Drain => 1,
            Self::Cut => 2,
            Self::End(limit) => 3 + limit as u8,
        }
    }

    fn of_code(code: u8) -> Option<Self> {
        match code {
            0 => None,
            1 => Some(Self::Drain),
            2 => Some(Self::Cut),
            more => Limit::ALL.get(usize::from(more) - 3).copied().map(Self::End),
        }
    }
}

/// What a connection without a request in flight waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quiet {
    FirstByte,
    /// The rest of a handshake or of a request's head.
    Head,
    /// The next request, if there is one.
    Request,
    /// The client's end, after the host's.
    Linger,
}

impl Quiet {
    const ALL: [Self; 4] = [Self::FirstByte, Self::Head, Self::Request, Self::Linger];
}

/// The limits of a listener's connections, in beats.
#[derive(Debug, Clone, Copy)]
pub struct Beats {
    /// How long a beat is.
    pub length: Duration,
    first_byte: u64,
    header: u64,
    idle: u64,
    write: u64,
    linger: u64,
}

impl Beats {
    /// Four beats or more to the shortest limit, none longer than a second.
    pub fn new(limits: &config::Listen) -> Self {
        let shortest = limits.first_byte_timeout.min(limits.header_timeout).min(limits.idle_timeout).min(limits.write_timeout);
        let length = (shortest / 4).clamp(Duration::from_millis(10), Duration::from_secs(1));
        let beats = |limit: Duration| u64::try_from(limit.as_nanos().div_ceil(length.as_nanos())).unwrap_or(u64::MAX);
        Self {
            length,
            first_byte: beats(limits.first_byte_timeout),
            header: beats(limits.header_timeout),
            idle: beats(limits.idle_timeout),
            write: beats(limits.write_timeout),
            linger: beats(LINGER),
        }
    }
}

/// The beat that it is, shared by a listener and its connections.
#[derive(Debug, Default)]
pub struct Clock(AtomicU64);

impl Clock {
    /// From 1 on: 0 stands for "not waiting".
    fn now(&self) -> u64 {
        self.0.load(Ordering::Relaxed) + 1
    }

    pub fn beat(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// A beat since when something waits, or 0.
#[derive(Debug, Default)]
struct Since(AtomicU64);

impl Since {
    /// Begins to wait, unless it does already.
    fn begin(&self, clock: &Clock) {
        if self.0.load(Ordering::Relaxed) == 0 {
            self.0.store(clock.now(), Ordering::Relaxed);
        }
    }

    fn end(&self) {
        if self.0.load(Ordering::Relaxed) != 0 {
            self.0.store(0, Ordering::Relaxed);
        }
    }

    fn is_over(&self, now: u64, limit: u64) -> bool {
        is_over(self.0.load(Ordering::Relaxed), now, limit)
    }
}

fn is_over(since: u64, now: u64, limit: u64) -> bool {
    since != 0 && now.saturating_sub(since) > limit
}

/// One connection, as it is seen by itself, by the requests on it, and by the door.
#[derive(Debug)]
pub struct Watch {
    /// The address at the other end: the client's, or that of a proxy.
    pub peer: IpAddr,
    clock: Arc<Clock>,
    /// Whether the protocol is HTTP/1: then the first byte between two requests begins a head.
    http1: AtomicBool,
    /// Requests that are not yet answered to the last byte.
    in_flight: AtomicU32,
    /// What is waited for while there are none ([`Quiet::ALL`], the lowest two bits), and since when.
    quiet: AtomicU64,
    /// The socket takes nothing.
    blocked: Since,
    /// Answers, each while its reader has not taken the last chunk.
    answers: Mutex<Vec<Arc<Since>>>,
    /// A request's body was given up before its end.
    unread: AtomicBool,
    /// Requests that were cancelled, less those that were answered.
    cancelled: AtomicU32,
    /// An answer is cut off, and its reader must not take that for its end.
    cut_off: AtomicBool,
    order: AtomicU8,
    waker: AtomicWaker,
}

impl Watch {
    /// A connection that has been accepted just now.
    pub fn new(peer: IpAddr, clock: Arc<Clock>) -> Self {
        let watch = Self {
            peer,
            clock,
            http1: AtomicBool::new(false),
            in_flight: AtomicU32::new(0),
            quiet: AtomicU64::new(0),
            blocked: Since::default(),
            answers: Mutex::default(),
            unread: AtomicBool::new(false),
            cancelled: AtomicU32::new(0),
            cut_off: AtomicBool::new(false),
            order: AtomicU8::new(0),
            waker: AtomicWaker::new(),
        };
        watch.wait_for(Quiet::FirstByte);
        watch
    }

    /// From now on, while no request is in flight, this is what is waited for.
    pub fn wait_for(&self, quiet: Quiet) {
        self.quiet.store(self.clock.now() << 2 | quiet as u64, Ordering::Relaxed);
    }

    fn quiet(&self) -> (Quiet, u64) {
        let quiet = self.quiet.load(Ordering::Relaxed);
        (Quiet::ALL[usize::try_from(quiet & 3).unwrap_or(0)], quiet >> 2)
    }

    pub fn is_http1(&self) {
        self.http1.store(true, Ordering::Relaxed);
    }

    pub fn speaks_http1(&self) -> bool {
        self.http1.load(Ordering::Relaxed)
    }

    /// Bytes came in.
    pub fn received(&self) {
        if self.in_flight.load(Ordering::Relaxed) == 0 && self.speaks_http1() && self.quiet().0 == Quiet::Request {
            self.wait_for(Quiet::Head);
        }
    }

    /// The socket takes nothing just now.
    pub fn blocked(&self) {
        self.blocked.begin(&self.clock);
    }

    /// The socket took something.
    pub fn sent(&self) {
        self.blocked.end();
    }

    pub fn begin_request(&self) {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
    }

    /// Must follow a [`Watch::begin_request`]. `answered` says that it came to a response.
    pub fn end_request(&self, answered: bool) {
        // First, so that a look in between does not see an old wait.
        self.wait_for(Quiet::Request);
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
        if !answered {
            if self.cancelled.fetch_add(1, Ordering::Relaxed) >= MAX_CANCELLED {
                self.order(Order::End(Limit::Cancelled));
            }
        } else if self.cancelled.load(Ordering::Relaxed) != 0 {
            let _ = self.cancelled.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| count.checked_sub(1));
        }
    }

    /// A request's body was not read to its end, and will not be.
    pub fn leave_unread(&self) {
        self.unread.store(true, Ordering::Relaxed);
    }

    pub fn has_unread(&self) -> bool {
        self.unread.load(Ordering::Relaxed)
    }

    /// The answer under way ends in the middle.
    pub fn cut_off(&self) {
        self.cut_off.store(true, Ordering::Relaxed);
    }

    /// An order ends the connection, and with it the answer under way, if there is one. In HTTP/2 each answer has its own end.
    pub fn ended_by(&self, order: Order) {
        let under_way = self.in_flight.load(Ordering::Relaxed) > 0 || order == Order::End(Limit::Write);
        if self.speaks_http1() && under_way {
            self.cut_off();
        }
    }

    pub fn is_cut_off(&self) -> bool {
        self.cut_off.load(Ordering::Relaxed)
    }

    /// Watches whether an answer is being read, until the guard is dropped.
    pub fn watch_answer(self: &Arc<Self>) -> Reader {
        let since = Arc::new(Since::default());
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).push(since.clone());
        Reader { watch: self.clone(), since }
    }

    pub fn order(&self, order: Order) {
        self.order.fetch_max(order.code(), Ordering::Release);
        self.waker.wake();
    }

    /// The order that stands.
    pub fn standing_order(&self) -> Option<Order> {
        Order::of_code(self.order.load(Ordering::Acquire))
    }

    /// The order that stands; the task is woken by the next one.
    pub fn next_order(&self, cx: &Context<'_>) -> Option<Order> {
        self.waker.register(cx.waker());
        self.standing_order()
    }

    /// What is to be done with the connection by now, if anything: to end it at a limit.
    pub fn overdue(&self, limits: &Beats) -> Option<Order> {
        let now = self.clock.now();
        let is_read = || {
            let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
            !answers.iter().any(|since| since.is_over(now, limits.write))
        };
        if self.blocked.is_over(now, limits.write) || !is_read() {
            return Some(Order::End(Limit::Write));
        }
        let (quiet, since) = self.quiet();
        let (limit, allowed) = match quiet {
            // The client has its answer, or does not want it.
            Quiet::Linger => return is_over(since, now, limits.linger).then_some(Order::Cut),
            _ if self.in_flight.load(Ordering::Relaxed) > 0 => return None,
            Quiet::FirstByte => (Limit::FirstByte, limits.first_byte),
            Quiet::Head => (Limit::Header, limits.header),
            Quiet::Request => (Limit::Idle, limits.idle),
        };
        is_over(since, now, allowed).then_some(Order::End(limit))
    }
}

/// Watches the reader of one answer.
#[derive(Debug)]
pub struct Reader {
    watch: Arc<Watch>,
    since: Arc<Since>,
}

impl Reader {
    /// The reader was given a chunk.
    pub fn given(&self) {
        self.since.begin(&self.watch.clock);
    }

    /// The reader wants the next chunk.
    pub fn asks(&self) {
        self.since.end();
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let mut answers = self.watch.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.retain(|since| !Arc::ptr_eq(since, &self.since));
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn watch() -> (Arc<Watch>, Arc<Clock>, Beats) {
        let clock = Arc::new(Clock::default());
        let watch = Arc::new(Watch::new(Ipv4Addr::LOCALHOST.into(), clock.clone()));
        (watch, clock, Beats { length: Duration::from_secs(1), first_byte: 2, header: 3, idle: 5, write: 4, linger: 1 })
    }

    /// How many beats until a limit is reached, and which.
    fn wait(watch: &Watch, clock: &Clock, limits: &Beats) -> Option<(u64, Limit)> {
        (1..=10).find_map(|beat| {
            clock.beat();
            match watch.overdue(limits) {
                Some(Order::End(limit)) => Some((beat, limit)),
                _ => None,
            }
        })
    }

    #[test]
    fn each_wait_has_its_limit() {
        let (watch, clock, limits) = watch();
        assert_eq!(wait(&watch, &clock, &limits), Some((3, Limit::FirstByte)));
        watch.wait_for(Quiet::Head);
        assert_eq!(wait(&watch, &clock, &limits), Some((4, Limit::Header)));
        watch.begin_request();
        assert_eq!(wait(&watch, &clock, &limits), None);
        watch.end_request(true);
        assert_eq!(wait(&watch, &clock, &limits), Some((6, Limit::Idle)));
        watch.wait_for(Quiet::Linger);
        assert_eq!(wait(&watch, &clock, &limits), None);
        assert_eq!(watch.overdue(&limits), Some(Order::Cut));
    }

    #[test]
    fn on_http1_a_byte_between_requests_begins_a_head_and_later_ones_do_not_prolong_it() {
        let (watch, clock, limits) = watch();
        watch.begin_request();
        watch.end_request(true);
        watch.received();
        assert_eq!(watch.quiet().0, Quiet::Request, "HTTP/2 frames are not heads");
        watch.is_http1();
        watch.received();
        clock.beat();
        clock.beat();
        watch.received();
        assert_eq!(wait(&watch, &clock, &limits), Some((2, Limit::Header)));
    }

    #[test]
    fn a_reader_that_takes_nothing_is_overdue_and_one_that_waits_for_the_guest_is_not() {
        let (watch, clock, limits) = watch();
        watch.begin_request();
        let reader = watch.watch_answer();
        assert_eq!(wait(&watch, &clock, &limits), None);
        reader.given();
        assert_eq!(wait(&watch, &clock, &limits), Some((5, Limit::Write)));
        reader.asks();
        assert_eq!(watch.overdue(&limits), None);
        reader.given();
        drop(reader);
        assert_eq!(wait(&watch, &clock, &limits), None);
        watch.blocked();
        assert_eq!(wait(&watch, &clock, &limits), Some((5, Limit::Write)));
        watch.sent();
        assert_eq!(watch.overdue(&limits), None);
    }

    #[test]
    fn orders_only_become_harder() {
        let (watch, ..) = watch();
        assert_eq!(watch.standing_order(), None);
        for (order, standing) in [
            (Order::Drain, Order::Drain),
            (Order::End(Limit::Write), Order::End(Limit::Write)),
            (Order::Drain, Order::End(Limit::Write)),
        ] {
            watch.order(order);
            assert_eq!(watch.standing_order(), Some(standing));
        }
    }

    #[test]
    fn a_client_that_cancels_more_than_it_reads_is_cut_off() {
        let (watch, ..) = watch();
        for round in 0..1_000 {
            watch.begin_request();
            watch.end_request(round % 2 == 0);
        }
        assert_eq!(watch.standing_order(), None);
        for _ in 0..=MAX_CANCELLED {
            watch.begin_request();
            watch.end_request(false);
        }
        assert_eq!(watch.standing_order(), Some(Order::End(Limit::Cancelled)));
    }
}
