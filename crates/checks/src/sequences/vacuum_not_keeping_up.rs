use crate::{Sequence, Step};

inventory::submit! {
    Sequence {
        symptom: "vacuum-not-keeping-up",
        title: "VACUUM does not keep up",
        guide: "Autovacuum Monitoring",
        shown_by: &["autovacuum-overdue", "dead-tuples", "large-table-vacuum", "transaction-id-wraparound", "multixact-wraparound"],
        steps: &[
            Step {
                title: "Is autovacuum on, and may it work?",
                checks: &["vacuum-settings"],
                cause: "Autovacuum is off, or slowed down too much.",
                weight: 85,
                ..Step::NEW
            },
            Step {
                title: "Does something hold it back?",
                checks: &["vacuum-horizon"],
                cause: "VACUUM may not take away what something might still see.",
                weight: 94,
                ..Step::NEW
            },
            Step {
                title: "Is it switched off for a table?",
                checks: &["autovacuum-disabled"],
                cause: "Autovacuum is switched off for tables.",
                weight: 80,
                ..Step::NEW
            },
            Step {
                title: "Is a worker left?",
                checks: &["vacuum-workers"],
                cause: "Autovacuum is busy elsewhere.",
                weight: 75,
                ..Step::NEW
            },
            Step {
                title: "Which tables should it have come to?",
                checks: &["autovacuum-overdue", "dead-tuples"],
                cause: "Tables hold dead tuples that it should have taken away.",
                weight: 70,
                ..Step::NEW
            },
            Step {
                title: "Do large tables wait for too much?",
                checks: &["large-table-vacuum"],
                cause: "Large tables are vacuumed by the share that suits small ones.",
                weight: 60,
                ..Step::NEW
            },
            Step {
                title: "How far is wraparound?",
                checks: &["transaction-id-wraparound", "multixact-wraparound"],
                cause: "Ids are running out.",
                weight: 90,
                ..Step::NEW
            },
            Step {
                title: "What has become of it?",
                checks: &["table-bloat", "index-bloat"],
                cause: "Tables and indexes have grown in the meantime.",
                weight: 50,
                ..Step::NEW
            },
        ],
    }
}
