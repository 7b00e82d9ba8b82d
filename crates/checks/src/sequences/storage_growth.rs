use crate::{Sequence, Step};

inventory::submit! {
    Sequence {
        symptom: "storage-growth",
        title: "Storage grows",
        guide: "Troubleshooting Sequences: Storage Growth",
        shown_by: &[],
        steps: &[
            Step {
                title: "Does WAL pile up?",
                checks: &["wal-size"],
                cause: "WAL piles up.",
                weight: 70,
                ..Step::NEW
            },
            Step {
                title: "Does a slot retain WAL?",
                checks: &["replication-slots"],
                cause: "A replication slot keeps WAL that nobody takes.",
                weight: 95,
                ..Step::NEW
            },
            Step {
                title: "Does archiving fail?",
                checks: &["archiver"],
                cause: "WAL cannot be archived, and stays.",
                weight: 94,
                ..Step::NEW
            },
            Step {
                title: "What takes the room?",
                checks: &["largest-relations"],
                cause: "A few relations take most of the room.",
                weight: 60,
                ..Step::NEW
            },
            Step {
                title: "Is anything held that could be reused?",
                checks: &["vacuum-horizon"],
                cause: "VACUUM cannot make room, since something might still see what is dead.",
                weight: 90,
                ..Step::NEW
            },
            Step {
                title: "Do tables and indexes hold air?",
                checks: &["table-bloat", "index-bloat"],
                cause: "Tables and indexes hold pages without rows.",
                weight: 80,
                ..Step::NEW
            },
            Step {
                title: "Does VACUUM keep up?",
                checks: &["dead-tuples", "autovacuum-disabled", "vacuum-settings"],
                cause: "Dead tuples are not taken away in time, and tables grow instead.",
                weight: 75,
                next: "howdah diagnose vacuum-not-keeping-up",
                ..Step::NEW
            },
            Step {
                title: "Are there indexes that nobody uses?",
                checks: &["unused-indexes"],
                cause: "Indexes that no query uses take room.",
                weight: 50,
                ..Step::NEW
            },
            Step {
                title: "Do queries fill the disk for a while?",
                checks: &["temp-files"],
                cause: "Sorts and hashes spill to temporary files.",
                weight: 40,
                ..Step::NEW
            },
        ],
    }
}
