use crate::{Sequence, Step};

inventory::submit! {
    Sequence {
        symptom: "lock-pile-ups",
        title: "Sessions pile up behind a lock",
        guide: "Query Development: Write Operations",
        shown_by: &["blocked-sessions"],
        steps: &[
            Step {
                title: "Who blocks whom?",
                checks: &["blocked-sessions"],
                cause: "One session blocks the others.",
                weight: 95,
                ..Step::NEW
            },
            Step {
                title: "Does a schema change wait at the head?",
                checks: &["schema-changes-waiting"],
                cause: "A schema change waits for its lock, and everyone behind it.",
                weight: 90,
                ruled_out: |results| {
                    (results.figure("blocked-sessions", "waiting")? == 0.0).then(|| "No session waits for a lock.".to_owned())
                },
                ..Step::NEW
            },
            Step {
                title: "Do sessions hang in transactions?",
                checks: &["idle-in-transaction"],
                cause: "Sessions keep their locks in transactions that do nothing.",
                weight: 85,
                ..Step::NEW
            },
            Step {
                title: "Are transactions open for long?",
                checks: &["long-transactions"],
                cause: "Transactions keep their locks for long.",
                weight: 75,
                ..Step::NEW
            },
            Step {
                title: "Was a prepared transaction forgotten?",
                checks: &["prepared-transactions"],
                cause: "A prepared transaction keeps its locks.",
                weight: 80,
                ..Step::NEW
            },
            Step {
                title: "Do transactions block each other in circles?",
                checks: &["deadlocks"],
                cause: "Transactions lock the same rows in different orders.",
                weight: 60,
                ..Step::NEW
            },
            Step {
                title: "Is anything bounded?",
                checks: &["timeout-settings", "lock-timeout"],
                cause: "Nothing ends a wait or a session that hangs.",
                weight: 40,
                ..Step::NEW
            },
        ],
    }
}
