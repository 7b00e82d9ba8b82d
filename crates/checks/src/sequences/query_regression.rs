use crate::{Sequence, Step};

inventory::submit! {
    Sequence {
        symptom: "query-regression",
        title: "A query that was fast is slow",
        guide: "Operational Triggers: Query Regression",
        shown_by: &[],
        steps: &[
            Step {
                title: "Does it wait rather than work?",
                checks: &["blocked-sessions"],
                cause: "Queries wait for locks of other sessions.",
                weight: 85,
                next: "howdah diagnose lock-pile-ups",
                ..Step::NEW
            },
            Step {
                title: "Which statements are slow at times?",
                checks: &["unsteady-statements"],
                cause: "A statement is far slower at times than it is on average.",
                weight: 80,
                ..Step::NEW
            },
            Step {
                title: "Does the planner still know the tables?",
                checks: &["statistics-stale", "statistics-missing"],
                cause: "The planner counts on statistics that are no longer true, and chooses another plan.",
                weight: 95,
                ..Step::NEW
            },
            Step {
                title: "Has an index become useless?",
                checks: &["invalid-index", "collation-version"],
                cause: "An index that the query used can no longer be used, or not be trusted.",
                weight: 90,
                ..Step::NEW
            },
            Step {
                title: "Do scans wade through what is dead?",
                checks: &["dead-tuples", "vacuum-horizon", "table-bloat", "index-bloat"],
                cause: "The same plan reads more pages than it did, full of rows that are gone.",
                weight: 70,
                next: "howdah diagnose vacuum-not-keeping-up",
                ..Step::NEW
            },
            Step {
                title: "Do scans read whole tables?",
                checks: &["sequential-scans"],
                cause: "Large tables are read from end to end.",
                weight: 65,
                next: "howdah explain with the statement",
                ..Step::NEW
            },
            Step {
                title: "Does the working set still fit in memory?",
                checks: &["cache-hit-ratio", "temp-files"],
                cause: "What was read from memory is now read from the disk.",
                weight: 50,
                ..Step::NEW
            },
        ],
    }
}
