//! What the provider of a cluster has measured, brought into the samples of its database: figures
//! each minute, and sessions at work where nobody of ours looked at them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use howdah_core::{Error, ErrorKind, Result};
use howdah_store::samples::{Course, Samples, Stretch, Window, stretches};
use tokio_util::sync::CancellationToken;

use crate::figures::{BEGINNING, Series};
use crate::{ClusterName, Clusters, ControlPlane};

const MINUTE: i64 = 60;
/// How long a value may come after its time, or be mended.
const LATE_S: i64 = 1_800;
/// A minute of sessions is asked for when it is so old: it is complete then, and our own look at it is written.
const SETTLED_S: i64 = 180;
/// How far back sessions are asked for: what AWS keeps without being paid for it.
const SEEN_S: i64 = 7 * 86_400;
/// The sessions that are written at once, so that what is interrupted goes on where it was.
const PART_S: i64 = 6 * 3_600;
/// How long is waited before what was not allowed is asked for again.
const REFUSED_S: i64 = 600;

/// What is brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    /// The figures of the cluster and its instances.
    Figures,
    /// The sessions at work.
    Sessions,
}

/// What happened to a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// It could not be brought; it is tried again.
    Trouble(Topic, String),
    /// It is brought again.
    Well(Topic),
}

/// Brings what is measured of one cluster into the samples of its database.
pub struct Elsewhere {
    clusters: Arc<Clusters>,
    name: String,
    samples: Samples,
    found: Option<(Box<dyn ControlPlane>, ClusterName)>,
    /// Up to when each series was asked for; absent before the first time.
    asked_to: HashMap<String, i64>,
    /// When each series was measured last before this began.
    stored: Option<BTreeMap<String, i64>>,
    /// Values of late, so that only what is new is written.
    written: HashMap<String, BTreeMap<i64, f64>>,
    seen_to: Option<i64>,
    /// When each topic may be asked for again.
    retry_at: BTreeMap<Topic, i64>,
}

impl Elsewhere {
    /// Asks nothing yet.
    pub fn new(clusters: Arc<Clusters>, name: impl Into<String>, samples: Samples) -> Self {
        Self {
            clusters,
            name: name.into(),
            samples,
            found: None,
            asked_to: HashMap::new(),
            stored: None,
            written: HashMap::new(),
            seen_to: None,
            retry_at: BTreeMap::new(),
        }
    }

    /// Brings what is new at `now_s`, in seconds since 1970, and what is missing from before; for
    /// each topic that was asked for, whether that went well. Nothing of a provider that measures
    /// nothing by itself.
    pub async fn fetch(&mut self, now_s: i64) -> BTreeMap<Topic, Result<()>> {
        let mut went = BTreeMap::new();
        for topic in [Topic::Figures, Topic::Sessions] {
            if self.retry_at.get(&topic).is_some_and(|at| now_s < *at) {
                continue;
            }
            let done = match self.find().await {
                Ok(false) => return went,
                Ok(true) => match topic {
                    Topic::Figures => self.figures(now_s).await,
                    Topic::Sessions => self.sessions(now_s).await,
                },
                Err(error) => Err(error),
            };
            match &done {
                Err(error) if error.kind == ErrorKind::Refused => {
                    self.retry_at.insert(topic, now_s + REFUSED_S);
                }
                _ => {
                    self.retry_at.remove(&topic);
                }
            }
            went.insert(topic, done);
        }
        went
    }

    /// Brings it at intervals until `cancel`, while `is_ours` says that the samples are ours to
    /// write. Trouble is told once.
    pub async fn run(
        mut self,
        every: Duration,
        cancel: CancellationToken,
        is_ours: impl Fn() -> bool,
        report: impl Fn(News),
    ) {
        let mut told: BTreeMap<Topic, String> = BTreeMap::new();
        loop {
            // Whoever begins to watch says so soon.
            let pause = if is_ours() {
                every
            } else {
                every.min(Duration::from_millis(200))
            };
            if is_ours() {
                let went = tokio::select! {
                    () = cancel.cancelled() => return,
                    went = Box::pin(self.fetch(now_s())) => went,
                };
                if went.is_empty() && self.retry_at.is_empty() {
                    return;
                }
                for (topic, done) in went {
                    match done {
                        Ok(()) => {
                            if told.remove(&topic).is_some() {
                                report(News::Well(topic));
                            }
                        }
                        Err(error) => {
                            let text = error.to_text().replace('\n', " ");
                            if told.insert(topic, text.clone()).as_ref() != Some(&text) {
                                report(News::Trouble(topic, text));
                            }
                        }
                    }
                }
            }
            tokio::select! {
                () = cancel.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Whether there is something to bring.
    async fn find(&mut self) -> Result<bool> {
        if self.found.is_none() {
            self.found = Some(self.clusters.find(&self.name).await?);
        }
        Ok(self.found.as_ref().is_some_and(|(plane, _)| plane.measures()))
    }

    fn plane(&self) -> Result<(&dyn ControlPlane, &ClusterName)> {
        let found = self.found.as_ref();
        found
            .map(|(plane, name)| (plane.as_ref(), name))
            .ok_or_else(|| Error::internal(format!("The cluster {} was not looked for.", self.name)))
    }

    async fn figures(&mut self, now_s: i64) -> Result<()> {
        let (plane, cluster) = self.plane()?;
        let all = plane.series(cluster).await?;
        let stored = match &self.stored {
            Some(stored) => stored.clone(),
            None => {
                // Old spans are written where they are kept, which wants the others to be summed up before.
                self.samples.keep(now_s).await?;
                self.samples.last_of_metrics(BEGINNING).await?
            }
        };
        let mut groups: BTreeMap<(i64, i64), (Stretch, Vec<Series>)> = BTreeMap::new();
        for series in &all {
            let name = series.name();
            let known_to = self.asked_to.get(&name).or_else(|| stored.get(&name));
            for stretch in stretches(now_s) {
                let Window { from_s, to_s } = stretch.window;
                let from_s = known_to.map_or(from_s, |known| from_s.max(known - LATE_S));
                let from_s = from_s - from_s.rem_euclid(stretch.span_s);
                let window = Window { from_s, to_s };
                if window.length_s() > 0 {
                    let group = groups.entry((stretch.span_s, from_s));
                    let (_, of) = group.or_insert_with(|| (Stretch { window, ..stretch }, Vec::new()));
                    of.push(series.clone());
                }
            }
        }
        // The newest first: that is what somebody looks at.
        for (stretch, of) in groups.values() {
            let (plane, cluster) = self.plane()?;
            let values = plane.measured(cluster, of, *stretch).await?;
            let courses: Vec<Course> = of
                .iter()
                .zip(values)
                .map(|(series, values)| self.news(series.name(), values, now_s))
                .filter(|course| !course.points.is_empty())
                .collect();
            self.samples.record_courses(now_s, BEGINNING, &courses).await?;
            for course in courses {
                let written = self.written.entry(course.name).or_default();
                written.extend(course.points);
                *written = written.split_off(&(now_s - 2 * LATE_S));
            }
        }
        self.stored = Some(stored);
        for series in all {
            self.asked_to.insert(series.name(), now_s);
        }
        Ok(())
    }

    /// What is not written so far.
    fn news(&self, name: String, mut points: BTreeMap<i64, f64>, now_s: i64) -> Course {
        let written = self.written.get(&name);
        points.retain(|at_s, value| {
            let is_known = written.is_some_and(|written| written.get(at_s) == Some(value));
            value.is_finite() && *at_s < now_s && !is_known
        });
        Course { name, points }
    }

    async fn sessions(&mut self, now_s: i64) -> Result<()> {
        // What waits to be written is seen by nobody, and would be brought twice.
        if self.samples.trouble().is_some() {
            return Ok(());
        }
        let settled = now_s - SETTLED_S;
        let window = Window {
            from_s: self
                .seen_to
                .map_or(now_s - SEEN_S, |seen| (seen - LATE_S).max(now_s - SEEN_S)),
            to_s: settled - settled.rem_euclid(MINUTE),
        };
        let gaps = self.samples.unwatched(window, now_s).await?;
        for gap in gaps.iter().rev() {
            let mut to_s = gap.to_s;
            while to_s > gap.from_s {
                let part = Window {
                    from_s: gap.from_s.max(to_s - PART_S),
                    to_s,
                };
                let (plane, cluster) = self.plane()?;
                let seen = plane.seen(cluster, part).await?;
                self.samples
                    .record_elsewhere(now_s, &seen.activity, &seen.texts)
                    .await?;
                to_s = part.from_s;
            }
        }
        self.seen_to = Some(window.to_s);
        Ok(())
    }
}

/// The cluster that a host name of AWS is an endpoint of: `shop` of `shop.cluster-ro-….rds.amazonaws.com`.
pub fn cluster_of_host(host: &str) -> Option<&str> {
    let (cluster, rest) = host.split_once('.')?;
    let is_endpoint = rest.starts_with("cluster-") && !rest.starts_with("cluster-custom-");
    let is_at_aws = rest.contains(".rds.amazonaws.com");
    (is_endpoint && is_at_aws && !cluster.is_empty()).then_some(cluster)
}

fn now_s() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::cluster_of_host;

    #[test]
    fn endpoints_name_their_cluster() {
        let end = "cxyz.eu-central-1.rds.amazonaws.com";
        assert_eq!(cluster_of_host(&format!("shop.cluster-{end}")), Some("shop"));
        assert_eq!(cluster_of_host(&format!("shop.cluster-ro-{end}")), Some("shop"));
        assert_eq!(cluster_of_host(&format!("shop.cluster-{end}.cn")), Some("shop"));
        for other in [
            format!("shop-1.{end}"),
            format!("mine.cluster-custom-{end}"),
            "localhost".to_owned(),
        ] {
            assert_eq!(cluster_of_host(&other), None, "{other}");
        }
    }
}
