use howdah_core::{Severity, human_bytes};

use crate::schema::{Found, Review, TableKind, beside};

crate::schema_rule!(
    "schema/invalid-index",
    "Safe Schema Changes: Concurrent Index Creation"
);

fn check(review: &Review<'_>, found: &mut Found) {
    for table in &review.model.tables {
        for index in table
            .indexes
            .iter()
            .filter(|index| !index.is_valid && !index.is_in_progress)
        {
            let name = beside(table, &index.name);
            if table.kind == TableKind::Partitioned {
                found
                    .add(
                        Severity::Warning,
                        format!("{name} is not valid: not every partition of {} has an index attached to it.", table.name),
                    )
                    .beside(table, &index.name)
                    .shown_fix(format!("-- on each partition that lacks one: CREATE INDEX CONCURRENTLY, then\nALTER INDEX {name} ATTACH PARTITION …;"));
                continue;
            }
            let is_leftover = index.name.contains("_ccnew") || index.name.contains("_ccold");
            let kept = if index.is_ready {
                "writes maintain it all the same"
            } else {
                "nothing maintains it"
            };
            let draft = found.add(
                Severity::Warning,
                format!(
                    "{name} is not valid: a build of it failed or was stopped. No query uses it, and {kept}."
                ),
            );
            draft
                .beside(table, &index.name)
                .evidence(human_bytes(index.bytes));
            if index.is_unique {
                draft.evidence(
                    "it is to be unique: duplicates may have got in, and keep it from being built".to_owned(),
                );
            }
            draft.safe_fix(if is_leftover {
                format!("DROP INDEX CONCURRENTLY {name};")
            } else {
                format!("REINDEX INDEX CONCURRENTLY {name};")
            });
        }
    }
}
