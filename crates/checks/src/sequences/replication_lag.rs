use crate::{Sequence, Step};

inventory::submit! {
    Sequence {
        symptom: "replication-lag",
        title: "A replica is behind",
        guide: "Monitoring",
        shown_by: &["replication-lag", "aurora-replica-lag", "aurora-global-lag"],
        steps: &[
            Step {
                title: "How far is each replica behind?",
                checks: &["replication-lag", "aurora-replica-lag", "aurora-global-lag"],
                cause: "A replica is behind.",
                weight: 90,
                ..Step::NEW
            },
            Step {
                title: "Does a slot lose its reader?",
                checks: &["replication-slots"],
                cause: "Nobody reads from a slot, or too slowly.",
                weight: 85,
                ..Step::NEW
            },
            Step {
                title: "Does something on the replica hold replay up?",
                checks: &["long-queries", "long-transactions"],
                cause: "A long query holds up what is to be replayed, on a replica, or floods it, on the primary.",
                weight: 70,
                ..Step::NEW
            },
            Step {
                title: "Does the primary write in bursts?",
                checks: &["checkpoints-requested", "wal-size"],
                cause: "The primary writes more WAL than it was set up for.",
                weight: 60,
                ..Step::NEW
            },
            Step {
                title: "Does WAL get away?",
                checks: &["archiver"],
                cause: "WAL cannot be archived: a replica that restores from the archive waits.",
                weight: 50,
                ..Step::NEW
            },
        ],
    }
}
