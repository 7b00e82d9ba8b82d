use crate::{Sequence, Step};

inventory::submit! {
    Sequence {
        symptom: "connection-failures",
        title: "Clients cannot connect",
        guide: "Troubleshooting Sequences: Connection Failures",
        shown_by: &[],
        steps: &[
            Step {
                title: "How near is the limit?",
                checks: &["connections"],
                cause: "The server has next to no connections left.",
                weight: 95,
                ..Step::NEW
            },
            Step {
                title: "Who holds the connections?",
                checks: &["pool-state"],
                cause: "Pools hold more connections than they use.",
                weight: 80,
                ..Step::NEW
            },
            Step {
                title: "Do sessions hang in transactions?",
                checks: &["idle-in-transaction", "long-transactions"],
                cause: "Sessions keep their connections in transactions that do nothing.",
                weight: 70,
                ..Step::NEW
            },
            Step {
                title: "Do sessions pile up behind a lock?",
                checks: &["blocked-sessions"],
                cause: "Sessions pile up behind a lock, and take the connections.",
                weight: 85,
                next: "howdah diagnose lock-pile-ups",
                ..Step::NEW
            },
            Step {
                title: "Is anything bounded?",
                checks: &["timeout-settings"],
                cause: "Nothing ends a session that hangs.",
                weight: 30,
                ..Step::NEW
            },
        ],
    }
}
