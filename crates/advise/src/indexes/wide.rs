//! Values too wide for an index. A B-tree takes entries up to a third of a page, and building one over a single value that is
//! wider fails. What ANALYZE knows does not tell: of a value that is stored apart it counts the pointer.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use howdah_core::{Result, human_bytes};
use howdah_pg::catalog::{Query, Reading};
use howdah_pg::{Row, Session};
use howdah_sql::{RelationName, quote_ident};

use super::catalog::{Catalog, Column, Relation, Server, read_catalog};
use super::definition::{Definition, Key, Method};
use super::sampled;

/// Bytes of an entry that a B-tree takes (`BTMaxItemSize`, 2,704), less what is added to the values.
const ENTRY_MAX: f64 = 2_600.0;
/// How long one table is looked at, and all of them.
const TABLE_MS: u64 = 1_500;
const ALL: Duration = Duration::from_secs(4);
/// Pages up to which all of a table is looked at, and those that are looked at of a larger one.
const WHOLE_PAGES: f64 = 30_000.0;
const SAMPLE_PAGES: f64 = 1_000.0;
/// Partitions of a table that are looked at.
const LEAVES_MAX: usize = 8;

/// The bytes of the widest value of columns, by schema, table and column.
pub type Widths = BTreeMap<(String, String, String), f64>;

/// Measures the widest values of a database, for advice that is made in a copy without them.
///
/// # Errors
/// As the server fails.
pub async fn widths(session: &mut Session) -> Result<Widths> {
    let query = Query::new(include_str!("../../queries/stored_apart.sql"), &[]);
    let rows = Reading::of(session).one(&query).await?;
    let name = |row: Row<'_>, at| row.get(at).unwrap_or_default().to_owned();
    let names: Vec<(String, String)> = rows.iter().map(|row| (name(row, 0), name(row, 1))).collect();
    let mut catalog = read_catalog(session, &names, &Server::default()).await?;
    measure(session, &mut catalog).await?;
    let mut widths = Widths::new();
    for relation in catalog.relations.values() {
        let schema = relation.name.schema.clone().unwrap_or_default();
        for column in relation.columns.iter().filter(|column| column.widest > 0.0) {
            let key = (schema.clone(), relation.name.name.clone(), column.name.clone());
            widths.insert(key, column.widest);
        }
    }
    Ok(widths)
}

/// Takes over what was measured elsewhere.
pub(crate) fn take_over(widths: &Widths, catalog: &mut Catalog) {
    for relation in catalog.relations.values_mut() {
        let schema = relation.name.schema.clone().unwrap_or_default();
        for column in &mut relation.columns {
            let key = (schema.clone(), relation.name.name.clone(), column.name.clone());
            column.widest = widths.get(&key).copied().unwrap_or(0.0);
        }
    }
}

/// Measures the widest value of every column that may hold such, in tables that store some apart: of a large one a
/// sample is looked at. Nothing but the sizes
/// of stored values is read, and of a table with policies for this role nothing at all, as these are code.
pub(crate) async fn measure(session: &mut Session, catalog: &mut Catalog) -> Result<()> {
    let until = Instant::now() + ALL;
    let mut measured: Vec<(u32, String, f64)> = Vec::new();
    for relation in catalog.relations.values() {
        if !relation.stores_apart {
            continue;
        }
        let columns: Vec<&Column> = relation
            .columns
            .iter()
            .filter(|column| column.is_unbounded)
            .collect();
        if columns.is_empty() || Instant::now() > until {
            continue;
        }
        let held: Vec<&RelationName> = match relation.is_partitioned {
            true => relation
                .leaves
                .iter()
                .filter_map(|leaf| catalog.leaf_names.get(leaf))
                .collect(),
            false => vec![&relation.name],
        };
        let first = held.len().min(LEAVES_MAX);
        for name in &held[..first] {
            let sample = sampled::of(relation, SAMPLE_PAGES);
            let is_small = relation.pages <= WHOLE_PAGES;
            let mut widths = Vec::new();
            if is_small {
                widths = widest(session, name, "", &columns).await?;
            }
            if widths.is_empty() && relation.pages > SAMPLE_PAGES {
                widths = widest(session, name, &sample, &columns).await?;
            }
            let named = columns.iter().zip(widths);
            measured.extend(named.map(|(column, width)| (relation.oid, column.name.clone(), width)));
        }
    }
    for (oid, name, width) in measured {
        let columns = catalog
            .relations
            .get_mut(&oid)
            .map(|relation| &mut relation.columns);
        for column in columns.into_iter().flatten().filter(|column| column.name == name) {
            column.widest = column.widest.max(width);
        }
    }
    Ok(())
}

/// The bytes of the widest stored value of each column; none where that may not be seen or takes too long.
async fn widest(
    session: &mut Session,
    name: &RelationName,
    sample: &str,
    columns: &[&Column],
) -> Result<Vec<f64>> {
    let sizes: Vec<String> = columns
        .iter()
        .map(|column| {
            format!(
                "coalesce(pg_catalog.max(pg_catalog.pg_column_size({})), 0)",
                quote_ident(&column.name)
            )
        })
        .collect();
    let look = format!("SELECT {} FROM ONLY {name}{sample}", sizes.join(", "));
    sampled::look(session, &look, TABLE_MS).await
}

/// Whether the widest entry of an index can be stored.
pub(crate) fn fits(definition: &Definition, relation: &Relation) -> bool {
    if !matches!(definition.method, Method::Btree | Method::Brin) {
        return true;
    }
    let width = |column: &Column| column.widest;
    let keys = definition
        .keys
        .iter()
        .filter_map(|key| whole(key, relation))
        .map(width);
    let included = definition
        .include
        .iter()
        .filter_map(|name| relation.column(name))
        .map(width);
    keys.chain(included).sum::<f64>() <= ENTRY_MAX
}

/// The column whose values a key holds as they are, or in other letters.
fn whole<'a>(key: &Key, relation: &'a Relation) -> Option<&'a Column> {
    relation.columns.iter().find(|column| {
        let name = quote_ident(&column.name);
        let forms = [
            name.clone(),
            format!("(({name})::text)"),
            format!("(lower({name}))"),
            format!("(upper({name}))"),
            format!("(lower(({name})::text))"),
            format!("(upper(({name})::text))"),
        ];
        forms.contains(&key.sql)
    })
}

/// What is said of columns that an index was wanted on and cannot be built.
pub(crate) fn told(definition: &Definition, relation: &Relation) -> Option<String> {
    let is_wide = |column: &&Column| column.widest > ENTRY_MAX;
    let column = definition
        .keys
        .iter()
        .filter_map(|key| whole(key, relation))
        .find(is_wide)?;
    let name = quote_ident(&column.name);
    Some(format!(
        "{} holds values in {name} of up to {}, more than an ordered index takes (2,704 bytes), so that none on it can be built. One on \
         md5({name}) or left({name}, 200) can, for statements that ask for that.",
        relation.name,
        human_bytes(column.widest as u64)
    ))
}
