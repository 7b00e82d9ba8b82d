use std::collections::HashMap;

use howdah_pg::catalog::{Query, Reading};
use howdah_pg::{Connection, PgError, Row, Rows};
use howdah_sql::RelationName;

use super::model::{
    Activity, Column, Constraint, ConstraintKind, Context, DefinerFunction, Index, SchemaModel, Sequence,
    Table, TableKind,
};
use super::review::{Skipped, beside};
use super::statistics::ColumnStatistics;

macro_rules! of_chosen {
    ($file:literal) => {
        concat!(
            include_str!("../../queries/schema/chosen.sql"),
            include_str!(concat!("../../queries/schema/", $file))
        )
    };
}

const CONTEXT: &str = include_str!("../../queries/schema/context.sql");
const TABLES: &str = of_chosen!("tables.sql");
const COLUMNS: &str = of_chosen!("columns.sql");
const CONSTRAINTS: &str = of_chosen!("constraints.sql");
const INDEXES: &str = of_chosen!("indexes.sql");
const STATISTICS: &str = of_chosen!("statistics.sql");
const TRIGGERS: &str = of_chosen!("triggers.sql");
const SEQUENCES: &str = of_chosen!("sequences.sql");
const OTHERS: &str = include_str!("../../queries/schema/others.sql");
const SEQUENCE_VALUES: &str = include_str!("../../queries/schema/sequence_values.sql");

/// Sequences that are asked for their last value at once: each is locked until then,
/// and the server's table of locks holds some thousands.
const SEQUENCES_AT_ONCE: usize = 1000;

/// Reads the model in two round trips, and one more for each thousand sequences.
///
/// `schemas` narrows it down. An ordinary role sees all but the statistics and
/// sequences that it may not read: `skipped` says which.
pub(super) async fn read_schema(
    connection: &mut Connection,
    schemas: &[String],
    skipped: &mut Vec<Skipped>,
) -> Result<SchemaModel, PgError> {
    let schemas = (!schemas.is_empty()).then(|| text_array(schemas));
    let params = [schemas.as_deref()];
    // Columns are most of it, and are made smaller before the next is read.
    let first = [
        Query::new(CONTEXT, &[]),
        Query::new(TABLES, &params),
        Query::new(COLUMNS, &params),
    ];
    let mut model = SchemaModel::default();
    let read = Reading::of(connection).all(&first).await?;
    model.context = context(&read[0]);
    model.tables = read[1].iter().map(table).collect();
    let indexed = model.tables.iter().enumerate();
    model.by_oid = indexed.map(|(index, table)| (table.oid, index)).collect();
    for row in read[2].iter() {
        with_table(&mut model, row, |table, row| table.columns.push(column(row)));
    }
    drop(read);
    let second =
        [CONSTRAINTS, INDEXES, STATISTICS, TRIGGERS, SEQUENCES, OTHERS].map(|sql| Query::new(sql, &params));
    let read = Reading::of(connection).all(&second).await?;
    for row in read[0].iter() {
        with_table(&mut model, row, |table, row| {
            table.constraints.extend(constraint(row))
        });
    }
    let block_bytes = model.context.block_bytes;
    for row in read[1].iter() {
        with_table(&mut model, row, |table, row| {
            table.indexes.push(index(row, block_bytes))
        });
    }
    for row in read[2].iter() {
        with_table(&mut model, row, statistics);
    }
    for row in read[3].iter() {
        with_table(&mut model, row, |table, row| {
            table.disabled_triggers.push(text(row, 1))
        });
    }
    model.sequences = read[4].iter().map(sequence).collect();
    others(&mut model, &read[5]);
    drop(read);
    sequence_values(connection, &mut model, skipped).await?;
    complete(&mut model);
    unreadable(&model, skipped);
    Ok(model)
}

fn with_table(model: &mut SchemaModel, row: Row<'_>, add: impl FnOnce(&mut Table, Row<'_>)) {
    let found = row.parse(0).and_then(|oid: u32| model.by_oid.get(&oid));
    // A table that was made between the two round trips is not looked at.
    if let Some(&index) = found {
        add(&mut model.tables[index], row);
    }
}

fn context(rows: &Rows) -> Context {
    let Some(row) = rows.first() else {
        return Context::default();
    };
    Context {
        database: text(row, 0),
        version_num: row.parse(1).unwrap_or(0),
        role: text(row, 2),
        now_s: row.parse(3).unwrap_or(0),
        counted_for_s: row.parse(4).unwrap_or(0),
        block_bytes: row.parse(5).unwrap_or(8192),
        is_standby: row.is_true(6),
        is_populated: true,
    }
}

fn table(row: Row<'_>) -> Table {
    let (tuples, pages): (i64, u64) = (row.parse(5).unwrap_or(-1), row.parse(6).unwrap_or(0));
    let live: u64 = row.parse(18).unwrap_or(0);
    // Before 14 a table that was never analysed says 0.
    let is_counted = tuples > 0 || (tuples == 0 && pages > 0);
    let analyzed_age_s = row.parse(19);
    let rows = match (is_counted, live) {
        (true, _) => u64::try_from(tuples).ok(),
        (false, 0) => analyzed_age_s.map(|_: i64| 0),
        (false, live) => Some(live),
    };
    let count = |column: usize| row.parse(column).unwrap_or(0);
    Table {
        oid: row.parse(0).unwrap_or(0),
        name: RelationName::in_schema(text(row, 1), text(row, 2)),
        kind: match row.get(3) {
            Some("p") => TableKind::Partitioned,
            Some("f") => TableKind::Foreign,
            _ => TableKind::Ordinary,
        },
        is_partition: row.is_true(4),
        parents: numbers(row.get(13)),
        rows,
        heap_bytes: pages,
        is_unlogged: row.get(7) == Some("u"),
        has_row_security: row.is_true(8),
        policies: row.parse(12).unwrap_or(0),
        owner: text(row, 9),
        has_comment: row.is_true(10),
        is_readable: row.is_true(11),
        public_privileges: row.get(20).map(str::to_owned),
        activity: Activity {
            seq_scans: count(14),
            index_scans: 0,
            inserted: count(15),
            updated: count(16),
            deleted: count(17),
        },
        analyzed_age_s,
        columns: Vec::new(),
        constraints: Vec::new(),
        indexes: Vec::new(),
        disabled_triggers: Vec::new(),
    }
}

fn column(row: Row<'_>) -> Column {
    Column {
        number: row.parse(1).unwrap_or(0),
        name: text(row, 2),
        type_name: text(row, 3),
        base_type: text(row, 4),
        is_builtin: row.is_true(5),
        is_enum: row.get(6) == Some("e"),
        base_oid: row.parse(7).unwrap_or(0),
        typmod: row.parse(8).unwrap_or(-1),
        is_not_null: row.is_true(9),
        is_identity: row.get(10).is_some_and(|identity| !identity.is_empty()),
        is_generated: row.get(11).is_some_and(|generated| !generated.is_empty()),
        default: row.get(12).map(str::to_owned),
        has_comment: row.is_true(13),
        collation: row.parse(14).unwrap_or(0),
        statistics: None,
    }
}

fn constraint(row: Row<'_>) -> Option<Constraint> {
    let kind = match row.get(2)? {
        "p" => ConstraintKind::PrimaryKey,
        "u" => ConstraintKind::Unique,
        "f" => ConstraintKind::ForeignKey,
        "c" => ConstraintKind::Check,
        "x" => ConstraintKind::Exclusion,
        "n" => ConstraintKind::NotNull,
        _ => return None,
    };
    Some(Constraint {
        name: text(row, 1),
        kind,
        columns: numbers(row.get(3)),
        references: row.parse(4).filter(|oid| *oid != 0),
        referenced_columns: numbers(row.get(5)),
        is_delete_unchosen: row.get(6) == Some("a"),
        is_validated: row.is_true(7),
        is_deferrable: row.is_true(10),
        index: row.parse(8).unwrap_or(0),
        definition: row.get(9).map(str::to_owned),
    })
}

fn index(row: Row<'_>, block_bytes: u64) -> Index {
    let words = |column: usize| -> Vec<String> {
        let text = row.get(column).unwrap_or_default();
        text.split_ascii_whitespace().map(str::to_owned).collect()
    };
    let mut keys: Vec<i16> = words(9).iter().filter_map(|word| word.parse().ok()).collect();
    let key_count: usize = row.parse(8).unwrap_or(keys.len());
    let included = keys.split_off(key_count.min(keys.len()));
    Index {
        oid: row.parse(1).unwrap_or(0),
        name: text(row, 2),
        method: text(row, 3),
        is_unique: row.is_true(4),
        is_primary: row.is_true(5),
        is_valid: row.is_true(6),
        is_ready: row.is_true(7),
        keys,
        included,
        operator_classes: words(10),
        collations: words(11),
        options: words(12),
        expressions: row.get(13).map(str::to_owned),
        predicate: row.get(14).map(str::to_owned),
        nulls_not_distinct: row.is_true(15),
        is_replica_identity: row.is_true(16),
        is_clustered: row.is_true(17),
        has_constraint: row.is_true(18),
        is_referenced: row.is_true(19),
        is_partition: row.is_true(20),
        scans: row.parse(21).unwrap_or(0),
        bytes: row.parse(22).unwrap_or(0) * block_bytes,
        is_in_progress: row.is_true(23),
        parameters: text(row, 24),
    }
}

fn statistics(table: &mut Table, row: Row<'_>) {
    let number: i16 = row.parse(1).unwrap_or(0);
    let texts = |column: usize| -> Vec<String> {
        let json = row.get(column).unwrap_or("[]");
        serde_json::from_str(json).unwrap_or_default()
    };
    let found = ColumnStatistics {
        null_fraction: row.parse(2).unwrap_or(0.0),
        n_distinct: row.parse(3).unwrap_or(0.0),
        average_width: row.parse(4).unwrap_or(0),
        common: texts(5),
        common_fraction: row.parse(6).unwrap_or(0.0),
        common_count: row.parse(7).unwrap_or(0),
        spread: texts(8),
        high: row.parse(9),
        low: row.parse(10),
    };
    let column = table.columns.iter_mut().find(|column| column.number == number);
    if let Some(column) = column {
        column.statistics = Some(found);
    }
}

fn sequence(row: Row<'_>) -> Sequence {
    let owner = row.parse(8).zip(row.parse(9));
    Sequence {
        oid: row.parse(0).unwrap_or(0),
        name: RelationName::in_schema(text(row, 1), text(row, 2)),
        type_name: text(row, 3),
        min: row.parse(4).unwrap_or(1),
        max: row.parse(5).unwrap_or(i64::MAX),
        increment: row.parse(6).unwrap_or(1),
        cycles: row.is_true(7),
        owned_by: owner,
        is_identity: row.get(10) == Some("i"),
        last_value: None,
        is_readable: row.is_true(11),
        roles_without_grant: text_items(row.get(12)),
    }
}

fn others(model: &mut SchemaModel, rows: &Rows) {
    for row in rows.iter() {
        let name = RelationName::in_schema(text(row, 1), text(row, 2));
        match row.get(0) {
            Some("public_create") => model.open_schemas.push(text(row, 1)),
            Some("security_definer") => model.definer_functions.push(DefinerFunction {
                name,
                signature: text(row, 3),
            }),
            Some("enum") => model.enums.push((name, row.parse(3).unwrap_or(0))),
            _ => {}
        }
    }
}

async fn sequence_values(
    connection: &mut Connection,
    model: &mut SchemaModel,
    skipped: &mut Vec<Skipped>,
) -> Result<(), PgError> {
    let readable = model.sequences.iter().filter(|sequence| sequence.is_readable);
    let oids: Vec<String> = readable.map(|sequence| sequence.oid.to_string()).collect();
    let mut values: HashMap<u32, i64> = HashMap::new();
    for some in oids.chunks(SEQUENCES_AT_ONCE) {
        let list = format!("{{{}}}", some.join(","));
        let params = [Some(list.as_str())];
        let read = Reading::of(connection)
            .as_far_as_possible(&[Query::new(SEQUENCE_VALUES, &params)])
            .await?;
        if let Some(error) = read.error {
            skipped.push(Skipped {
                what: format!("the last values of {} sequences", some.len()),
                reason: format!("The server said: {}.", error.message.trim_end_matches('.')),
            });
        }
        for row in read.rows.iter().flat_map(Rows::iter) {
            values.extend(row.parse::<u32>(0).zip(row.parse::<i64>(1)));
        }
    }
    for sequence in &mut model.sequences {
        sequence.last_value = values.get(&sequence.oid).copied();
    }
    Ok(())
}

/// What follows from the rows of several queries together.
fn complete(model: &mut SchemaModel) {
    let block_bytes = model.context.block_bytes;
    for table in &mut model.tables {
        table.heap_bytes *= block_bytes;
        table.activity.index_scans = table.indexes.iter().map(|index| index.scans).sum();
    }
    // Partitions count for what they are a part of, however deep; a parent may come after its part.
    for index in 0..model.tables.len() {
        let leaf = &model.tables[index];
        if !leaf.is_partition || leaf.kind == TableKind::Partitioned {
            continue;
        }
        let (rows, bytes, activity) = (leaf.rows, leaf.heap_bytes, leaf.activity);
        let mut above = leaf.parents.first().copied();
        // No deeper than a table of partitions of partitions ever is.
        for _ in 0..32 {
            let Some(&parent) = above.and_then(|oid| model.by_oid.get(&oid)) else {
                break;
            };
            let parent = &mut model.tables[parent];
            parent.add_partition(rows, bytes, &activity);
            above = parent.parents.first().copied();
        }
    }
    for table in &model.tables {
        let indexes = table.indexes.iter().map(|index| beside(table, &index.name));
        model.taken.extend(indexes.chain([table.name.clone()]));
    }
    model
        .taken
        .extend(model.sequences.iter().map(|sequence| sequence.name.clone()));
    for (table, found) in model.tables.iter().enumerate() {
        for (place, constraint) in found.constraints.iter().enumerate() {
            if let Some(referenced) = constraint.references {
                model
                    .referencing
                    .entry(referenced)
                    .or_default()
                    .push((table, place));
            }
        }
    }
}

impl Table {
    fn add_partition(&mut self, rows: Option<u64>, bytes: u64, activity: &Activity) {
        // What ANALYZE of the whole says would be counted twice.
        if self.heap_bytes == 0 {
            self.rows = None;
        }
        self.rows = match (self.rows, rows) {
            (Some(sum), Some(rows)) => Some(sum + rows),
            (sum, rows) => sum.or(rows),
        };
        self.heap_bytes += bytes.max(1);
        self.activity.seq_scans += activity.seq_scans;
        self.activity.index_scans += activity.index_scans;
        self.activity.inserted += activity.inserted;
        self.activity.updated += activity.updated;
        self.activity.deleted += activity.deleted;
    }
}

fn unreadable(model: &SchemaModel, skipped: &mut Vec<Skipped>) {
    let hidden: Vec<&Table> = model
        .tables
        .iter()
        .filter(|table| !table.is_readable && !table.is_partition)
        .collect();
    if let Some(first) = hidden.first() {
        skipped.push(Skipped {
            what: format!(
                "statistics and rows of {} tables, {} among them",
                hidden.len(),
                first.name
            ),
            reason: format!(
                "The role {} may not read them: grant it SELECT, or the role pg_read_all_data.",
                model.context.role
            ),
        });
    }
    let sequences = model
        .sequences
        .iter()
        .filter(|sequence| !sequence.is_readable)
        .count();
    if sequences > 0 {
        skipped.push(Skipped {
            what: format!("the last values of {sequences} sequences"),
            reason: format!(
                "The role {} has neither USAGE nor SELECT on them.",
                model.context.role
            ),
        });
    }
}

fn text(row: Row<'_>, column: usize) -> String {
    row.get(column).unwrap_or_default().to_owned()
}

/// The numbers of an array such as `{1,2}`.
fn numbers<T: std::str::FromStr>(text: Option<&str>) -> Vec<T> {
    let inner = text
        .unwrap_or_default()
        .trim_start_matches('{')
        .trim_end_matches('}');
    inner
        .split(',')
        .filter_map(|number| number.parse().ok())
        .collect()
}

/// The texts of an array such as `{a,"b c"}`.
fn text_items(array: Option<&str>) -> Vec<String> {
    let inner = array.unwrap_or_default();
    let inner = inner
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'))
        .unwrap_or(inner);
    let (mut items, mut item, mut quoted, mut any) = (Vec::new(), String::new(), false, false);
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        any = true;
        match character {
            '"' => quoted = !quoted,
            '\\' if quoted => item.extend(characters.next()),
            ',' if !quoted => items.push(std::mem::take(&mut item)),
            character => item.push(character),
        }
    }
    if any {
        items.push(item);
    }
    items
}

/// Texts as an array that the server reads.
fn text_array(items: &[String]) -> String {
    let quoted: Vec<String> = items
        .iter()
        .map(|item| format!("\"{}\"", item.replace('\\', "\\\\").replace('"', "\\\"")))
        .collect();
    format!("{{{}}}", quoted.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_are_read_as_the_server_writes_them() {
        assert_eq!(numbers::<i16>(Some("{3,1}")), [3, 1]);
        assert!(numbers::<i16>(None).is_empty());
        assert_eq!(text_items(Some(r#"{a,"b ""c","d\"e"}"#)).len(), 3);
        assert_eq!(
            text_items(Some(r#"{PUBLIC,"my role","q\"q"}"#)),
            ["PUBLIC", "my role", "q\"q"]
        );
        assert!(text_items(Some("{}")).is_empty());
        assert_eq!(text_array(&["a\"b".to_owned()]), r#"{"a\"b"}"#);
    }
}
