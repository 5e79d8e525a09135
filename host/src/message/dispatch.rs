//! Dispatch: claimed messages are handed to the plugin. What it wrote and the message's completion are committed together.

use std::{panic::AssertUnwindSafe, pin::pin, sync::Arc, time::Duration};

use futures_util::FutureExt as _;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{
    DeliverError, Delivered, Delivery, Handled, Kind,
    pace::Pace,
    service::{STORE_MS, Service},
};
use crate::{
    failpoint,
    store::{
        Batch, Effect, StoreError,
        kv::KvError,
        messages::{Claim, Done, Lease, MessageError, PutBack, Want},
    },
    units::millis,
};

/// Nothing has ended for so long: then one more may begin.
const PATIENCE: Duration = Duration::from_secs(1);
/// While everything is busy.
const BUSY_MS: u64 = 250;
/// While no plugin is ready: doubled each time, up to half a minute. Whoever makes one ready wakes us.
const NOT_READY_MS: u64 = 1_000;
const NOT_READY_STEPS: u32 = 5;
/// How often a delivery is made again at once that somebody else's write has overtaken: enough for what many write, and an end
/// for what everybody writes all the time.
const OVERTAKEN: u32 = 8;
/// The longest a plugin may put a message off.
const LONGEST_MS: u64 = 24 * 3_600_000;

/// How a delivery ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Done,
    Failed,
    NotReady,
    Busy,
}

/// Delivers what can be claimed, until told to stop; what is under way then is finished. Dropped, it ends the plugins' calls, and
/// their messages are delivered again once their leases have run out, or the host is started again.
pub(super) async fn run(service: Arc<Service>, stop: CancellationToken) {
    let settings = &service.shared.settings;
    let mut pace = Pace::new(settings.deliveries);
    let mut running: JoinSet<End> = JoinSet::new();
    let mut not_ready = 0;
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            () = service.unpaused() => {}
        }
        // Before the look, so that what comes after it is not missed.
        let woken = service.wakes.dispatch.notified();
        let mut free = pace.width().saturating_sub(running.len());
        let mut next_ms = None;
        if service.now_ms() < service.hold.get() {
            (free, next_ms) = (0, Some(service.hold.get()));
        } else if free > 0 {
            let (claims, next) = claim(&service, free).await;
            free -= claims.len().min(free);
            next_ms = next.filter(|_| free > 0);
            for claim in claims {
                let service = service.clone();
                running.spawn(async move { deliver(&service, claim).await });
            }
        }
        if running.is_empty() {
            pace.idle();
        }
        let held = service.now_ms() < service.hold.get();
        tokio::select! {
            () = stop.cancelled() => break,
            Some(end) = running.join_next() => {
                // With those that ended in the same commit: one claim follows them all.
                let mut ended = Some(end);
                while let Some(end) = ended {
                    note(&service, end.unwrap_or(End::Failed), &mut pace, &mut not_ready);
                    ended = running.try_join_next();
                }
            }
            () = woken, if free > 0 || held => {}
            () = service.shared.timer.until(next_ms), if next_ms.is_some() => {}
            () = service.shared.timer.pause(PATIENCE), if free == 0 && !held => pace.slowly(),
        }
    }
    while running.join_next().await.is_some() {}
}

/// Sets the pace by how a delivery ended. `not_ready` counts how often in a row there was no plugin.
fn note(service: &Service, end: End, pace: &mut Pace, not_ready: &mut u32) {
    match end {
        End::Done => {
            *not_ready = 0;
            pace.well();
        }
        End::Failed => {
            *not_ready = 0;
            pace.badly();
        }
        End::Busy => {
            pace.badly();
            service.hold.until(service.now_ms() + BUSY_MS);
        }
        End::NotReady => {
            pace.badly();
            // Those that were under way together count once.
            if service.now_ms() >= service.hold.get() {
                service.hold.until(service.now_ms() + (NOT_READY_MS << *not_ready));
                *not_ready = (*not_ready + 1).min(NOT_READY_STEPS);
            }
        }
    }
}

async fn claim(service: &Service, free: usize) -> (Vec<Claim>, Option<u64>) {
    let settings = &service.shared.settings;
    let now_ms = service.now_ms();
    let want = Want {
        service: service.key.clone(),
        owner: service.shared.owner.clone(),
        now_ms,
        expires_ms: now_ms + millis(settings.lease),
        max_attempts: settings.max_attempts,
        limit: u32::try_from(free).unwrap_or(u32::MAX),
    };
    match service.store().messages_claim(want).await {
        Ok(claimed) => (claimed.claims, claimed.next_ms),
        Err(error) => {
            service.store_failed("messages cannot be claimed", &error);
            (Vec::new(), Some(now_ms + STORE_MS))
        }
    }
}

/// Delivers one message, and says what becomes of it.
async fn deliver(service: &Service, claim: Claim) -> End {
    failpoint::hit("claim.after-sync");
    let Some(kind) = Kind::of_stored(&claim.lease.id, &claim.kind) else {
        die(service, &claim, "its type is not known to this version of Wharf".to_owned()).await;
        return End::Failed;
    };
    let delivery = Delivery {
        service: service.key.clone(),
        message_id: claim.lease.id.clone(),
        kind,
        app_id: claim.about.app_id.clone(),
        app_key: claim.about.app_key.clone(),
        subscription_id: claim.about.subscription_id.clone(),
        at_ms: claim.at_ms,
        attempt: claim.attempt,
    };
    let mut renewing = pin!(renew(service, &claim.lease));
    for _ in 0..OVERTAKEN {
        let call = AssertUnwindSafe(service.shared.deliver.deliver(delivery.clone())).catch_unwind();
        let outcome = tokio::select! {
            outcome = call => outcome,
            () = &mut renewing => return End::Failed,
        };
        match outcome {
            Ok(Ok(delivered)) => {
                failpoint::hit("deliver.returned");
                match complete(service, &claim, kind, delivered).await {
                    Ok(end) => return end,
                    Err(Overtaken(why)) => {
                        tracing::debug!(service = service.key, message_id = claim.lease.id, why, "a delivery is made again");
                    }
                }
            }
            Ok(Err(DeliverError::Failed { reason, retry_after_ms })) => {
                return failed(service, &claim, reason, retry_after_ms).await;
            }
            Ok(Err(error @ (DeliverError::NotReady | DeliverError::Busy))) => {
                put_back(service, &claim, PutBack::Untried { due_ms: service.now_ms() }).await;
                return if error == DeliverError::Busy { End::Busy } else { End::NotReady };
            }
            Err(_) => return failed(service, &claim, "the host panicked while it delivered the message".to_owned(), None).await,
        }
    }
    let reason = format!("each of {OVERTAKEN} deliveries wrote what somebody else had written before it was stored");
    failed(service, &claim, reason, None).await
}

/// Somebody else wrote between a delivery and its commit: what the plugin was told is no longer true, nothing of it is stored, and
/// it is no fault of the message.
struct Overtaken(String);

/// Keeps the lease as long as the plugin works; returns when it is lost.
async fn renew(service: &Service, lease: &Lease) {
    let length = service.shared.settings.lease;
    loop {
        service.shared.timer.pause(length / 3).await;
        match service.store().message_renew(lease, service.now_ms() + millis(length)).await {
            Ok(()) => {}
            Err(error @ StoreError::Message(MessageError::ClaimLost { .. })) => {
                return tracing::warn!(service = service.key, message_id = lease.id, %error, "a delivery is broken off");
            }
            // It may go better before the lease ends; if not, the commit tells.
            Err(error) => service.store_failed("a lease cannot be renewed", &error),
        }
    }
}

/// Commits all that the plugin did together with the completion.
async fn complete(service: &Service, claim: &Claim, kind: Kind, delivered: Delivered) -> Result<End, Overtaken> {
    let batch = batch(service, claim, kind, delivered);
    let completing = service.completing.enter(&claim.lease.id);
    Ok(match service.store().commit(batch).await {
        Ok(_) => {
            failpoint::hit("done.after-sync");
            service.shared.deliver.completed(&service.key, &claim.about.app_key).await;
            drop(completing);
            service.wakes.resolve.notify_one();
            if kind == Kind::Cancel {
                service.wakes.purge.notify_one();
            }
            tracing::debug!(service = service.key, message_id = claim.lease.id, app = claim.about.app_key, "message done");
            End::Done
        }
        Err(error @ StoreError::Message(MessageError::ClaimLost { .. })) => {
            tracing::warn!(service = service.key, message_id = claim.lease.id, %error, "what the plugin wrote is not kept");
            End::Failed
        }
        Err(StoreError::Kv(error @ KvError::Overtaken { .. })) => return Err(Overtaken(error.to_string())),
        // Others used up the room meanwhile, for example: the next attempt is told so by itself.
        Err(StoreError::Kv(
            error @ (KvError::Conflict { .. }
            | KvError::Quota { .. }
            | KvError::ValueTooLarge { .. }
            | KvError::KeyLength { .. }
            | KvError::TooMany { .. }
            | KvError::Overfull { .. }),
        )) => failed(service, claim, error.to_string(), None).await,
        Err(error) => {
            service.store_failed("a handled message cannot be committed", &error);
            // After some errors it is not known whether it is stored; then the lease is gone, and this changes nothing.
            put_back(service, claim, PutBack::Untried { due_ms: service.now_ms() + STORE_MS }).await;
            End::Busy
        }
    })
}

fn batch(service: &Service, claim: &Claim, kind: Kind, delivered: Delivered) -> Batch {
    let now_ms = service.now_ms();
    let mut effects = vec![Effect::MessageDone(Done { lease: claim.lease.clone(), now_ms })];
    effects.extend(delivered.effects.effects);
    let handled = Handled {
        service: service.key.clone(),
        message_id: claim.lease.id.clone(),
        kind,
        about: claim.about.clone(),
        now_ms,
        purge_after_cancel: service.purge_after_cancel,
    };
    effects.extend(handled.effects());
    Batch { effects }
}

/// Another attempt later, or none any more.
async fn failed(service: &Service, claim: &Claim, reason: String, retry_after_ms: Option<u64>) -> End {
    let settings = &service.shared.settings;
    let (id, app, attempt) = (&claim.lease.id, &claim.about.app_key, claim.attempt);
    if attempt >= settings.max_attempts {
        die(service, claim, reason).await;
        return End::Failed;
    }
    tracing::warn!(service = service.key, message_id = id, app, attempt, reason, "a delivery failed; it is tried again");
    let wait_ms = match retry_after_ms {
        Some(asked_ms) => asked_ms.min(LONGEST_MS),
        None => millis(settings.backoff.draw(attempt)),
    };
    let due_ms = service.now_ms() + wait_ms;
    put_back(service, claim, PutBack::Failed { reason, due_ms, patient: retry_after_ms.is_some() }).await;
    End::Failed
}

/// No attempt any more.
async fn die(service: &Service, claim: &Claim, reason: String) {
    let (id, app, attempt) = (&claim.lease.id, &claim.about.app_key, claim.attempt);
    tracing::error!(
        service = service.key,
        message_id = id,
        app,
        attempt,
        reason,
        "a message is dead; it holds its app's later ones"
    );
    put_back(service, claim, PutBack::Dead { reason }).await;
}

async fn put_back(service: &Service, claim: &Claim, how: PutBack) {
    match service.store().message_put_back(&claim.lease, how, service.now_ms()).await {
        Ok(()) => {}
        Err(error @ StoreError::Message(MessageError::ClaimLost { .. })) => {
            tracing::warn!(service = service.key, message_id = claim.lease.id, %error, "somebody else has the message now");
        }
        // The lease runs out, and the message is delivered again.
        Err(error) => service.store_failed("a message cannot be put back", &error),
    }
}
