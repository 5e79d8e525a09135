//! Poll: the platform lists all that is not resolved, in its order. So messages are found that no notice announced, and every
//! app's messages get their places.
//!
//! A message that was fetched because of a notice is not delivered before a list that was asked for later has told whether
//! anything of the same app comes before it: notices can be lost or overtake each other, and a cancel must not overtake its
//! subscribe. One list serves all messages that wait for it. Where no list can be had, they go in the order of arrival.

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use super::{PlatformError, Told, fetch, read, service::Service};
use crate::store::messages::Letter;

/// A long list takes its time to be made, sent and compared: lists out of turn take at most a fifth of all time.
const REST: u32 = 4;
/// Notices that were turned away are looked for in a list, but not at once: whoever sends too many of them must not drive us to
/// ask the platform without end.
const MISSED: Duration = Duration::from_secs(5);

/// Polls at once, at every interval, and out of turn where messages wait for their places. Dropped, it leaves out the rest of a
/// list, which is found by the next.
pub(super) async fn run(service: Arc<Service>, stop: CancellationToken) {
    let timer = &service.shared.timer;
    let mut in_turn = true;
    let mut turn = std::pin::pin!(timer.pause(service.shared.settings.poll_interval));
    loop {
        let began_ms = service.now_ms();
        tokio::select! {
            () = stop.cancelled() => return,
            () = list(&service, in_turn) => {}
        }
        let now_ms = service.now_ms();
        let rested_ms = now_ms.saturating_add((now_ms - began_ms.min(now_ms)).saturating_mul(u64::from(REST)));
        tokio::select! {
            () = stop.cancelled() => return,
            () = &mut turn => {
                in_turn = true;
                turn.set(timer.pause(service.shared.settings.poll_interval));
            }
            () = out_of_turn(&service, rested_ms) => in_turn = false,
        }
    }
}

/// Waits until there is a reason to ask for a list out of turn, and the time for it.
async fn out_of_turn(service: &Service, rested_ms: u64) {
    service.unpaused().await;
    tokio::select! {
        () = service.wakes.place.notified() => {}
        () = async {
            service.wakes.missed.notified().await;
            service.shared.timer.pause(MISSED).await;
        } => {}
    }
    service.shared.timer.until(Some(rested_ms)).await;
}

/// Asks for one list, and takes it.
async fn list(service: &Service, in_turn: bool) {
    let store = service.store();
    let waiting = match store.messages_unplaced(&service.key).await {
        Ok(waiting) => waiting,
        Err(error) => return service.store_failed("messages without a place cannot be looked for", &error),
    };
    let listed_ms = service.now_ms();
    let answer = service.platform.messages().await;
    service.heard(&answer);
    let taken = match answer {
        Ok(list) => take(service, list, listed_ms, waiting, in_turn).await,
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
    list: Vec<Told>,
    listed_ms: u64,
    waiting: Option<u64>,
    in_turn: bool,
) -> Result<(), crate::store::StoreError> {
    let store = service.store();
    let listed = store.messages_listed(&service.key, letters(service, list), listed_ms, service.now_ms()).await?;
    if listed.new > 0 {
        tracing::debug!(service = service.key, new = listed.new, "the platform listed messages that were not known");
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
    service.polled(listed_ms);
    if in_turn {
        store.messages_wake(&service.key, service.now_ms()).await?;
    }
    Ok(())
}

/// What of a list is ours, in its order.
fn letters(service: &Service, list: Vec<Told>) -> Vec<Letter> {
    let now_ms = service.now_ms();
    let ours = |told: &Told| {
        let ours = read::is_id(&told.id) && fetch::is_ours(service, told);
        if !ours {
            service.unknown.insert(&told.id.chars().take(24).collect::<String>(), now_ms);
        }
        ours
    };
    list.into_iter().filter(ours).map(|told| read::letter(Told { id: told.id.to_ascii_lowercase(), ..told })).collect()
}
