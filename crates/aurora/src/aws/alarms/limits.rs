//! Which metrics of an instance are watched, and from where on they are not well: the guide's
//! list, with limits for the class or the range of ACU.

use crate::Compute;
use crate::cost::Class;
use crate::shape::connections_of_acu;

/// A metric of an instance and when it is not well.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Limit {
    /// The last part of the alarm's name.
    pub(super) code: &'static str,
    /// As CloudWatch calls it.
    pub(super) metric: &'static str,
    /// Of the values within a period: `Average`, `Maximum`.
    pub(super) statistic: &'static str,
    /// Whether it is a least, rather than a most.
    pub(super) is_least: bool,
    /// In the metric's own unit.
    pub(super) value: f64,
    /// So many periods of five minutes one after the other.
    pub(super) periods: i32,
    /// Whether an outage is near, rather than slowness.
    pub(super) urgent: bool,
    /// What it means, for whoever is told.
    pub(super) means: &'static str,
}

/// Percent of the processors. The guide's limit.
const CPU: f64 = 80.0;
/// Percent of the range of ACU. The guide names the metric without a number; at 100 there is no more to
/// scale to, and a tenth below it is left to raise the maximum.
const CAPACITY: f64 = 90.0;
/// Part of max_connections. The guide says "approaching": a fifth is left for a burst, and for whoever looks.
const CONNECTIONS: f64 = 0.8;
/// Part of the memory. The guide says "low" without a number; Aurora gives about three quarters to the buffer
/// cache, so that a tenth is what is left of the rest.
const MEMORY: f64 = 0.1;
/// Seconds. The guide says "spikes" without a number; Aurora's storage answers within some milliseconds.
const LATENCY: f64 = 0.02;
/// Percent. The guide's limit.
const HIT_RATIO: f64 = 95.0;
/// Milliseconds. Aurora's readers are within 100 ms as a rule (its manual); ten times that is what readers notice.
const LAG: f64 = 1000.0;
/// Transactions. Half of what there is before the server takes no more writes (2^31), and five times
/// `autovacuum_freeze_max_age`, from which on autovacuum should have acted.
const TRANSACTION_IDS: f64 = 1_000_000_000.0;

/// What an instance has, as far as limits go by it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Room {
    memory_bytes: f64,
    max_connections: f64,
    is_serverless: bool,
}

impl Room {
    /// Of an instance of that class or range; `set` is max_connections where somebody set it. None of a class
    /// that is not known.
    pub(super) fn of(compute: &Compute, set: Option<u32>) -> Option<Self> {
        const GIB: f64 = (1_u64 << 30) as f64;
        let (memory_bytes, by_default, is_serverless) = match compute {
            // CloudWatch reckons the free memory of a serverless instance as if it had scaled to its most.
            Compute::Serverless { min, max } => (
                max.units() * 2.0 * GIB,
                connections_of_acu(*min, *max).into(),
                true,
            ),
            Compute::Provisioned { class } => {
                let memory = class
                    .parse::<Class>()
                    .ok()?
                    .memory_gib()
                    .to_string()
                    .parse::<f64>()
                    .ok()?
                    * GIB;
                // The formula goes by the memory without the system's part, about a tenth at most.
                (memory, (memory * 0.9 / 9_531_392.0).min(5000.0), false)
            }
        };
        Some(Self {
            memory_bytes,
            max_connections: set.map_or(by_default, f64::from).floor(),
            is_serverless,
        })
    }
}

/// The limits of one instance; with readers beside the writer, how far they are behind as well.
pub(super) fn of(room: Room, has_readers: bool) -> Vec<Limit> {
    let most = |code, metric, value, means| Limit {
        code,
        metric,
        statistic: "Average",
        is_least: false,
        value,
        periods: 3,
        urgent: false,
        means,
    };
    let mut all = vec![
        match room.is_serverless {
            true => most(
                "capacity",
                "ACUUtilization",
                CAPACITY,
                "The instance is near its maximum of ACU: raise it, or find the load",
            ),
            false => most(
                "cpu",
                "CPUUtilization",
                CPU,
                "The processors are busy: find the load, or take a larger class",
            ),
        },
        Limit {
            statistic: "Maximum",
            periods: 2,
            urgent: true,
            ..most(
                "connections",
                "DatabaseConnections",
                (room.max_connections * CONNECTIONS).floor(),
                "Connections approach max_connections: pool them, or find who keeps them",
            )
        },
        Limit {
            is_least: true,
            urgent: true,
            ..most(
                "memory",
                "FreeableMemory",
                (room.memory_bytes * MEMORY).floor(),
                "Memory runs out: fewer connections, less work_mem, or more memory",
            )
        },
        most(
            "read-latency",
            "ReadLatency",
            LATENCY,
            "Reads from storage are slow: find the load",
        ),
        most(
            "write-latency",
            "WriteLatency",
            LATENCY,
            "Writes to storage are slow: find the load",
        ),
        Limit {
            is_least: true,
            periods: 6,
            ..most(
                "buffer-cache",
                "BufferCacheHitRatio",
                HIT_RATIO,
                "What is read often does not fit into memory",
            )
        },
        Limit {
            statistic: "Maximum",
            periods: 1,
            urgent: true,
            ..most(
                "transaction-ids",
                "MaximumUsedTransactionIDs",
                TRANSACTION_IDS,
                "Old rows are not frozen: find what keeps vacuum from it before writes stop",
            )
        },
    ];
    if has_readers {
        all.push(most(
            "replica-lag",
            "AuroraReplicaLag",
            LAG,
            "Readers are behind the writer",
        ));
    }
    all
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn connections(size: &str, set: Option<u32>) -> f64 {
        let room = Room::of(&size.parse().unwrap(), set).unwrap();
        let limits = of(room, true);
        limits
            .iter()
            .find(|limit| limit.code == "connections")
            .unwrap()
            .value
    }

    /// The values of max_connections are those that AWS documents; four fifths of them, or somewhat less.
    #[test]
    fn connections_stay_below_what_a_class_takes() {
        for (class, most) in [
            ("db.t4g.medium", 405.0),
            ("db.r6g.large", 1722.0),
            ("db.r6g.xlarge", 3479.0),
            ("db.r8g.4xlarge", 5000.0),
        ] {
            let limit = connections(class, None);
            assert!(limit <= most * 0.8 && limit > most * 0.7, "{class}: {limit}");
        }
        for (range, most) in [
            ("1-1", 189.0),
            ("1-4", 823.0),
            ("2-8", 1669.0),
            ("2-16", 3360.0),
            ("2-32", 5000.0),
            ("2-128", 5000.0),
            ("0.5-32", 2000.0),
            ("0-4", 823.0),
        ] {
            assert_eq!(connections(range, None), (most * 0.8_f64).floor(), "{range}");
        }
        assert_eq!(connections("1-4", Some(100)), 80.0);
    }

    #[test]
    fn memory_and_load_go_by_the_size() {
        let limits = |size: &str, readers| of(Room::of(&size.parse().unwrap(), None).unwrap(), readers);
        let value = |all: &[Limit], code: &str| all.iter().find(|one| one.code == code).map(|one| one.value);
        let large = limits("db.r8g.large", false);
        assert_eq!(value(&large, "memory"), Some(1_717_986_918.0));
        assert_eq!(value(&large, "cpu"), Some(80.0));
        assert_eq!(value(&large, "capacity"), None);
        assert_eq!(value(&large, "replica-lag"), None);
        let serverless = limits("0.5-4", true);
        assert_eq!(value(&serverless, "memory"), Some(858_993_459.0));
        assert_eq!(value(&serverless, "capacity"), Some(90.0));
        assert_eq!(value(&serverless, "cpu"), None);
        assert_eq!(value(&serverless, "replica-lag"), Some(1000.0));
    }
}
