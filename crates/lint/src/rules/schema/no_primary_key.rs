use howdah_core::Severity;
use howdah_sql::quote_ident;

use crate::schema::{ConstraintKind, Found, Index, Review, Table, TableKind};

crate::schema_rule!("schema/no-primary-key", "Schema Design: Keys");

fn check(review: &Review<'_>, found: &mut Found) {
    let without = |table: &&Table| table.kind != TableKind::Foreign && table.primary_key().is_none();
    for table in review.tables().filter(without) {
        let name = quote_ident(&review.model.free_name(table, &[&table.name.name, "pkey"]));
        let draft = found.add(
            Severity::Warning,
            format!("{} has no primary key: rows cannot be told apart, and logical replication cannot update them.", table.name),
        );
        draft.table(table).rows(table);
        let fits = |index: &&Index| {
            index.is_unique
                && index.is_valid
                && index.method == "btree"
                && index.predicate.is_none()
                && !index.keys.is_empty()
                && index
                    .keys
                    .iter()
                    .all(|&key| table.column(key).is_some_and(|column| column.is_not_null))
        };
        let unique = table.indexes.iter().find(fits);
        let id = table
            .named("id")
            .filter(|column| column.is_integer() || column.is_a(&["uuid"]));
        match (unique, id) {
            (Some(index), _) if !index.has_constraint => {
                draft.evidence(format!(
                    "{} is unique, over columns that are never null",
                    quote_ident(&index.name)
                ));
                draft.safe_fix(format!(
                    "ALTER TABLE {} ADD CONSTRAINT {name} PRIMARY KEY USING INDEX {};",
                    table.name,
                    quote_ident(&index.name)
                ));
            }
            (Some(index), _) => {
                let columns = table.column_list(&index.keys);
                let unique = table
                    .constraints
                    .iter()
                    .find(|c| c.index == index.oid && c.kind == ConstraintKind::Unique);
                if let Some(unique) = unique {
                    draft.evidence(format!(
                        "the constraint {} is as good as one",
                        quote_ident(&unique.name)
                    ));
                }
                draft.unsafe_fix(format!(
                    "ALTER TABLE {} ADD CONSTRAINT {name} PRIMARY KEY ({columns});",
                    table.name
                ));
            }
            (None, Some(id)) => {
                draft.unsafe_fix(format!(
                    "ALTER TABLE {} ADD CONSTRAINT {name} PRIMARY KEY ({});",
                    table.name,
                    quote_ident(&id.name)
                ));
            }
            (None, None) => {
                draft.unsafe_fix(format!(
                    "ALTER TABLE {} ADD COLUMN {} bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY;",
                    table.name,
                    if table.named("id").is_some() {
                        "row_id"
                    } else {
                        "id"
                    }
                ));
            }
        }
    }
}
