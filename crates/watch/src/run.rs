use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use howdah_pg::{Origin, Target};
use howdah_store::Store;
use howdah_store::samples::{Claim, Samples};
use tokio_util::sync::CancellationToken;

use crate::{WatchError, Watcher};

/// How often each thing is looked at, at most.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Sessions.
    pub look: Duration,
    /// Counters.
    pub count: Duration,
    /// Sizes and the schema.
    pub measure: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            look: Duration::from_secs(1),
            count: Duration::from_secs(60),
            measure: Duration::from_secs(600),
        }
    }
}

/// The part of one processor of the target that each of the three may take. What a question
/// takes by the clock is more than what it takes of a processor, so that together they stay
/// under a hundredth.
const SHARE: f64 = 0.003;
/// How often what was seen of sessions is written down.
const RECORD: Duration = Duration::from_secs(10);
/// How often old samples are summed up.
const KEEP: Duration = Duration::from_secs(300);
/// How often is looked whether another watcher has ended.
const TURN: Duration = Duration::from_secs(10);
/// How long is waited before another attempt to connect, at first and at most.
const RETRY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// News of a watched database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    /// It is being watched; what cannot be seen.
    Watching(Vec<String>),
    /// It cannot be reached, and is tried again.
    Lost(String),
    /// Another process on this machine watches it; this one waits for its turn.
    Elsewhere,
}

/// The samples of a target's database.
pub fn samples_of(store: &Store, target: &Target) -> Samples {
    let database = target.conninfo.database();
    let name = match target.origin {
        // These have names that stay when host or port change.
        Origin::Config | Origin::Cluster => {
            format!("{}/{database}", target.name.split('/').next().unwrap_or_default())
        }
        _ => {
            let hosts: Vec<String> = target.conninfo.hosts().iter().map(ToString::to_string).collect();
            format!("{}/{database}", hosts.join(","))
        }
    };
    Samples::of(store, &name)
}

/// Watches a database until `cancel`. What stands in the way on the server's side is waited
/// out; an error is one of the samples on this machine.
pub async fn run(
    target: Arc<Target>,
    samples: Samples,
    pace: Pace,
    cancel: CancellationToken,
    report: impl Fn(Report) + Send + Sync,
) -> Result<(), WatchError> {
    let Some(_claim) = claimed(&samples, &cancel, &report).await? else {
        return Ok(());
    };
    let mut watcher: Option<Watcher> = None;
    let mut retry = RETRY.0;
    loop {
        let went = tokio::select! {
            () = cancel.cancelled() => break,
            went = connected(&target, &samples, &mut watcher, pace, &report, &mut retry) => went,
        };
        match went {
            Err(WatchError::Store(error)) => return Err(error.into()),
            Err(error) => report(Report::Lost(error.to_string())),
            Ok(()) => {}
        }
        tokio::select! {
            () = cancel.cancelled() => break,
            () = tokio::time::sleep(retry) => retry = (retry * 2).min(RETRY.1),
        }
    }
    if let Some(mut watcher) = watcher {
        watcher.record(now_s()).await?;
    }
    Ok(())
}

/// The right to watch, once nobody else does; none where it was cancelled before.
async fn claimed(
    samples: &Samples,
    cancel: &CancellationToken,
    report: &(impl Fn(Report) + Send + Sync),
) -> Result<Option<Claim>, WatchError> {
    let mut is_told = false;
    loop {
        if let Some(claim) = samples.claim()? {
            return Ok(Some(claim));
        }
        if !std::mem::replace(&mut is_told, true) {
            report(Report::Elsewhere);
        }
        tokio::select! {
            () = cancel.cancelled() => return Ok(None),
            () = tokio::time::sleep(TURN) => {}
        }
    }
}

/// Watches for as long as the connection lasts.
async fn connected(
    target: &Target,
    samples: &Samples,
    slot: &mut Option<Watcher>,
    pace: Pace,
    report: &(impl Fn(Report) + Send + Sync),
    retry: &mut Duration,
) -> Result<(), WatchError> {
    let connection = target.connect().await?;
    let watcher = match slot {
        Some(watcher) => {
            watcher.go_on(connection).await?;
            watcher
        }
        None => slot.insert(Watcher::new(connection, samples.clone()).await?),
    };
    watcher.count(now_s()).await?;
    watcher.measure(now_s()).await?;
    report(Report::Watching(watcher.gaps()));
    *retry = RETRY.0;
    let start = Instant::now();
    let mut looks = Turn::new(start, pace.look);
    let mut counts = Turn::new(start + pace.count, pace.count);
    let mut measures = Turn::new(start + pace.measure, pace.measure);
    let mut records = Turn::new(start + RECORD.min(pace.count), RECORD.min(pace.count));
    let mut keeps = Turn::new(start, KEEP);
    loop {
        let next = [&looks, &counts, &measures, &records, &keeps]
            .iter()
            .map(|turn| turn.at)
            .min()
            .unwrap_or(start);
        tokio::time::sleep_until(next.into()).await;
        let at_s = now_s();
        if looks.is_due() {
            let began = Instant::now();
            watcher.look(at_s).await?;
            looks.next(began.elapsed());
        }
        if records.is_due() {
            watcher.record(at_s).await?;
            records.next(Duration::ZERO);
        }
        if counts.is_due() {
            let began = Instant::now();
            watcher.count(at_s).await?;
            counts.next(began.elapsed());
        }
        if measures.is_due() {
            let began = Instant::now();
            watcher.measure(at_s).await?;
            measures.next(began.elapsed());
        }
        if keeps.is_due() {
            watcher.keep(at_s).await?;
            keeps.next(Duration::ZERO);
        }
    }
}

/// When something is done next.
struct Turn {
    at: Instant,
    every: Duration,
}

impl Turn {
    fn new(at: Instant, every: Duration) -> Self {
        Self { at, every }
    }

    fn is_due(&self) -> bool {
        Instant::now() >= self.at
    }

    /// After it took so long: in time, later where that would be more than its share.
    fn next(&mut self, took: Duration) {
        let pause = self.every.max(took.div_f64(SHARE));
        let now = Instant::now();
        // On the beat, so that a second has one look; a beat that was missed is not made up for.
        self.at = (self.at + pause).max(now + pause / 2);
    }
}

fn now_s() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_costs_much_is_done_seldom() {
        let mut turn = Turn::new(Instant::now(), Duration::from_secs(1));
        turn.next(Duration::from_micros(500));
        assert!(turn.at <= Instant::now() + Duration::from_secs(1));
        turn.next(Duration::from_millis(30));
        assert!(turn.at >= Instant::now() + Duration::from_secs(5));
    }
}
