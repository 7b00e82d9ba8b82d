use howdah_core::Severity;
use howdah_sql::quote_ident;

use crate::schema::{Column, Constraint, Dependency, Found, Review, Table, grouped, words};

crate::schema_rule!("schema/functional-dependency", "Schema Design: Design Rules");

/// Values of the dependent column from which on agreement is no matter of a few labels.
const MANY_VALUES: usize = 10;

fn check(review: &Review<'_>, found: &mut Found) {
    for table in review.tables() {
        let Some(dependencies) = review.observed.dependencies.get(&table.oid) else {
            continue;
        };
        for dependency in dependencies {
            let columns = table
                .column(dependency.determinant)
                .zip(table.column(dependency.dependent));
            if let Some((determinant, dependent)) = columns {
                report(review, table, dependency, determinant, dependent, found);
            }
        }
    }
}

fn report(
    review: &Review<'_>,
    table: &Table,
    dependency: &Dependency,
    determinant: &Column,
    dependent: &Column,
    found: &mut Found,
) {
    let shares_key = |key: &Constraint| {
        key.columns.contains(&determinant.number) && key.columns.contains(&dependent.number)
    };
    // A composite foreign key says itself that the one goes with the other.
    if table.foreign_keys().any(shares_key) {
        return;
    }
    let key = table
        .foreign_keys_of(determinant.number)
        .find(|key| key.columns.len() == 1);
    let home = key
        .and_then(|key| key.references)
        .and_then(|oid| review.model.table(oid));
    let subject = words::words(&determinant.name)
        .into_iter()
        .next()
        .unwrap_or_default();
    let is_named_so = words::words(&dependent.name).first() == Some(&subject)
        || home.is_some_and(|home| home.named(&dependent.name).is_some());
    let is_reference = table.foreign_keys_of(dependent.number).next().is_some()
        || words::words(&dependent.name)
            .last()
            .is_some_and(|last| last == "id");
    let is_descriptive = dependent.is_text()
        && dependency.dependent_values >= MANY_VALUES
        && dependency.dependent_values * 10 >= dependency.determinant_values;
    let severity = if (is_named_so || is_descriptive) && !is_reference {
        Severity::Warning
    } else {
        Severity::Note
    };
    let (x, y) = (quote_ident(&determinant.name), quote_ident(&dependent.name));
    let draft = found.add(
        severity,
        format!(
            "{}.{y} is a fact about {x}, not about the row: each {x} always comes with the same {y}, so that it is stored again with every row and can come to contradict itself.",
            table.name
        ),
    );
    draft.column(table, dependent);
    draft.evidence(format!(
        "{} different {x}, {} different {y}",
        grouped(dependency.determinant_values as u64),
        grouped(dependency.dependent_values as u64)
    ));
    draft.evidence(if dependency.is_exact {
        "no exception in the whole table".to_owned()
    } else {
        format!(
            "no exception in a sample of {} rows, in which values came again {} times (--confirm reads all)",
            grouped(dependency.rows as u64),
            grouped(dependency.support as u64)
        )
    });
    draft.shown_fix(match home {
        Some(home) if home.named(&dependent.name).is_some() => format!(
            "-- {} has {y} already; where it says the same:\nALTER TABLE {} DROP COLUMN {y};",
            home.name, table.name
        ),
        Some(home) => format!(
            "ALTER TABLE {0} ADD COLUMN {y} {1};\nUPDATE {0} SET {y} = s.{y} FROM (SELECT DISTINCT {x}, {y} FROM {2}) AS s WHERE s.{x} = {0}.{3};\nALTER TABLE {2} DROP COLUMN {y};",
            home.name,
            dependent.type_name,
            table.name,
            key.map_or_else(|| "id".to_owned(), |key| home.column_list(&key.referenced_columns))
        ),
        None => format!(
            "CREATE TABLE {0} ({x} {1} PRIMARY KEY, {y} {2});\nINSERT INTO {0} SELECT DISTINCT {x}, {y} FROM {3} WHERE {x} IS NOT NULL;\nALTER TABLE {3} DROP COLUMN {y};",
            quote_ident(&format!("{}_{}", table.name.name, determinant.name)),
            determinant.type_name,
            dependent.type_name,
            table.name
        ),
    });
}
