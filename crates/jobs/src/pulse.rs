use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use howdah_store::{Lease, Store, StoreError};
use tokio_util::sync::CancellationToken;

/// How often a worker looks whether it is to stop.
const LOOK: Duration = Duration::from_millis(200);
/// How often it says that it is alive: a sixth of a lease.
const BEAT: Duration = Duration::from_secs(5);
/// How often, at the most, progress within a step is written.
const REPORT: Duration = Duration::from_secs(1);

/// What the step says it is doing; read by the pulse, which writes it.
#[derive(Default)]
pub(crate) struct Report {
    said: Mutex<Said>,
}

#[derive(Default)]
struct Said {
    phase: Option<String>,
    fraction: Option<f64>,
    news: bool,
}

impl Report {
    pub(crate) fn set(&self, phase: String, fraction: Option<f64>) {
        let fraction = fraction
            .filter(|fraction| fraction.is_finite())
            .map(|fraction| fraction.clamp(0.0, 1.0));
        *self.said.lock().unwrap_or_else(PoisonError::into_inner) = Said {
            phase: Some(phase),
            fraction,
            news: true,
        };
    }

    fn news(&self) -> bool {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).news
    }

    fn read(&self) -> (Option<String>, Option<f64>) {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        said.news = false;
        (said.phase.clone(), said.fraction)
    }
}

/// What a worker may be told from outside.
#[derive(Clone, Default)]
pub(crate) struct Signals {
    /// Somebody wants the job cancelled.
    pub(crate) cancelled: CancellationToken,
    /// Another worker has the job: stop at once, write nothing.
    pub(crate) replaced: CancellationToken,
    /// This process is to end: stop soon, leave the job to the next.
    pub(crate) ending: CancellationToken,
}

/// Keeps the lease alive, on a thread and runtime of its own, so that a step
/// which blocks its thread, or all of the program's, does not look dead.
/// Dropped, it gives the lease back.
pub(crate) struct Pulse {
    stop: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

impl Pulse {
    pub(crate) fn start(
        store: Store,
        lease: Lease,
        report: Arc<Report>,
        signals: Signals,
    ) -> std::io::Result<Self> {
        let stop = CancellationToken::new();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()?;
        let stopped = stop.clone();
        let thread = std::thread::Builder::new()
            .name("howdah-pulse".into())
            .spawn(move || runtime.block_on(beat(&store, &lease, &report, &signals, &stopped)))?;
        Ok(Self {
            stop,
            thread: Some(thread),
        })
    }

    /// Stops, and returns once the lease is given back.
    pub(crate) async fn end(mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            // A panic of that thread was reported by itself.
            tokio::task::spawn_blocking(move || thread.join().ok()).await.ok();
        }
    }
}

impl Drop for Pulse {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn beat(store: &Store, lease: &Lease, report: &Report, signals: &Signals, stop: &CancellationToken) {
    let mut beaten = Instant::now();
    let mut silent = false;
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            () = tokio::time::sleep(LOOK) => {}
        }
        let since = beaten.elapsed();
        let result = if since >= BEAT || (since >= REPORT && report.news()) {
            beaten = Instant::now();
            let (phase, fraction) = report.read();
            store.renew_lease(lease, phase, fraction).await
        } else {
            store.check_lease(lease).await
        };
        match result {
            Ok(heartbeat) => {
                silent = false;
                if heartbeat.cancel_requested {
                    signals.cancelled.cancel();
                }
            }
            Err(StoreError::Fenced { .. } | StoreError::NotFound { .. }) => {
                signals.replaced.cancel();
                return;
            }
            // The process itself is the proof that it lives; the store may come back.
            Err(error) if !silent => {
                silent = true;
                tracing::warn!(job = lease.job, "The heartbeat could not be written: {error}");
            }
            Err(_) => {}
        }
    }
    if let Err(error) = store.release_lease(lease).await {
        tracing::warn!(job = lease.job, "The lease could not be given back: {error}");
    }
}
