use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use howdah_pg::{Origin, Target};
use howdah_store::samples::{Claim, History, Samples, Trouble};
use howdah_store::{Owner, StoreError};
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
    /// Another process watches it, here or on another machine; this one waits for its turn.
    Elsewhere,
    /// What is seen cannot be written now, and is kept in memory until it can.
    Unwritten(String),
    /// There was no room for more in memory: what was seen first is dropped.
    Dropping,
    /// What was kept in memory is written; so many of its bundles were dropped.
    Written(usize),
}

/// The samples of a target's database.
///
/// Beside the records of this machine a configured target goes by its name, which stays when host
/// or port change. Where machines share a history, each with a configuration of its own, it goes
/// by its address; one that leads nowhere but here has this machine's name in front.
pub fn samples_of(history: &History, target: &Target) -> Samples {
    let database = target.conninfo.database();
    let hosts = target.conninfo.hosts();
    let name = target.name.split('/').next().unwrap_or_default();
    let address = || {
        hosts
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(",")
    };
    let machine = &Owner::this_process().host;
    let server = match (history.is_shared(), target.origin) {
        (false, Origin::Config | Origin::Cluster) => name.to_owned(),
        (true, Origin::Cluster) => format!("{machine}:{name}"),
        (true, _) if !hosts.iter().all(howdah_pg::Host::is_remote) => format!("{machine}:{}", address()),
        _ => address(),
    };
    history.samples(&format!("{server}/{database}"))
}

/// Watches a database until `cancel`. What stands in the way on the server's side is waited
/// out, and so is a history on a server that cannot be reached once this one has begun; an
/// error is one of the samples on this machine, or of a history that it cannot begin with.
pub async fn run(
    target: Arc<Target>,
    samples: Samples,
    pace: Pace,
    cancel: CancellationToken,
    report: impl Fn(Report) + Send + Sync,
) -> Result<(), WatchError> {
    let mut has_begun = false;
    loop {
        let Some(claim) = claimed(&samples, &cancel, &report, has_begun).await? else {
            return Ok(());
        };
        has_begun = true;
        let watched = held(&target, &samples, pace, &cancel, &report).await;
        claim.release().await;
        match watched {
            // Another one has taken over, while this one was cut off from the history.
            Err(WatchError::Store(StoreError::NotOurs { .. })) if !cancel.is_cancelled() => {}
            watched => return watched,
        }
    }
}

/// Holds the right to write a database's samples until `cancel`, for somebody who brings them from
/// elsewhere, and sums up what is old. Errors are those of [`run`].
pub async fn hold(
    samples: Samples,
    cancel: CancellationToken,
    report: impl Fn(Report) + Send + Sync,
) -> Result<(), WatchError> {
    let Some(claim) = claimed(&samples, &cancel, &report, false).await? else {
        return Ok(());
    };
    report(Report::Watching(Vec::new()));
    let mut course = Course {
        retry: RETRY.0,
        dropped: None,
    };
    let held = loop {
        tokio::select! {
            () = cancel.cancelled() => break samples.settle().await,
            () = tokio::time::sleep(KEEP) => {}
        }
        course.tell(samples.trouble(), &report);
        match samples.keep(now_s()).await {
            Err(error) if !error.is_passing() => break Err(error),
            _ => {}
        }
    };
    claim.release().await;
    Ok(held?)
}

/// Watches while the right to is ours.
async fn held(
    target: &Target,
    samples: &Samples,
    pace: Pace,
    cancel: &CancellationToken,
    report: &(impl Fn(Report) + Send + Sync),
) -> Result<(), WatchError> {
    let mut watcher: Option<Watcher> = None;
    let mut course = Course {
        retry: RETRY.0,
        dropped: None,
    };
    loop {
        let went = tokio::select! {
            () = cancel.cancelled() => break,
            went = connected(target, samples, &mut watcher, pace, report, &mut course) => went,
        };
        match went {
            Err(WatchError::Store(error)) if !error.is_passing() => return Err(error.into()),
            Err(error) => report(Report::Lost(error.to_string())),
            Ok(()) => {}
        }
        tokio::select! {
            () = cancel.cancelled() => break,
            () = tokio::time::sleep(course.retry) => course.retry = (course.retry * 2).min(RETRY.1),
        }
    }
    if let Some(mut watcher) = watcher {
        watcher.record(now_s()).await?;
        samples.settle().await?;
    }
    Ok(())
}

/// The right to watch, once nobody else does; none where it was cancelled before. A history that
/// cannot be reached is waited for by who `has_begun`; whoever mistyped its address wants to be told.
async fn claimed(
    samples: &Samples,
    cancel: &CancellationToken,
    report: &(impl Fn(Report) + Send + Sync),
    mut has_begun: bool,
) -> Result<Option<Claim>, WatchError> {
    let mut is_told = false;
    loop {
        match samples.claim().await {
            Ok(Some(claim)) => return Ok(Some(claim)),
            Ok(None) => {
                has_begun = true;
                if !std::mem::replace(&mut is_told, true) {
                    report(Report::Elsewhere);
                }
            }
            Err(error) if has_begun && error.is_passing() => {
                report(Report::Lost(error.to_string()));
                is_told = false;
            }
            Err(error) => return Err(error.into()),
        }
        tokio::select! {
            () = cancel.cancelled() => return Ok(None),
            () = tokio::time::sleep(TURN) => {}
        }
    }
}

/// How watching goes, over all connections.
struct Course {
    /// The pause before the next attempt to connect.
    retry: Duration,
    /// Where samples wait to be written: how many of their bundles were dropped, as was told.
    dropped: Option<usize>,
}

impl Course {
    fn tell(&mut self, trouble: Option<Trouble>, report: &(impl Fn(Report) + Send + Sync)) {
        match (self.dropped, &trouble) {
            (None, Some(trouble)) => report(Report::Unwritten(trouble.error.clone())),
            (Some(0), Some(trouble)) if trouble.dropped > 0 => report(Report::Dropping),
            (Some(dropped), None) => report(Report::Written(dropped)),
            _ => {}
        }
        self.dropped = trouble.map(|trouble| trouble.dropped);
    }
}

/// Watches for as long as the connection lasts.
async fn connected(
    target: &Target,
    samples: &Samples,
    slot: &mut Option<Watcher>,
    pace: Pace,
    report: &(impl Fn(Report) + Send + Sync),
    course: &mut Course,
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
    course.retry = RETRY.0;
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
            course.tell(samples.trouble(), report);
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
