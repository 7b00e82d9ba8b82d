use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

use howdah_pg::Connection;
use howdah_pg::catalog::{Query, Reading};
use howdah_sql::RelationName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::RehearseError;

/// Sizes of a target's tables and materialized views, from its statistics.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Sizes {
    /// One entry for each table, partition and materialized view, in order of name.
    pub relations: Vec<Size>,
    /// How fast its reads were so far; `None` where `track_io_timing` is off, or too little was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reads: Option<ReadRate>,
    /// The numbers of the relations of a name, whatever their schema.
    #[serde(skip)]
    by_name: OnceLock<HashMap<String, Vec<usize>>>,
}

/// How fast a server has read into its buffers, from its own counters: from disks, or from the
/// system's cache.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReadRate {
    /// On average.
    pub bytes_per_second: f64,
    /// Over so many bytes.
    pub bytes: f64,
}

impl ReadRate {
    /// Less is no measurement: one slow moment would decide.
    const ENOUGH_BYTES: f64 = 64.0 * 1024.0 * 1024.0;

    fn of(bytes: f64, milliseconds: f64) -> Option<Self> {
        let is_measured = bytes >= Self::ENOUGH_BYTES && milliseconds > 0.0;
        is_measured.then(|| Self {
            bytes_per_second: bytes / milliseconds * 1000.0,
            bytes,
        })
    }

    /// Reads it from the statistics of its server.
    async fn capture(connection: &mut Connection) -> Result<Option<Self>, RehearseError> {
        let sql = match connection.version_num() / 10_000 {
            18.. => include_str!("../queries/reads/io_18.sql"),
            16 | 17 => include_str!("../queries/reads/io_16.sql"),
            _ => include_str!("../queries/reads/database.sql"),
        };
        let rows = Reading::of(connection)
            .one(&Query::new(sql, &[]))
            .await
            .map_err(RehearseError::Target)?;
        let mut measured = rows
            .iter()
            .filter_map(|row| Self::of(row.parse(0)?, row.parse(1)?));
        Ok(measured.next())
    }
}

/// How large a relation is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Size {
    /// The relation, with its schema.
    #[schemars(with = "String")]
    pub relation: RelationName,
    /// Rows, as VACUUM or ANALYZE last estimated them, or extrapolated from the
    /// table's pages; `None` where it was never vacuumed or analyzed, and is not empty.
    pub rows: Option<f64>,
    /// Bytes of its heap, without indexes and TOAST.
    pub heap_bytes: u64,
    /// Bytes of it all: heap, TOAST and indexes.
    pub total_bytes: u64,
}

impl Sizes {
    /// Reads them, in two round trips.
    pub async fn capture(connection: &mut Connection) -> Result<Self, RehearseError> {
        let rows = Reading::of(connection)
            .one(&Query::new(include_str!("../queries/sizes.sql"), &[]))
            .await
            .map_err(RehearseError::Target)?;
        let relations = rows.iter().map(|row| Size {
            relation: RelationName::in_schema(row.get(0).unwrap_or_default(), row.get(1).unwrap_or_default()),
            rows: row.parse(2),
            heap_bytes: row.parse(3).unwrap_or_default(),
            total_bytes: row.parse(4).unwrap_or_default(),
        });
        Ok(Self {
            relations: relations.collect(),
            reads: ReadRate::capture(connection).await?,
            by_name: OnceLock::new(),
        })
    }

    /// The size of a relation; for a partitioned table the sum is the caller's
    /// business. A name without a schema fits if only one relation has it.
    pub fn of(&self, relation: &RelationName) -> Option<&Size> {
        let by_name = self.by_name.get_or_init(|| {
            let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
            for (number, size) in self.relations.iter().enumerate() {
                by_name
                    .entry(size.relation.name.clone())
                    .or_default()
                    .push(number);
            }
            by_name
        });
        let of_name = by_name.get(&relation.name).into_iter().flatten();
        let mut found = of_name
            .map(|number| &self.relations[*number])
            .filter(|size| relation.schema.is_none() || size.relation == *relation);
        match (found.next(), found.next()) {
            (Some(size), None) => Some(size),
            _ => None,
        }
    }

    /// By name.
    pub fn by_name(&self) -> BTreeMap<&RelationName, &Size> {
        self.relations.iter().map(|size| (&size.relation, size)).collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_rate_takes_enough_bytes_and_a_clock() {
        let gib = 1024.0 * 1024.0 * 1024.0;
        assert_eq!(ReadRate::of(gib, 4000.0).unwrap().bytes_per_second, gib / 4.0);
        assert_eq!(ReadRate::of(gib, 0.0), None);
        assert_eq!(ReadRate::of(1e6, 10.0), None);
    }

    #[test]
    fn names_without_a_schema_fit_where_only_one_relation_has_them() {
        let size = |schema: &str, name: &str, heap_bytes| Size {
            relation: RelationName::in_schema(schema, name),
            rows: None,
            heap_bytes,
            total_bytes: heap_bytes,
        };
        let sizes = Sizes {
            relations: vec![size("a", "t", 1), size("b", "t", 2), size("b", "u", 3)],
            ..Sizes::default()
        };
        let bytes = |relation: &RelationName| sizes.of(relation).map(|size| size.heap_bytes);
        let bare = |name: &str| RelationName {
            schema: None,
            name: name.to_owned(),
        };
        assert_eq!(bytes(&RelationName::in_schema("b", "t")), Some(2));
        assert_eq!(bytes(&bare("u")), Some(3));
        assert_eq!(bytes(&bare("t")), None);
        assert_eq!(bytes(&RelationName::in_schema("a", "u")), None);
    }
}
