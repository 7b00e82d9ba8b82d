use howdah_core::{Severity, human_bytes};

use crate::schema::{Found, Review, TableKind, grouped};

crate::schema_rule!("schema/never-read", "Operational Triggers: Storage Growth");

fn check(review: &Review<'_>, found: &mut Found) {
    let days = review.model.counted_days();
    if !review.model.context.is_populated || days < f64::from(review.options.never_read_days) {
        return;
    }
    for table in review
        .tables()
        .filter(|table| table.kind != TableKind::Foreign && table.has_rows(1))
    {
        let activity = table.activity;
        if activity.seq_scans + activity.index_scans > 0 {
            continue;
        }
        found
            .add(
                Severity::Note,
                format!(
                    "Nothing has read {} on this server in the {days:.0} days that the counters count.",
                    table.name
                ),
            )
            .table(table)
            .evidence(format!(
                "{}, {}",
                table.rows_text(),
                human_bytes(table.heap_bytes)
            ))
            .evidence(format!("{} rows inserted meanwhile", grouped(activity.inserted)))
            .evidence("replicas count their own reads: look there too".to_owned())
            .shown_fix(format!(
                "ALTER TABLE {0} RENAME TO {1}; -- and drop it when nothing missed it",
                table.name,
                howdah_sql::quote_ident(&review.model.free_name(table, &[&table.name.name, "unused"]))
            ));
    }
}
