use howdah_core::Severity;

use crate::schema::{Found, Review, grouped};

crate::schema_rule!("schema/access-pattern", "Schema Design: Modeling Process");

/// Row writes and scans from which on a pattern is one.
const MIN_USES: u64 = 100_000;

fn check(review: &Review<'_>, found: &mut Found) {
    for table in review.tables() {
        let activity = table.activity;
        let reads = activity.seq_scans + activity.index_scans;
        let writes = activity.inserted + activity.updated + activity.deleted;
        if reads + writes < MIN_USES {
            continue;
        }
        let pattern = if writes > reads * 10 {
            if activity.inserted * 10 > writes * 9 {
                "is written to far more than it is read, nearly all of it inserts: few indexes, BRIN on its time, partitions by time"
            } else {
                "is written to far more than it is read: few indexes, a fillfactor that leaves room for heap-only updates, autovacuum that comes often"
            }
        } else if reads > writes * 10 {
            "is read far more than it is written to: indexes cost little here, covering ones too"
        } else {
            "is read and written to alike: each index should earn its writes"
        };
        found
            .add(Severity::Note, format!("{} {pattern}.", table.name))
            .table(table)
            .evidence(format!(
                "{} scans; {} rows inserted, {} updated, {} deleted in {:.1} days",
                grouped(reads),
                grouped(activity.inserted),
                grouped(activity.updated),
                grouped(activity.deleted),
                review.model.counted_days()
            ));
    }
}
