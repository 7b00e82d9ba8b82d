use crate::{Sequence, Step};

inventory::submit! {
    Sequence {
        symptom: "slow-queries",
        title: "Queries are slow",
        guide: "Troubleshooting Sequences: Slow Queries",
        shown_by: &[],
        steps: &[
            Step {
                title: "Is anybody blocked?",
                checks: &["blocked-sessions"],
                cause: "Queries wait for locks of other sessions.",
                weight: 95,
                next: "howdah diagnose lock-pile-ups",
                ..Step::NEW
            },
            Step {
                title: "What do the active sessions wait for?",
                checks: &["active-sessions"],
                cause: "Most of what is at work waits for the same thing.",
                weight: 60,
                next: "howdah diagnose high-cpu",
                ..Step::NEW
            },
            Step {
                title: "Does a statement run right now?",
                checks: &["long-queries"],
                cause: "A statement has been running for long.",
                weight: 80,
                next: "howdah explain with the statement",
                ..Step::NEW
            },
            Step {
                title: "Which statements take the time?",
                checks: &["top-statements"],
                cause: "A few statements take most of the time.",
                weight: 85,
                next: "howdah explain with the statement and values for its parameters",
                ..Step::NEW
            },
            Step {
                title: "Are statements counted at all?",
                checks: &["pg-stat-statements"],
                cause: "Nobody counts statements, so that it cannot be said which are slow.",
                weight: 40,
                ruled_out: |results| results.was_made("top-statements").then(|| "They are: the step before read them.".to_owned()),
                ..Step::NEW
            },
            Step {
                title: "Do scans read whole tables?",
                checks: &["sequential-scans"],
                cause: "Large tables are read from end to end: an index may be missing.",
                weight: 75,
                next: "howdah review --only foreign-key-unindexed, and howdah explain with the statements of the table",
                ..Step::NEW
            },
            Step {
                title: "Does the planner know the tables?",
                checks: &["statistics-missing", "statistics-stale"],
                cause: "The planner misjudges tables whose statistics are missing or stale.",
                weight: 70,
                ..Step::NEW
            },
            Step {
                title: "Are there indexes that cannot be used?",
                checks: &["invalid-index"],
                cause: "An index is there and cannot be used.",
                weight: 72,
                ..Step::NEW
            },
            Step {
                title: "Do scans wade through what is dead?",
                checks: &["dead-tuples", "table-bloat", "index-bloat"],
                cause: "Scans read pages full of rows that are gone.",
                weight: 55,
                next: "howdah diagnose vacuum-not-keeping-up",
                ..Step::NEW
            },
            Step {
                title: "Does the working set fit in memory?",
                checks: &["cache-hit-ratio", "temp-files", "memory-settings"],
                cause: "Queries read from the disk what does not fit in memory.",
                weight: 50,
                ..Step::NEW
            },
            Step {
                title: "Do checkpoints get in the way?",
                checks: &["checkpoints-requested"],
                cause: "Checkpoints come too often, and make every write cost twice.",
                weight: 30,
                ..Step::NEW
            },
        ],
    }
}
