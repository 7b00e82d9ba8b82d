use std::collections::BTreeMap;

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
    /// Reads them, in one round trip.
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
        })
    }

    /// The size of a relation; for a partitioned table the sum is the caller's
    /// business. A name without a schema fits if only one relation has it.
    pub fn of(&self, relation: &RelationName) -> Option<&Size> {
        let mut found = self.relations.iter().filter(|size| match relation.schema {
            Some(_) => size.relation == *relation,
            None => size.relation.name == relation.name,
        });
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
