use crate::{Sequence, Step};

inventory::submit! {
    Sequence {
        symptom: "high-cpu",
        title: "The CPU is busy",
        guide: "Operational Triggers: Performance Issues",
        shown_by: &[],
        steps: &[
            Step {
                title: "Do the active sessions compute?",
                checks: &["active-sessions"],
                cause: "Many sessions are at work at once.",
                weight: 70,
                ..Step::NEW
            },
            Step {
                title: "Does a statement run right now?",
                checks: &["long-queries"],
                cause: "A statement has been computing for long.",
                weight: 85,
                ruled_out: |results| {
                    let (active, waits) = (results.figure("active-sessions", "active")?, results.figure("active-sessions", "Lock")?);
                    (active > 0.0 && waits >= active)
                        .then(|| "Every active session waits for a lock: none of them computes.".to_owned())
                },
                ..Step::NEW
            },
            Step {
                title: "Which statements take the time?",
                checks: &["top-statements"],
                cause: "A few statements take most of the time.",
                weight: 90,
                next: "howdah explain with the statement and values for its parameters",
                ..Step::NEW
            },
            Step {
                title: "Do scans read whole tables from memory?",
                checks: &["sequential-scans"],
                cause: "Large tables are read from end to end, again and again.",
                weight: 80,
                next: "howdah explain with the statements of the table",
                ..Step::NEW
            },
            Step {
                title: "Does the planner know the tables?",
                checks: &["statistics-missing", "statistics-stale"],
                cause: "The planner misjudges tables, and chooses plans that compute too much.",
                weight: 65,
                ..Step::NEW
            },
            Step {
                title: "Are there too many sessions?",
                checks: &["connections", "pool-state"],
                cause: "So many sessions are open that they get in each other's way.",
                weight: 55,
                ..Step::NEW
            },
            Step {
                title: "Does VACUUM work hard?",
                checks: &["vacuum-workers"],
                cause: "Autovacuum is at work on everything it may.",
                weight: 40,
                ..Step::NEW
            },
        ],
    }
}
