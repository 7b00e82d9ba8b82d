use std::collections::BTreeMap;

use howdah_pg::catalog::{Query, Reading};
use howdah_pg::{Connection, PgError, Row};
use howdah_sql::RelationName;

use super::deparsed::Term;
use crate::array;

/// Below what part of the average share a value of few is one that a program names.
pub(crate) const NAMED: f64 = 0.25;

/// What the server can do, and the figures that its planner reckons with.
#[derive(Debug, Clone, Default)]
pub(crate) struct Server {
    /// The schema that hypopg was installed in, quoted.
    pub(crate) hypopg: Option<String>,
    /// The schema that pg_trgm was installed in, quoted.
    pub(crate) trigrams: Option<String>,
    pub(crate) hypopg_available: bool,
    pub(crate) trigrams_available: bool,
    pub(crate) seq_page_cost: f64,
    pub(crate) random_page_cost: f64,
    pub(crate) cpu_tuple_cost: f64,
    pub(crate) cpu_operator_cost: f64,
    /// Whether texts are ordered by their bytes, so that an ordinary index serves `LIKE 'x%'`.
    pub(crate) orders_by_bytes: bool,
    pub(crate) is_rds: bool,
    pub(crate) database: String,
    pub(crate) role: String,
    pub(crate) may_create: bool,
    /// Whether creating anything runs code of somebody's.
    pub(crate) has_event_triggers: bool,
    /// Settings of what watches statements, which this role may turn off.
    pub(crate) watching: Vec<String>,
    /// Those that it may not.
    pub(crate) watched: Vec<String>,
    /// Whether auto_explain shows every plan, also one with an index that does not exist, at which it fails.
    pub(crate) explains_all: bool,
}

/// A relation that the workload reads or writes.
#[derive(Debug, Clone)]
pub(crate) struct Relation {
    pub(crate) oid: u32,
    pub(crate) name: RelationName,
    pub(crate) rows: f64,
    pub(crate) pages: f64,
    /// The partitions that hold its rows; none of an ordinary table.
    pub(crate) leaves: Vec<u32>,
    pub(crate) is_partitioned: bool,
    pub(crate) foreign_keys: u32,
    /// Whether there are values that are stored apart from their rows.
    pub(crate) stores_apart: bool,
    /// By number.
    pub(crate) columns: Vec<Column>,
    pub(crate) existing: Vec<Existing>,
    /// The share of rows that a condition between columns holds for, where it was measured.
    pub(crate) compared: BTreeMap<String, f64>,
}

impl Relation {
    /// The share of rows that a condition between columns holds for; the planner's where none was measured.
    pub(crate) fn compared(&self, condition: &str) -> f64 {
        self.compared
            .get(condition)
            .copied()
            .unwrap_or(super::size::COMPARED)
    }

    /// Whether all of it is read with its first page, so that no way to it is shorter.
    pub(crate) fn is_one_page(&self) -> bool {
        self.rows > 0.0 && self.pages == 1.0
    }

    pub(crate) fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The column that a term is for an index: also one that is cast to the type that it is stored as, that below a
    /// domain or text of a `varchar`.
    pub(crate) fn plain<'t>(&self, term: &'t Term) -> Option<&'t str> {
        let stored = |name: &str, kind: &str| {
            self.column(name).is_some_and(|column| {
                let is_text = column.base_type == "varchar" && kind == "text";
                is_text || column.below_domain.as_deref() == Some(kind)
            })
        };
        let cast = || term.cast_column().filter(|(name, kind)| stored(name, kind));
        term.column().or_else(|| cast().map(|(name, _)| name))
    }
}

/// A column and what ANALYZE found of it.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    pub(crate) name: String,
    /// The name of its type, of a domain the one below it.
    pub(crate) base_type: String,
    pub(crate) category: char,
    pub(crate) is_enum: bool,
    pub(crate) null_fraction: f64,
    /// Different values, absolute; 0 where nothing is known.
    pub(crate) distinct: f64,
    pub(crate) width: f64,
    pub(crate) correlation: Option<f64>,
    pub(crate) common: Vec<String>,
    pub(crate) frequencies: Vec<f64>,
    pub(crate) spread: Vec<String>,
    pub(crate) has_statistics: bool,
    pub(crate) collation: String,
    /// Of a domain the type that it is stored as.
    pub(crate) below_domain: Option<String>,
    /// Whether what holds several values (an array, a range, a shape) can be searched by an index for what it holds.
    pub(crate) is_searchable: bool,
    /// Whether nothing says how long its values may get.
    pub(crate) is_unbounded: bool,
    /// Bytes of the widest stored value, where it was measured.
    pub(crate) widest: f64,
}

impl Column {
    /// The share of rows that hold a value; `None` where it is not among the common ones.
    pub(crate) fn frequency(&self, value: &str) -> Option<f64> {
        let short = |word: &str| match word {
            "true" => "t".to_owned(),
            "false" => "f".to_owned(),
            other => other.to_owned(),
        };
        let value = short(value);
        let place = self.common.iter().position(|one| short(one) == value)?;
        self.frequencies.get(place).copied()
    }

    /// The share of rows that hold another value than any of these.
    pub(crate) fn share_of_others(&self, values: &[&str]) -> f64 {
        let these: f64 = values.iter().filter_map(|value| self.frequency(value)).sum();
        (1.0 - self.null_fraction - these).max(0.0)
    }

    /// Whether a value of few is so rare that a program rather names it than is given it.
    pub(crate) fn is_named(&self, value: &str) -> bool {
        self.is_coded() && self.frequency(value).unwrap_or(0.0) * self.distinct.max(1.0) < NAMED
    }

    /// Whether it has so few values that a program names them rather than passing them on.
    pub(crate) fn is_coded(&self) -> bool {
        self.has_statistics
            && (self.base_type == "bool" || self.is_enum || (1.0..=12.0).contains(&self.distinct))
    }
}

/// An index that is there.
#[derive(Debug, Clone)]
pub(crate) struct Existing {
    pub(crate) name: String,
    /// Each key and included column as the server prints it.
    pub(crate) parts: Vec<String>,
    pub(crate) key_count: usize,
    pub(crate) predicate: Option<String>,
    /// Every column that it depends on.
    pub(crate) columns: Vec<String>,
    pub(crate) method: String,
    /// Unique or of a constraint: it is there for more than reading.
    pub(crate) is_unique: bool,
    /// Whether each key has the operator class and the collation that are usual for it.
    pub(crate) usual: Vec<bool>,
    /// Whether each key descends, and whether it puts NULLs first.
    pub(crate) directions: Vec<(bool, bool)>,
    pub(crate) is_clustered: bool,
}

/// What is known of the relations, by OID, and which relation a plan's schema and name mean.
#[derive(Debug, Clone, Default)]
pub(crate) struct Catalog {
    pub(crate) relations: BTreeMap<u32, Relation>,
    /// Of a partition, the table that it belongs to.
    pub(crate) named: BTreeMap<(String, String), u32>,
    /// The names of partitions.
    pub(crate) leaf_names: BTreeMap<u32, RelationName>,
    /// What the planner reckons for a page that is fetched out of order.
    pub(crate) random_page_cost: f64,
}

impl Catalog {
    pub(crate) fn of_name(&self, schema: &str, name: &str) -> Option<&Relation> {
        let oid = self.named.get(&(schema.to_owned(), name.to_owned()))?;
        self.relations.get(oid)
    }
}

impl Catalog {
    /// By its name alone, as a plan that is not verbose has it; of a partition its table. None where several have it.
    pub(crate) fn of_plain_name(&self, name: &str) -> Option<&Relation> {
        let mut found = self.named.iter().filter(|((_, known), _)| known == name);
        match (found.next(), found.next()) {
            (Some((_, oid)), None) => self.relations.get(oid),
            _ => None,
        }
    }
}

/// A foreign key that points at a relation.
#[derive(Debug, Clone)]
pub(crate) struct Referencing {
    pub(crate) referenced: u32,
    pub(crate) from: RelationName,
    pub(crate) columns: Vec<String>,
    pub(crate) name: String,
}

pub(crate) async fn read_server(connection: &mut Connection) -> Result<Server, PgError> {
    let query = Query::new(include_str!("../../queries/server.sql"), &[]);
    let rows = Reading::of(connection).one(&query).await?;
    let Some(row) = rows.first() else {
        return Ok(Server::default());
    };
    let mut watching = list(row.get(15));
    let mut watched = Vec::new();
    if !row.is_true(17) {
        // From PostgreSQL 15 on others may be granted that: whether they were shows when they try.
        for name in std::mem::take(&mut watching) {
            match may_set(connection, &name).await? {
                true => watching.push(name),
                false => watched.push(name),
            }
        }
    }
    Ok(Server {
        watched,
        watching,
        hypopg: row.get(1).map(str::to_owned),
        trigrams: row.get(2).map(str::to_owned),
        hypopg_available: row.is_true(3),
        trigrams_available: row.is_true(4),
        seq_page_cost: row.parse(5).unwrap_or(1.0),
        random_page_cost: row.parse(6).unwrap_or(4.0),
        cpu_tuple_cost: row.parse(7).unwrap_or(0.01),
        cpu_operator_cost: row.parse(8).unwrap_or(0.0025),
        orders_by_bytes: matches!(row.get(9), Some("C" | "POSIX")),
        is_rds: row.is_true(10),
        database: text(row, 11),
        role: text(row, 12),
        may_create: row.is_true(13),
        has_event_triggers: row.is_true(14),
        explains_all: row.is_true(16),
    })
}

/// Whether this role may set a setting for itself.
async fn may_set(connection: &mut Connection, name: &str) -> Result<bool, PgError> {
    let params = [Some(name)];
    let query = Query::new(
        "SELECT set_config(s.name, s.setting, true) FROM pg_settings s WHERE s.name = $1",
        &params,
    );
    match Reading::of(connection).one(&query).await {
        Ok(_) => Ok(true),
        Err(PgError::Server(error)) if !error.is_fatal() => Ok(false),
        Err(error) => Err(error),
    }
}

/// Reads the relations of those names, their columns and their indexes, in two round trips.
pub(crate) async fn read_catalog(
    connection: &mut Connection,
    names: &[(String, String)],
    server: &Server,
) -> Result<Catalog, PgError> {
    let mut catalog = Catalog {
        random_page_cost: server.random_page_cost,
        ..Catalog::default()
    };
    let schemas = array(names.iter().map(|(schema, _)| schema.as_str()));
    let tables = array(names.iter().map(|(_, name)| name.as_str()));
    let params = [Some(schemas.as_str()), Some(tables.as_str())];
    let query = Query::new(include_str!("../../queries/named.sql"), &params);
    let rows = Reading::of(connection).one(&query).await?;
    for row in rows.iter() {
        catalog
            .named
            .insert((text(row, 1), text(row, 2)), row.parse(3).unwrap_or(0));
    }
    let mut oids: Vec<String> = catalog.named.values().map(u32::to_string).collect();
    oids.sort();
    oids.dedup();
    let oids = array(oids.iter().map(String::as_str));
    let params = [Some(oids.as_str())];
    let queries = [
        Query::new(include_str!("../../queries/relations.sql"), &params),
        Query::new(include_str!("../../queries/columns.sql"), &params),
        Query::new(include_str!("../../queries/existing.sql"), &params),
        Query::new(include_str!("../../queries/leaves.sql"), &params),
    ];
    let read = Reading::of(connection).all(&queries).await?;
    for row in read[0].iter() {
        let relation = relation(row);
        catalog.relations.insert(relation.oid, relation);
    }
    for row in read[1].iter() {
        if let Some(relation) = row.parse(0).and_then(|oid: u32| catalog.relations.get_mut(&oid)) {
            relation.columns.push(column(row, relation.rows));
        }
    }
    for row in read[2].iter() {
        if let Some(relation) = row.parse(0).and_then(|oid: u32| catalog.relations.get_mut(&oid)) {
            relation.existing.push(existing(row));
        }
    }
    for row in read[3].iter() {
        let name = RelationName::in_schema(text(row, 1), text(row, 2));
        catalog.leaf_names.insert(row.parse(0).unwrap_or(0), name);
    }
    Ok(catalog)
}

/// The foreign keys that point at the relations.
pub(crate) async fn read_referencing(
    connection: &mut Connection,
    relations: &[u32],
) -> Result<Vec<Referencing>, PgError> {
    let oids: Vec<String> = relations.iter().map(u32::to_string).collect();
    let oids = array(oids.iter().map(String::as_str));
    let params = [Some(oids.as_str())];
    let query = Query::new(include_str!("../../queries/referencing.sql"), &params);
    let rows = Reading::of(connection).one(&query).await?;
    let keys = rows.iter().map(|row| Referencing {
        referenced: row.parse(0).unwrap_or(0),
        from: RelationName::in_schema(text(row, 1), text(row, 2)),
        columns: list(row.get(3)),
        name: text(row, 5),
    });
    Ok(keys.collect())
}

fn relation(row: Row<'_>) -> Relation {
    let leaves = row.get(8).unwrap_or("{}").trim_matches(['{', '}']);
    Relation {
        oid: row.parse(0).unwrap_or(0),
        name: RelationName::in_schema(text(row, 1), text(row, 2)),
        rows: row.parse(11).or(row.parse(4)).unwrap_or(0.0),
        pages: row.parse(12).or(row.parse(5)).unwrap_or(1.0),
        leaves: leaves.split(',').filter_map(|oid| oid.parse().ok()).collect(),
        is_partitioned: row.get(3) == Some("p"),
        foreign_keys: row.parse(9).unwrap_or(0),
        stores_apart: row.is_true(14),
        columns: Vec::new(),
        existing: Vec::new(),
        compared: BTreeMap::new(),
    }
}

fn column(row: Row<'_>, rows: f64) -> Column {
    let distinct: f64 = row.parse(8).unwrap_or(0.0);
    Column {
        name: text(row, 2),
        base_type: text(row, 3),
        category: row
            .get(4)
            .and_then(|category| category.chars().next())
            .unwrap_or('X'),
        is_enum: row.get(5) == Some("e"),
        null_fraction: row.parse(7).unwrap_or(0.0),
        // Negative: a share of the rows.
        distinct: if distinct < 0.0 {
            -distinct * rows
        } else {
            distinct
        },
        width: row.parse(9).unwrap_or(8.0),
        correlation: row.parse(10),
        common: list(row.get(11)),
        frequencies: row
            .get(12)
            .and_then(|json| serde_json::from_str(json).ok())
            .unwrap_or_default(),
        spread: list(row.get(13)),
        has_statistics: row.is_true(14),
        collation: text(row, 16),
        is_unbounded: row.is_true(17),
        below_domain: row.get(18).map(str::to_owned),
        is_searchable: row.is_true(19),
        widest: 0.0,
    }
}

fn existing(row: Row<'_>) -> Existing {
    Existing {
        name: text(row, 1),
        method: text(row, 2),
        key_count: row.parse(4).unwrap_or(0),
        parts: list(row.get(6)),
        predicate: row.get(7).map(str::to_owned),
        columns: list(row.get(9)),
        is_unique: row.is_true(3),
        usual: json(row.get(12)),
        directions: text(row, 8)
            .split_ascii_whitespace()
            .map(|bits| bits.parse::<u8>().unwrap_or(0))
            .map(|bits| (bits & 1 != 0, bits & 2 != 0))
            .collect(),
        is_clustered: row.is_true(13),
    }
}

fn text(row: Row<'_>, column: usize) -> String {
    row.get(column).unwrap_or_default().to_owned()
}

fn list(text: Option<&str>) -> Vec<String> {
    json(text)
}

fn json<T: serde::de::DeserializeOwned + Default>(text: Option<&str>) -> T {
    text.and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default()
}
