use howdah_core::{Severity, human_bytes};

use crate::schema::{Found, Review, grouped};

crate::schema_rule!("schema/many-indexes", "Index Strategy: Never Index");

fn check(review: &Review<'_>, found: &mut Found) {
    for table in review
        .tables()
        .filter(|table| table.indexes.len() > review.options.many_indexes)
    {
        let bytes: u64 = table.indexes.iter().map(|index| index.bytes).sum();
        let unused = table
            .indexes
            .iter()
            .filter(|index| index.scans == 0 && !index.is_unique)
            .count();
        found
            .add(
                Severity::Note,
                format!("{} has {} indexes: an insert writes to each, and so does an update that is not heap-only.", table.name, table.indexes.len()),
            )
            .table(table)
            .evidence(format!("{} of indexes, {} of rows", human_bytes(bytes), human_bytes(table.heap_bytes)))
            .evidence(format!(
                "{} rows inserted and {} updated in {:.1} days; {unused} indexes were not scanned here meanwhile",
                grouped(table.activity.inserted),
                grouped(table.activity.updated),
                review.model.counted_days()
            ));
    }
}
