use howdah_core::Severity;
use howdah_sql::quote_ident;

use crate::schema::{Found, Review, grouped, reference};

crate::schema_rule!("schema/foreign-key-undeclared", "Schema Design: Keys");

fn check(review: &Review<'_>, found: &mut Found) {
    for candidate in reference::candidates(review.model) {
        let (table, column) = (candidate.table, candidate.column);
        let (referenced, key) = (candidate.referenced, candidate.key);
        let name = quote_ident(&column.name);
        let data = review.observed.references.get(&(table.oid, column.number));
        // Where hardly a value is found there, the name means something else.
        if data.is_some_and(|data| data.missing * 2 > data.looked_up) {
            continue;
        }
        let constraint = quote_ident(
            &review
                .model
                .free_name(table, &[&table.name.name, &column.name, "fkey"]),
        );
        let draft = found.add(
            Severity::Warning,
            format!(
                "{}.{name} looks like a reference to {} ({}), and no foreign key says so.",
                table.name,
                referenced.name,
                quote_ident(&key.name)
            ),
        );
        draft.column(table, column).evidence(format!(
            "the name, and the types {} and {}",
            column.type_name, key.type_name
        ));
        match data {
            Some(data) if data.missing > 0 => {
                draft.evidence(format!(
                    "of {} values that were looked up {} are not there: orphans",
                    grouped(data.looked_up),
                    grouped(data.missing)
                ));
            }
            Some(data) => {
                draft.evidence(format!(
                    "all {} values that were looked up are there",
                    grouped(data.looked_up)
                ));
            }
            None => {}
        }
        draft.unsafe_fix(format!(
            "ALTER TABLE {0} ADD CONSTRAINT {constraint} FOREIGN KEY ({name}) REFERENCES {1} ({2}) ON DELETE RESTRICT NOT VALID;\n\
             ALTER TABLE {0} VALIDATE CONSTRAINT {constraint};",
            table.name,
            referenced.name,
            quote_ident(&key.name)
        ));
    }
}
