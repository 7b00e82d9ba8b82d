use howdah_core::{Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Decimal, Size};

/// A cluster and what was measured of it. Only region and size have to be given: what a rule
/// needs beyond them, it says.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Description {
    /// The region: `us-east-1`.
    pub region: String,
    /// What its instances are: `db.r6g.large`, or a range of ACU: `0.5-16`.
    pub size: String,
    /// Writer and readers together.
    #[serde(default = "one")]
    pub instances: u32,
    /// Whether its storage is I/O-Optimized.
    #[serde(default)]
    pub io_optimized: bool,
    /// Days since it was last switched to I/O-Optimized; absent if never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days_since_io_optimized: Option<u32>,
    /// The version of Aurora PostgreSQL: `16.4`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// What keeps it from pausing: `rds-proxy`, `logical-replication`, `global-database`, `zero-etl`, `babelfish`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept_awake_by: Vec<String>,
    /// GiB of its volume.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage_gib: Option<Decimal>,
    /// Requests of I/O in a month, reads and writes together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub io_requests: Option<Decimal>,
    /// GiB of all its backups, what is free included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup_gib: Option<Decimal>,
    /// GiB of indexes and tables that nobody uses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unused_gib: Option<Decimal>,
    /// The hours that the measured figures are of; 0 is none.
    #[serde(default)]
    pub metrics_hours: u32,
    /// Processor use, the mean, in per cent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_avg: Option<Decimal>,
    /// The 95th percentile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_p95: Option<Decimal>,
    /// The most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_max: Option<Decimal>,
    /// GiB that must stay in memory for the load to be served as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub working_set_gib: Option<Decimal>,
    /// ACU of an instance, the mean over all hours, paused ones included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acu_avg: Option<Decimal>,
    /// The most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acu_max: Option<Decimal>,
    /// What is never fallen below: the steady part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acu_steady: Option<Decimal>,
    /// Hours of a month in which nobody is connected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_hours: Option<Decimal>,
}

fn one() -> u32 {
    1
}

/// A cluster has a writer and up to 15 readers.
const MOST_INSTANCES: u32 = 16;

/// What Aurora Serverless v2 does not pause beside.
const KEEPS_AWAKE: [&str; 5] = [
    "rds-proxy",
    "logical-replication",
    "global-database",
    "zero-etl",
    "babelfish",
];

impl Description {
    /// Whether its figures can be those of a cluster.
    pub fn check(&self) -> Result<()> {
        let bad = |what: String, hint: &str| Err(Error::invalid(what).hint(hint));
        if self.instances == 0 || self.instances > MOST_INSTANCES {
            return bad(
                format!(
                    "A cluster has 1 to {MOST_INSTANCES} instances, not {}.",
                    self.instances
                ),
                "Count the writer and its readers.",
            );
        }
        let hundred = Decimal::new(100, 0);
        for (name, percent) in [
            ("cpu_avg", &self.cpu_avg),
            ("cpu_p95", &self.cpu_p95),
            ("cpu_max", &self.cpu_max),
        ] {
            if percent.as_ref().is_some_and(|percent| *percent > hundred) {
                return bad(
                    format!("{name} is above 100 per cent."),
                    "It is a share of all processors.",
                );
            }
        }
        let month = Decimal::from(super::MONTH_HOURS);
        if self.idle_hours.as_ref().is_some_and(|idle| *idle > month) {
            return bad("idle_hours is above 730.".into(), "It is of one month.");
        }
        let rising = |lower: &Option<Decimal>, upper: &Option<Decimal>| match (lower, upper) {
            (Some(lower), Some(upper)) => lower <= upper,
            _ => true,
        };
        for (names, lower, upper) in [
            ("cpu_avg is above cpu_max", &self.cpu_avg, &self.cpu_max),
            ("cpu_p95 is above cpu_max", &self.cpu_p95, &self.cpu_max),
            ("acu_steady is above acu_avg", &self.acu_steady, &self.acu_avg),
            ("acu_avg is above acu_max", &self.acu_avg, &self.acu_max),
            (
                "unused_gib is above storage_gib",
                &self.unused_gib,
                &self.storage_gib,
            ),
        ] {
            if !rising(lower, upper) {
                return bad(format!("{names}."), "Look at both figures again.");
            }
        }
        match self.size.parse::<Size>()? {
            Size::Serverless { max, .. } if !rising(&self.acu_max, &Some(max.clone())) => {
                return bad(
                    format!("acu_max is above what {} allows.", self.size),
                    "Give the range as it was when it was measured.",
                );
            }
            Size::Provisioned(_)
                if [&self.acu_avg, &self.acu_max, &self.acu_steady]
                    .iter()
                    .any(|acu| acu.is_some()) =>
            {
                return bad(
                    format!("{} has no ACU, and figures of them were given.", self.size),
                    "Give a range of ACU as the size (0.5-16), or leave them out.",
                );
            }
            _ => {}
        }
        match self
            .kept_awake_by
            .iter()
            .find(|one| !KEEPS_AWAKE.contains(&one.as_str()))
        {
            Some(other) => bad(
                format!("{other:?} is not known to keep a cluster from pausing."),
                &format!("There are: {}.", KEEPS_AWAKE.join(", ")),
            ),
            None => Ok(()),
        }
    }
}
