use crate::{Sequence, Step};

inventory::submit! {
    Sequence {
        symptom: "schema-migrations",
        title: "A schema change hangs, or is to be made",
        guide: "Troubleshooting Sequences: Schema Migrations",
        shown_by: &[],
        steps: &[
            Step {
                title: "Does a schema change wait or run?",
                checks: &["schema-changes-waiting"],
                cause: "A schema change waits for its lock, and holds up everyone behind it.",
                weight: 95,
                ..Step::NEW
            },
            Step {
                title: "Is anybody blocked?",
                checks: &["blocked-sessions"],
                cause: "Sessions wait for the lock of a schema change, or it for theirs.",
                weight: 94,
                next: "howdah diagnose lock-pile-ups",
                ..Step::NEW
            },
            Step {
                title: "Would a schema change have to wait?",
                checks: &["long-transactions", "idle-in-transaction", "prepared-transactions"],
                cause: "Transactions are open that a schema change would wait for.",
                weight: 80,
                ..Step::NEW
            },
            Step {
                title: "Would it give up by itself?",
                checks: &["lock-timeout"],
                cause: "Nothing bounds how long a schema change waits, and everyone behind it.",
                weight: 60,
                next: "SET lock_timeout = '5s' in the migration, or howdah change run, which does",
                ..Step::NEW
            },
            Step {
                title: "Did an earlier change leave debris?",
                checks: &["invalid-index", "constraint-not-validated", "trigger-disabled"],
                cause: "An earlier change was not finished.",
                weight: 70,
                ..Step::NEW
            },
            Step {
                title: "Are there tables that take long to rewrite?",
                checks: &["largest-relations"],
                cause: "Tables are so large that a rewrite blocks them for long.",
                weight: 40,
                next: "howdah lint FILE before it runs, and howdah change plan for a way around the rewrite",
                ..Step::NEW
            },
            Step {
                title: "Would standbys fall behind?",
                checks: &["replication-lag", "aurora-replica-lag"],
                cause: "Standbys lag already; a rewrite sends the whole table to them.",
                weight: 50,
                ..Step::NEW
            },
        ],
    }
}
