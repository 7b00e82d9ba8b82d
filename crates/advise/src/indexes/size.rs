//! How large an index gets, and what it costs to read one that the planner cannot be asked about.

use super::catalog::{Column, Relation, Server};
use super::constants::values_of;
use super::definition::{Definition, Key, Method};
use super::deparsed::{Shape, conditions};
use super::layout;

const PAGE_BYTES: f64 = 8192.0;
/// What a B-tree leaves free in its leaves.
const FILL: f64 = 0.9;

/// The share of rows in which one column is taken to be less than another, or to differ from it: the planner takes the
/// same (`DEFAULT_INEQ_SEL`), as nothing is counted of both together.
pub(crate) const COMPARED: f64 = 1.0 / 3.0;

/// The share of the relation's rows that an index holds.
pub(crate) fn share(definition: &Definition, relation: &Relation) -> f64 {
    let one = |condition: &String| {
        // A predicate names no alias, so that what is read of it tells texts and no columns.
        if let [only] = conditions(condition).as_slice()
            && let (Some(value), true) = (&only.value, only.shape.is_comparison())
        {
            let Some(constant) = value.constant() else {
                return relation.compared(condition);
            };
            let is_key = |column: &&Column| {
                let name = howdah_sql::quote_ident(&column.name);
                only.key.sql == name || only.key.sql == format!("({name})::text")
            };
            if let (Shape::Differs, Some(column)) = (&only.shape, relation.columns.iter().find(is_key)) {
                return column.share_of_others(&values_of(&constant)).max(0.001);
            }
        }
        let column = definition
            .columns
            .iter()
            .filter(|name| condition.contains(&howdah_sql::quote_ident(name)))
            .filter_map(|name| relation.column(name))
            .next();
        let Some(column) = column else { return 0.5 };
        if condition.ends_with(" IS NULL") {
            return column.null_fraction;
        }
        if condition.ends_with(" IS NOT NULL") {
            return 1.0 - column.null_fraction;
        }
        if column.base_type == "bool" {
            let truth = if condition.starts_with("NOT ") { "f" } else { "t" };
            return column.frequency(truth).unwrap_or(0.5);
        }
        // Common values that the condition names.
        let named = column
            .common
            .iter()
            .zip(&column.frequencies)
            .filter(|(value, _)| {
                condition.contains(&format!("'{value}'"))
                    || condition.contains(&format!("= {value}"))
                    || condition.contains(&format!("{{{value}}}"))
                    || condition.contains(&format!("{{{value},"))
                    || condition.contains(&format!(",{value},"))
                    || condition.contains(&format!(",{value}}}"))
            });
        named.map(|(_, share)| share).sum::<f64>().max(0.001)
    };
    definition.predicate.iter().map(one).product()
}

/// Bytes of an index once it is built.
pub(crate) fn bytes(definition: &Definition, relation: &Relation) -> f64 {
    let rows = relation.rows * share(definition, relation);
    let keys: Vec<&Column> = key_columns(definition, relation);
    let content = match definition.method {
        Method::Btree => btree(definition, &keys, relation, rows),
        // Buckets are doubled, so that between half and all of them are filled.
        Method::Hash => rows * 34.0,
        Method::Brin => relation.pages / 128.0 * 40.0,
        Method::Gin => {
            let named = named(definition, relation);
            rows * named
                .iter()
                .map(|column| inverted_bytes(definition, column))
                .sum::<f64>()
        }
        // An entry and where it stands, on pages that are split in halves.
        Method::Gist => {
            let width: f64 = keys.iter().map(|column| column.width).sum();
            rows * (4.0 + ((8.0 + width) / 8.0).ceil() * 8.0) / 0.5
        }
    };
    content + 2.0 * PAGE_BYTES
}

fn btree(definition: &Definition, keys: &[&Column], relation: &Relation, rows: f64) -> f64 {
    let included = definition.include.iter().filter_map(|name| relation.column(name));
    let entry = 12.0 + layout::row_bytes(keys.iter().copied().chain(included));
    let plain = rows * entry;
    // Equal keys are stored once, with a list of the rows.
    let equal_image = |column: &&Column| {
        !matches!(
            column.base_type.as_str(),
            "numeric" | "float4" | "float8" | "jsonb"
        )
    };
    let distinct: f64 = keys
        .iter()
        .map(|column| distinct(column, relation))
        .product::<f64>()
        .min(rows.max(1.0));
    // Each partition has an index of its own, and stores there once more what is in others too.
    let leaves = relation.leaves.len().max(1) as f64;
    let distinct = if leaves > 1.0 {
        let of_each = distinct * (1.0 - (-rows / leaves / distinct.max(1.0)).exp());
        (of_each * leaves).min(rows.max(1.0))
    } else {
        distinct
    };
    let shrinks = definition.include.is_empty() && keys.iter().all(equal_image) && rows / distinct >= 2.0;
    let content = if shrinks {
        plain.min(rows * 6.5 + distinct * entry)
    } else {
        plain
    };
    content / FILL * 1.01
}

/// Different values, or a cautious guess.
pub(crate) fn distinct(column: &Column, relation: &Relation) -> f64 {
    if column.distinct > 0.0 {
        column.distinct
    } else {
        relation.rows.max(1.0)
    }
}

/// Bytes for a row, by what is taken out of a value.
fn inverted_bytes(definition: &Definition, column: &Column) -> f64 {
    let class = definition
        .keys
        .first()
        .and_then(|key| key.class.as_deref())
        .unwrap_or_default();
    let bytes = match class {
        class if class.ends_with("trgm_ops") => 12.0 + column.width * 1.7,
        "jsonb_path_ops" => 10.0 + column.width * 0.25,
        _ if column.base_type == "jsonb" => 10.0 + column.width * 0.4,
        _ if column.base_type == "tsvector" => 8.0 + column.width * 0.35,
        // A text whose words are taken out of it.
        _ if column.category == 'S' => column.width * 0.3,
        _ => 6.0 + column.width * 0.25,
    };
    // Of what is NULL there is a place in one list.
    let null = column.null_fraction.clamp(0.0, 1.0);
    bytes * (1.0 - null) + 2.0 * null
}

/// What putting a row into the index costs, a B-tree being 1.
pub(crate) fn insertion(definition: &Definition, relation: &Relation) -> f64 {
    let width: f64 = key_columns(definition, relation)
        .iter()
        .map(|column| column.width)
        .sum();
    let expression = definition.keys.iter().any(|key| key.sql.starts_with('('));
    let plain = match definition.method {
        Method::Btree => 1.0 + width / 100.0 + 0.1 * definition.include.len() as f64,
        Method::Hash => 1.0,
        Method::Brin => 0.1,
        Method::Gist => 2.0 + width * 0.02,
        Method::Gin => {
            let width: f64 = named(definition, relation)
                .iter()
                .map(|column| column.width)
                .sum();
            let class = definition
                .keys
                .first()
                .and_then(|key| key.class.as_deref())
                .unwrap_or_default();
            match class.ends_with("trgm_ops") {
                true => 2.0 + width * 0.15,
                false => 2.0 + width * 0.03,
            }
        }
    };
    plain + if expression { 0.3 } else { 0.0 }
}

fn key_columns<'a>(definition: &Definition, relation: &'a Relation) -> Vec<&'a Column> {
    let named = |key: &Key| {
        let is = |column: &&Column| {
            let quoted = howdah_sql::quote_ident(&column.name);
            key.sql == quoted || (key.sql.starts_with('(') && key.sql.contains(&quoted))
        };
        relation
            .columns
            .iter()
            .filter(|column| definition.columns.contains(&column.name))
            .find(is)
    };
    definition.keys.iter().filter_map(named).collect()
}

/// The columns that the keys name, all of those of an expression.
fn named<'a>(definition: &Definition, relation: &'a Relation) -> Vec<&'a Column> {
    let is_named = |column: &&Column| {
        let quoted = howdah_sql::quote_ident(&column.name);
        definition.columns.contains(&column.name)
            && definition.keys.iter().any(|key| key.sql.contains(&quoted))
    };
    relation.columns.iter().filter(is_named).collect()
}

/// The cost of fetching `rows` through an inverted index and the bitmap that it gives, as the planner reckons a
/// bitmap heap scan.
pub(crate) fn inverted_scan(relation: &Relation, rows: f64, server: &Server) -> f64 {
    let pages = relation.pages.max(1.0);
    let fetched = (2.0 * pages * rows / (2.0 * pages + rows)).min(pages).max(1.0);
    let spread =
        server.random_page_cost - (server.random_page_cost - server.seq_page_cost) * (fetched / pages).sqrt();
    // Entry pages, and the posting lists, some six bytes for a row.
    let index = 4.0 * server.random_page_cost + rows * 6.0 / PAGE_BYTES + rows * server.cpu_operator_cost;
    index + fetched * spread + rows * (server.cpu_tuple_cost + 2.0 * server.cpu_operator_cost)
}

#[cfg(test)]
mod tests {
    use super::super::definition::Key;
    use super::super::samples;
    use super::*;

    fn column(name: &str, category: char, width: f64, distinct: f64, null_fraction: f64) -> Column {
        Column {
            base_type: if category == 'S' { "text" } else { "int8" }.to_owned(),
            category,
            null_fraction,
            distinct,
            width,
            ..samples::column(name)
        }
    }

    fn relation(columns: Vec<Column>, leaves: u32) -> Relation {
        Relation {
            leaves: (0..leaves).collect(),
            is_partitioned: leaves > 0,
            ..samples::relation("r", 900_000.0, 15_000.0, columns)
        }
    }

    fn mebibytes(method: Method, key: Key, columns: &[&str], relation: &Relation) -> f64 {
        let definition = Definition {
            relation: 1,
            method,
            keys: vec![key],
            include: Vec::new(),
            predicate: Vec::new(),
            columns: columns.iter().map(|name| (*name).to_owned()).collect(),
        };
        bytes(&definition, relation) / 1_048_576.0
    }

    /// Each measured on 900,000 rows of PostgreSQL 15.
    #[test]
    fn indexes_are_about_as_large_as_they_were_measured() {
        let near = |found: f64, measured: f64| found > measured * 0.7 && found < measured * 1.4;
        // Notes that most rows lack, by their trigrams.
        let notes = relation(vec![column("notes", 'S', 35.0, 0.0, 0.85)], 0);
        let key = Key::column("notes").with_class("gin_trgm_ops");
        let found = mebibytes(Method::Gin, key, &["notes"], &notes);
        assert!(near(found, 11.9), "{found}");
        // Ranges of days.
        let stays = relation(vec![column("stay", 'R', 13.0, 0.0, 0.0)], 0);
        let found = mebibytes(Method::Gist, Key::column("stay"), &["stay"], &stays);
        assert!(near(found, 50.0), "{found}");
        // The words of two texts, a third of which was measured.
        let texts = relation(
            vec![
                column("title", 'S', 16.0, 0.0, 0.0),
                column("body", 'S', 115.0, 0.0, 0.0),
            ],
            0,
        );
        let key = Key::expression("to_tsvector('english'::regconfig, ((title || ' '::text) || body))");
        let found = mebibytes(Method::Gin, key, &["body", "title"], &texts) * 260.0 / 900.0;
        assert!(near(found, 9.6), "{found}");
        // What is of 200,000 things, in seven partitions: in each of them hardly any twice.
        let events = relation(vec![column("entity", 'N', 8.0, 200_000.0, 0.0)], 7);
        let found = mebibytes(Method::Btree, Key::column("entity"), &["entity"], &events);
        assert!(near(found, 18.0), "{found}");
    }
}
