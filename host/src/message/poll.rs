//! Poll: the platform lists all that is not resolved, in its order. So messages are found that no notice announced, and every
//! app's messages get their places.
//!
//! A message that was fetched because of a notice is not delivered before a list that was asked for later has told whether
//! anything of the same app comes before it: notices can be lost or overtake each other, and a cancel must not overtake its
//! subscribe. One list serves all messages that wait for it. Where no list can be had, or only its beginning, they go in the order of
//! arrival.

use std::{
    pin::{Pin, pin},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio_util::sync::CancellationToken;

use super::{PlatformError, Told, Unresolved, fetch, read, service::Service};
use crate::store::messages::Letter;

/// A long list takes its time to be made, sent and compared: lists out of turn take at most a fifth of all time.
const REST: u32 = 4;
/// Notices that were turned away are looked for in a list, but not at once: whoever sends too many of them must not drive us to
/// ask the platform without end.
const MISSED: Duration = Duration::from_secs(5);

/// Why a list is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    /// The interval is over.
    Turn,
    /// Messages wait for their places.
    Place,
    /// Notices were turned away.
    Missed,
}

/// Polls at once, at every interval, and out of turn where messages wait for their places. Dropped, it leaves out the rest of a
/// list, which is found by the next.
pub(super) async fn run(service: Arc<Service>, stop: CancellationToken) {
    let timer = &service.shared.timer;
    let mut why = Why::Turn;
    let mut turn = pin!(timer.pause(service.shared.settings.poll_interval));
    // Kept from list to list: one that is asked for because of places may turn out not to be needed.
    let mut missing = pin!(missed(&service));
    loop {
        let took = timer.measure();
        tokio::select! {
            () = stop.cancelled() => return,
            () = list(&service, why) => {}
        }
        let rest = pin!(timer.pause(took() * REST));
        tokio::select! {
            () = stop.cancelled() => return,
            () = &mut turn => {
                why = Why::Turn;
                turn.set(timer.pause(service.shared.settings.poll_interval));
                missing.set(missed(&service));
            }
            reason = out_of_turn(&service, missing.as_mut(), rest) => {
                why = reason;
                if why == Why::Missed {
                    missing.set(missed(&service));
                }
            }
        }
    }
}

/// Waits until there is a reason to ask for a list out of turn, and the time for it.
async fn out_of_turn(service: &Service, missing: Pin<&mut impl Future<Output = ()>>, rest: impl Future<Output = ()>) -> Why {
    service.unpaused().await;
    let why = tokio::select! {
        () = service.wakes.place.notified() => Why::Place,
        () = missing => Why::Missed,
    };
    rest.await;
    why
}

/// Waits until notices were turned away, and then for [`MISSED`].
async fn missed(service: &Service) {
    service.wakes.missed.notified().await;
    service.shared.timer.pause(MISSED).await;
}

/// Asks for one list, and takes it.
async fn list(service: &Service, why: Why) {
    let store = service.store();
    let waiting = match store.messages_unplaced(&service.key).await {
        Ok(waiting) => waiting,
        Err(error) => return service.store_failed("messages without a place cannot be looked for", &error),
    };
    if why == Why::Place && waiting.is_none() {
        // The last list placed them already.
        return;
    }
    let listed_ms = service.now_ms();
    let answer = service.platform.messages().await;
    service.heard("messages", &answer);
    let taken = match answer {
        Ok(list) => take(service, list, listed_ms, waiting, why).await,
        Err(PlatformError::Token { .. }) => return,
        Err(PlatformError::Refused { .. } | PlatformError::Unavailable(_)) => match waiting {
            Some(last) => store.messages_place(&service.key, last, service.now_ms()).await,
            None => Ok(()),
        },
    };
    if let Err(error) = taken {
        service.store_failed("what the platform listed cannot be stored", &error);
    }
    service.wakes.dispatch.notify_one();
}

async fn take(
    service: &Service,
    Unresolved { messages, cut }: Unresolved,
    listed_ms: u64,
    waiting: Option<u64>,
    why: Why,
) -> Result<(), crate::store::StoreError> {
    let store = service.store();
    let listed = store.messages_listed(&service.key, letters(service, messages), listed_ms, service.now_ms()).await?;
    if listed.new > 0 {
        tracing::debug!(service = service.key, new = listed.new, "the platform listed messages that were not known");
    }
    if listed.dead > 0 {
        tracing::error!(service = service.key, count = listed.dead, "messages cannot be handled; they are dead");
    }
    if listed.again > 0 {
        tracing::warn!(
            service = service.key,
            count = listed.again,
            "the platform forgot that messages are handled; it is told again"
        );
        service.wakes.resolve.notify_one();
    }
    if listed.full {
        tracing::warn!(service = service.key, "too many messages are unfinished; the others are left at the platform for now");
    } else if let Some(last) = waiting {
        // What had no room may come before these.
        store.messages_place(&service.key, last, service.now_ms()).await?;
    }
    service.polled(listed_ms, cut);
    if why == Why::Turn {
        store.messages_wake(&service.key, service.now_ms()).await?;
    }
    Ok(())
}

/// What of a list is ours, in its order.
fn letters(service: &Service, list: Vec<Told>) -> Vec<Letter> {
    let all = list.len();
    let (own, foreign): (Vec<_>, Vec<_>) = list.into_iter().partition(|told| !fetch::is_foreign(service, told));
    if foreign.len() != service.foreign.swap(foreign.len(), Ordering::Relaxed) && !foreign.is_empty() {
        let named = foreign[0].back_service_id.as_deref();
        tracing::warn!(
            service = service.key,
            count = foreign.len(),
            all,
            named,
            "the platform lists messages of other services, which are left alone; is `service-id` right?"
        );
    }
    own.into_iter()
        .filter(|told| read::is_id(&told.id) && !told.resolved)
        .map(|told| read::letter(Told { id: told.id.to_ascii_lowercase(), ..told }))
        .collect()
}
