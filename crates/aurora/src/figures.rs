//! The figures of a cluster and of its instances that its provider measures, by the names that
//! CloudWatch gives them.

/// Something that is measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figure {
    /// The metric of CloudWatch.
    pub name: &'static str,
    /// Whether the cluster has it, or else each of its instances.
    pub is_of_cluster: bool,
    /// Of the values of a span: `Average` or `Maximum`.
    pub statistic: &'static str,
    /// The unit that it is kept in.
    pub unit: Unit,
    /// What it is, in a few words.
    pub means: &'static str,
    /// What the provider's value is multiplied with to be in that unit.
    pub factor: f64,
}

/// The unit of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Per cent.
    Percent,
    /// Bytes.
    Bytes,
    /// Bytes in a second.
    BytesPerSecond,
    /// Milliseconds.
    Milliseconds,
    /// Aurora capacity units.
    Acu,
    /// How many.
    Count,
    /// How many in a second.
    PerSecond,
    /// How many in five minutes.
    PerFiveMinutes,
    /// Sessions, or average active sessions.
    Sessions,
}

impl Unit {
    /// As it stands behind a figure.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Percent => "%",
            Self::Bytes => "bytes",
            Self::BytesPerSecond => "bytes/s",
            Self::Milliseconds => "ms",
            Self::Acu => "ACU",
            Self::Count => "",
            Self::PerSecond => "/s",
            Self::PerFiveMinutes => "in 5 min",
            Self::Sessions => "sessions",
        }
    }
}

const fn of(name: &'static str, unit: Unit, means: &'static str) -> Figure {
    Figure {
        name,
        is_of_cluster: false,
        statistic: "Average",
        unit,
        means,
        factor: 1.0,
    }
}

/// The largest value of each span: a moment of it is what hurts.
const fn most_of(name: &'static str, unit: Unit, means: &'static str) -> Figure {
    Figure {
        statistic: "Maximum",
        ..of(name, unit, means)
    }
}

const fn of_cluster(name: &'static str, unit: Unit, means: &'static str) -> Figure {
    Figure {
        is_of_cluster: true,
        ..of(name, unit, means)
    }
}

/// CloudWatch has some latencies in seconds.
const fn from_seconds(name: &'static str, means: &'static str) -> Figure {
    Figure {
        factor: 1_000.0,
        ..of(name, Unit::Milliseconds, means)
    }
}

/// What is kept of a cluster, in the order in which it is shown.
pub const FIGURES: [Figure; 27] = [
    of("CPUUtilization", Unit::Percent, "Processors"),
    of("DBLoad", Unit::Sessions, "Average active sessions"),
    of("ServerlessDatabaseCapacity", Unit::Acu, "Capacity in use"),
    of("ACUUtilization", Unit::Percent, "Part of the largest capacity"),
    of("DatabaseConnections", Unit::Sessions, "Connections"),
    of("FreeableMemory", Unit::Bytes, "Free memory"),
    of("SwapUsage", Unit::Bytes, "Swap"),
    of("FreeLocalStorage", Unit::Bytes, "Free local storage"),
    of("BufferCacheHitRatio", Unit::Percent, "Blocks found in memory"),
    most_of("AuroraReplicaLag", Unit::Milliseconds, "Lag of a reader"),
    from_seconds("ReadLatency", "Time of a read"),
    from_seconds("WriteLatency", "Time of a write"),
    of("CommitLatency", Unit::Milliseconds, "Time of a commit"),
    of("ReadIOPS", Unit::PerSecond, "Reads"),
    of("WriteIOPS", Unit::PerSecond, "Writes"),
    of("DiskQueueDepth", Unit::Count, "Reads and writes that wait"),
    of(
        "NetworkReceiveThroughput",
        Unit::BytesPerSecond,
        "Received from clients",
    ),
    of(
        "NetworkTransmitThroughput",
        Unit::BytesPerSecond,
        "Sent to clients",
    ),
    of("Deadlocks", Unit::PerSecond, "Deadlocks"),
    most_of("MaximumUsedTransactionIDs", Unit::Count, "Transaction ids in use"),
    most_of(
        "ReplicationSlotDiskUsage",
        Unit::Bytes,
        "Kept for replication slots",
    ),
    most_of("OldestReplicationSlotLag", Unit::Bytes, "Lag of the slowest slot"),
    of_cluster("VolumeBytesUsed", Unit::Bytes, "Volume"),
    of_cluster(
        "VolumeReadIOPs",
        Unit::PerFiveMinutes,
        "Billed reads of the volume",
    ),
    of_cluster(
        "VolumeWriteIOPs",
        Unit::PerFiveMinutes,
        "Billed writes of the volume",
    ),
    Figure {
        statistic: "Maximum",
        ..of_cluster(
            "AuroraReplicaLagMaximum",
            Unit::Milliseconds,
            "Lag of the slowest reader",
        )
    },
    of_cluster("SnapshotStorageUsed", Unit::Bytes, "Snapshots"),
];

/// One figure of one thing.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// The cluster or the instance.
    pub of: String,
    /// What is measured.
    pub figure: &'static Figure,
}

/// What the names of such figures begin with among the numbers of a watched database.
pub const BEGINNING: &str = "aws.";

impl Series {
    /// Its name among the numbers of a watched database.
    pub fn name(&self) -> String {
        format!("{BEGINNING}{}.{}", self.of, self.figure.name)
    }

    /// The series of that name.
    pub fn named(name: &str) -> Option<Self> {
        let (of, metric) = name.strip_prefix(BEGINNING)?.rsplit_once('.')?;
        let figure = FIGURES.iter().find(|figure| figure.name == metric)?;
        Some(Self {
            of: of.to_owned(),
            figure,
        })
    }

    /// Where it stands among others, by what is measured.
    pub fn place(&self) -> usize {
        FIGURES
            .iter()
            .position(|figure| figure.name == self.figure.name)
            .unwrap_or(FIGURES.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_is_found_again_by_its_name() {
        for figure in &FIGURES {
            let series = Series {
                of: "shop-1".to_owned(),
                figure,
            };
            assert_eq!(Series::named(&series.name()), Some(series));
        }
        assert_eq!(Series::named("aws.shop-1.NoMetric"), None);
        assert_eq!(Series::named("sessions.max"), None);
    }
}
