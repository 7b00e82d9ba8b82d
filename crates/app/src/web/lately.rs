use std::any::Any;
use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures::FutureExt;
use howdah_core::{Error, Result};
use tokio::sync::watch;

/// What tools said lately. A page does not wait for a slow server, and however many browsers
/// look at a page, its server is asked once.
#[derive(Default)]
pub(super) struct Lately {
    slots: Mutex<HashMap<String, Slot>>,
}

#[derive(Default)]
struct Slot {
    said: Option<(Instant, Arc<dyn Any + Send + Sync>)>,
    /// Ends when the answer is there.
    pending: Option<watch::Receiver<()>>,
}

/// What a page gets.
pub(super) struct Look<T> {
    /// What the tool said last, if it ever did.
    pub(super) said: Option<Arc<Result<T>>>,
    /// Whether it is being asked at this moment.
    pub(super) is_asking: bool,
}

/// Answers that are kept.
const SLOTS_MAX: usize = 300;
/// How long an error counts as an answer, at most.
const ERROR_LASTS: Duration = Duration::from_secs(3);
/// What is older is no answer any more, but to have nothing would be worse only for so long.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(900);

impl Lately {
    /// What was said to the question `key`, not longer than `fresh` ago; else what `ask` gives, if
    /// that is within `patience`; else what was said before.
    pub(super) async fn look<T: Send + Sync + 'static>(
        self: &Arc<Self>,
        key: String,
        fresh: Duration,
        patience: Duration,
        ask: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Look<T> {
        let pending = {
            let mut slots = self.lock();
            let slot = slots.entry(key.clone()).or_default();
            if let Some(said) = slot.said::<T>(fresh) {
                return Look {
                    said: Some(said),
                    is_asking: false,
                };
            }
            match &slot.pending {
                Some(pending) => pending.clone(),
                None => {
                    let (done, pending) = watch::channel(());
                    slot.pending = Some(pending.clone());
                    make_room(&mut slots);
                    tokio::spawn(Arc::clone(self).ask(key.clone(), ask, done));
                    pending
                }
            }
        };
        let mut pending = pending;
        // An error of the channel says that its sender is gone, with the answer there.
        let is_asking = tokio::time::timeout(patience, pending.changed()).await.is_err();
        let slots = self.lock();
        Look {
            said: slots.get(&key).and_then(|slot| slot.said(FORGOTTEN_AFTER)),
            is_asking,
        }
    }

    async fn ask<T: Send + Sync + 'static>(
        self: Arc<Self>,
        key: String,
        ask: impl Future<Output = Result<T>> + Send,
        done: watch::Sender<()>,
    ) {
        let said: Result<T> = AssertUnwindSafe(ask).catch_unwind().await.unwrap_or_else(|_| {
            Err(Error::internal("What was asked for failed unexpectedly.").hint("The log says where."))
        });
        let mut slots = self.lock();
        let slot = slots.entry(key).or_default();
        slot.said = Some((Instant::now(), Arc::new(said)));
        slot.pending = None;
        drop(done);
    }

    /// Everything is asked anew: something was changed.
    pub(super) fn forget(&self) {
        self.lock().retain(|_, slot| {
            slot.said = None;
            slot.pending.is_some()
        });
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Slot>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    fn said<T: Send + Sync + 'static>(&self, fresh: Duration) -> Option<Arc<Result<T>>> {
        let (at, said) = self.said.as_ref()?;
        let said = Arc::clone(said).downcast::<Result<T>>().ok()?;
        let lasts = if said.is_err() && fresh < FORGOTTEN_AFTER {
            fresh.min(ERROR_LASTS)
        } else {
            fresh
        };
        (at.elapsed() <= lasts).then_some(said)
    }
}

/// The oldest answers go.
fn make_room(slots: &mut HashMap<String, Slot>) {
    while slots.len() > SLOTS_MAX {
        let oldest = slots
            .iter()
            .filter(|(_, slot)| slot.pending.is_none())
            .min_by_key(|(_, slot)| slot.said.as_ref().map(|(at, _)| *at))
            .map(|(key, _)| key.clone());
        match oldest {
            Some(oldest) => slots.remove(&oldest),
            None => return,
        };
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn what_is_fresh_is_not_asked_again_and_nobody_waits_for_what_is_slow() {
        let lately = Arc::new(Lately::default());
        let asked = Arc::new(AtomicUsize::new(0));
        let count = || {
            let asked = Arc::clone(&asked);
            async move { Ok(asked.fetch_add(1, Ordering::SeqCst)) }
        };
        let first = lately.look("a".to_owned(), LONG, LONG, count()).await;
        let again = lately.look("a".to_owned(), LONG, LONG, count()).await;
        for look in [first, again] {
            assert_eq!(*look.said.unwrap().as_ref().as_ref().unwrap(), 0);
            assert!(!look.is_asking);
        }
        lately.forget();
        let anew = lately.look("a".to_owned(), LONG, LONG, count()).await;
        assert_eq!(*anew.said.unwrap().as_ref().as_ref().unwrap(), 1);
        let never = async {
            std::future::pending::<()>().await;
            Ok(())
        };
        let slow = lately
            .look("b".to_owned(), LONG, Duration::from_millis(1), never)
            .await;
        assert!(slow.said.is_none() && slow.is_asking);
    }

    #[tokio::test]
    async fn a_panic_is_an_error() {
        let lately = Arc::new(Lately::default());
        let falls: futures::future::BoxFuture<'static, Result<()>> = Box::pin(async { panic!("on purpose") });
        let look = lately.look("c".to_owned(), LONG, LONG, falls).await;
        assert!(look.said.unwrap().is_err());
    }
}
