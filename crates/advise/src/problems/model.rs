use howdah_pg::catalog::{Query, Reading};
use howdah_pg::{PgError, Row, Rows, Session};
use howdah_sql::RelationName;
use schemars::JsonSchema;
use serde::Serialize;

use super::beside;
use super::unused::LEAST_DAYS;

/// What the counters of use are worth.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct Statistics {
    /// Days that they have been counting on this server.
    pub counted_days: f64,
    /// Servers that replicate this one: what is read there is not counted here.
    pub replicas: u32,
    /// Whether this is such a replica itself.
    pub is_replica: bool,
}

impl Statistics {
    /// Whether what they have not seen used may be called unused: they are the primary's, and a week old at least.
    pub fn tell(&self) -> bool {
        !self.is_replica && self.counted_days >= LEAST_DAYS
    }
}

/// An index as the catalog has it.
#[derive(Debug, Clone)]
pub(super) struct Index {
    pub(super) oid: u32,
    pub(super) table: RelationName,
    pub(super) name: RelationName,
    pub(super) method: String,
    pub(super) is_partitioned: bool,
    pub(super) is_unique: bool,
    pub(super) is_valid: bool,
    pub(super) is_ready: bool,
    pub(super) key_count: usize,
    /// Keys, then included columns.
    pub(super) parts: Vec<String>,
    pub(super) classes: Vec<String>,
    pub(super) collations: Vec<String>,
    pub(super) options: Vec<String>,
    pub(super) predicate: Option<String>,
    pub(super) nulls_not_distinct: bool,
    pub(super) is_replica_identity: bool,
    pub(super) is_clustered: bool,
    /// Of any constraint: its own, or a foreign key that points at it.
    pub(super) has_constraint: bool,
    pub(super) is_partition: bool,
    pub(super) scans: u64,
    pub(super) bytes: u64,
    pub(super) tuples: u64,
    pub(super) is_in_progress: bool,
    pub(super) definition: String,
    pub(super) table_rows: u64,
    pub(super) table_bytes: u64,
    /// Bytes of all parts of an entry together.
    pub(super) width: Option<f64>,
    pub(super) is_primary: bool,
    pub(super) storage: Option<String>,
}

impl Index {
    /// Whether dropping it would take away more than a way to read.
    pub(super) fn is_needed(&self) -> bool {
        self.is_unique
            || self.is_primary
            || self.has_constraint
            || self.is_replica_identity
            || self.is_clustered
    }

    /// Its keys, without the columns that are carried along.
    pub(super) fn keys(&self) -> &[String] {
        &self.parts[..self.key_count.min(self.parts.len())]
    }

    /// The columns that are carried along.
    pub(super) fn included(&self) -> &[String] {
        &self.parts[self.key_count.min(self.parts.len())..]
    }
}

/// A foreign key without an index.
#[derive(Debug, Clone)]
pub(super) struct ForeignKey {
    pub(super) table: RelationName,
    pub(super) name: String,
    pub(super) referenced: RelationName,
    pub(super) columns: Vec<String>,
    pub(super) rows: u64,
    pub(super) bytes: u64,
    pub(super) deleted: u64,
    pub(super) updated: u64,
    pub(super) is_partitioned: bool,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Model {
    pub(super) database: String,
    pub(super) statistics: Statistics,
    /// The schema of pgstattuple, quoted.
    pub(super) pgstattuple: Option<String>,
    pub(super) indexes: Vec<Index>,
    pub(super) foreign_keys: Vec<ForeignKey>,
    /// Tables that others lock wholly, which are left out.
    pub(super) locked: Vec<RelationName>,
}

/// A lock may be taken between the look for locks and what they would hold up.
const ATTEMPTS: usize = 5;

/// What the queries say, asked again where a lock came between.
pub(super) async fn read(session: &mut Session, queries: &[Query<'_>]) -> Result<Vec<Rows>, PgError> {
    let mut attempt = 1;
    loop {
        match Reading::of(session).lock_timeout_ms(200).all(queries).await {
            Err(PgError::Server(error)) if error.sqlstate == "55P03" && attempt < ATTEMPTS => attempt += 1,
            read => return read,
        }
    }
}

impl Model {
    pub(super) async fn read(session: &mut Session, schemas: &[String]) -> Result<Self, PgError> {
        let schemas = (!schemas.is_empty()).then(|| crate::array(schemas.iter().map(String::as_str)));
        let params = [schemas.as_deref()];
        let queries = [
            Query::new(include_str!("../../queries/problems/context.sql"), &[]),
            Query::new(include_str!("../../queries/problems/indexes.sql"), &params),
            Query::new(include_str!("../../queries/problems/foreign_keys.sql"), &params),
            Query::new(include_str!("../../queries/problems/locked.sql"), &params),
        ];
        let read = read(session, &queries).await?;
        let mut model = Self::default();
        if let Some(row) = read[0].first() {
            model.database = text(row, 0);
            model.statistics = Statistics {
                counted_days: (row.parse::<f64>(1).unwrap_or(0.0) * 10.0).round() / 10.0,
                replicas: row.parse(2).unwrap_or(0),
                is_replica: row.is_true(3),
            };
            model.pgstattuple = row.get(4).map(str::to_owned);
        }
        model.indexes = read[1].iter().map(index).collect();
        model.foreign_keys = read[2].iter().map(foreign_key).collect();
        let locked = read[3]
            .iter()
            .map(|row| RelationName::in_schema(text(row, 0), text(row, 1)));
        model.locked = locked.collect();
        Ok(model)
    }
}

fn index(row: Row<'_>) -> Index {
    let words = |column: usize| -> Vec<String> {
        row.get(column)
            .unwrap_or_default()
            .split_ascii_whitespace()
            .map(str::to_owned)
            .collect()
    };
    let table = RelationName::in_schema(text(row, 2), text(row, 3));
    Index {
        oid: row.parse(1).unwrap_or(0),
        name: beside(&table, &text(row, 4)),
        table,
        method: text(row, 5),
        is_partitioned: row.is_true(6),
        is_unique: row.is_true(7),
        is_valid: row.is_true(8),
        is_ready: row.is_true(9),
        key_count: row.parse(10).unwrap_or(0),
        parts: list(row.get(11)),
        classes: words(12),
        collations: words(13),
        options: words(14),
        predicate: row.get(15).map(str::to_owned),
        nulls_not_distinct: row.is_true(16),
        is_replica_identity: row.is_true(17),
        is_clustered: row.is_true(18),
        has_constraint: row.is_true(19),
        is_partition: row.is_true(20),
        scans: row.parse(21).unwrap_or(0),
        bytes: row.parse(22).unwrap_or(0),
        tuples: row.parse(23).unwrap_or(0),
        is_in_progress: row.is_true(24),
        definition: text(row, 25),
        table_rows: row.parse(26).unwrap_or(0),
        table_bytes: row.parse(27).unwrap_or(0),
        width: row.parse(28),
        is_primary: row.is_true(30),
        storage: row.get(31).map(str::to_owned),
    }
}

fn foreign_key(row: Row<'_>) -> ForeignKey {
    ForeignKey {
        table: RelationName::in_schema(text(row, 0), text(row, 1)),
        name: text(row, 2),
        referenced: RelationName::in_schema(text(row, 3), text(row, 4)),
        columns: list(row.get(5)),
        rows: row.parse(6).unwrap_or(0),
        bytes: row.parse(7).unwrap_or(0),
        deleted: row.parse(8).unwrap_or(0),
        updated: row.parse(9).unwrap_or(0),
        is_partitioned: row.is_true(10),
    }
}

pub(super) fn text(row: Row<'_>, column: usize) -> String {
    row.get(column).unwrap_or_default().to_owned()
}

pub(super) fn list(json: Option<&str>) -> Vec<String> {
    json.and_then(|json| serde_json::from_str(json).ok())
        .unwrap_or_default()
}
