use std::collections::BTreeMap;
use std::fmt;

use howdah_sql::RelationName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a relation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RelationKind {
    /// An ordinary table.
    Table,
    /// A table with partitions.
    PartitionedTable,
    /// A partition that holds rows.
    Partition,
    /// A partition that has partitions itself.
    PartitionedPartition,
    /// A view.
    View,
    /// A materialized view.
    MaterializedView,
    /// A table of another server.
    ForeignTable,
    /// A sequence.
    Sequence,
    /// The fields of a composite type.
    CompositeType,
    /// An index.
    Index,
    /// The index of a partitioned table.
    PartitionedIndex,
    /// Where a table keeps its large values.
    ToastTable,
}

impl fmt::Display for RelationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Table => "table",
            Self::PartitionedTable => "partitioned table",
            Self::Partition => "partition",
            Self::PartitionedPartition => "partition with partitions",
            Self::View => "view",
            Self::MaterializedView => "materialized view",
            Self::ForeignTable => "foreign table",
            Self::Sequence => "sequence",
            Self::CompositeType => "composite type",
            Self::Index => "index",
            Self::PartitionedIndex => "partitioned index",
            Self::ToastTable => "TOAST table",
        })
    }
}

/// Everything that the catalog says of a relation. What is at its default, or
/// does not apply, is left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Relation {
    /// Its schema, not quoted.
    pub schema: String,
    /// Its name, not quoted.
    pub name: String,
    /// What it is.
    pub kind: RelationKind,
    /// The comment on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The role that owns it.
    pub owner: String,
    /// `unlogged` or `temporary`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub persistence: Option<String>,
    /// How many rows it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<RowEstimate>,
    /// Bytes on disk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<Sizes>,
    /// The columns, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<RelationColumn>,
    /// The columns of the primary key, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub primary_key: Vec<String>,
    /// Unique constraints. Unique indexes without a constraint are in `indexes` only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unique: Vec<Constraint>,
    /// Foreign keys to other tables.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub foreign_keys: Vec<Constraint>,
    /// Foreign keys of other tables to this one; the first hundred.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub referenced_by: Vec<ForeignReference>,
    /// How many there are, where that is more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub referenced_by_total: Option<u64>,
    /// Check constraints.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<Constraint>,
    /// Exclusion constraints, and not-null constraints that are not validated.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_constraints: Vec<Constraint>,
    /// Its indexes, the primary key's first; of an index, itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub indexes: Vec<Index>,
    /// `RANGE (at)`, of a partitioned table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition_key: Option<String>,
    /// `FOR VALUES …`, of a partition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition_bound: Option<String>,
    /// The table it is a partition of, or the tables it inherits from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parents: Vec<String>,
    /// Its partitions, or the tables that inherit from it; the first twenty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<Child>,
    /// How many there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub children_total: Option<u64>,
    /// `enabled`, `forced` (on the owner too), or `forced but not enabled`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row_security: Option<String>,
    /// Row-level security policies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<Policy>,
    /// Triggers, those of constraints aside.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub triggers: Vec<Trigger>,
    /// Rewrite rules, that of a view aside.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
    /// Extended statistics.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub statistics: Vec<Statistics>,
    /// Publications that it is in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub publications: Vec<String>,
    /// Views that read it, quoted; the first hundred.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub views: Vec<String>,
    /// The query of a view.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition: Option<String>,
    /// A materialized view that was never refreshed.
    #[serde(default, skip_serializing_if = "is_false")]
    pub not_populated: bool,
    /// The parameters of a sequence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence: Option<SequenceParameters>,
    /// The table of an index.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index_of: Option<String>,
    /// The table of a TOAST table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub toast_of: Option<String>,
    /// The composite type that gives a table its columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of_type: Option<String>,
    /// The server of a foreign table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// The options of a foreign table.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub server_options: Vec<String>,
    /// Storage parameters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    /// Its tablespace, where it is not the database's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tablespace: Option<String>,
    /// Its access method, where it is not `heap`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_method: Option<String>,
    /// What identifies a row in logical replication, where it is not the primary key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replica_identity: Option<String>,
    /// What roles other than the owner may do; `*` marks a right that they may pass on.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub privileges: BTreeMap<String, String>,
    /// What this role could not see or may not do, in sentences.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unseen: Vec<String>,
}

impl Relation {
    /// Its name with its schema.
    pub fn full_name(&self) -> RelationName {
        RelationName::in_schema(&self.schema, &self.name)
    }
}

/// A column of a relation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RelationColumn {
    /// Its name, not quoted.
    pub name: String,
    /// Its type with length or precision, as SQL takes it.
    #[serde(rename = "type")]
    pub type_name: String,
    /// Whether NULL is refused.
    #[serde(default, skip_serializing_if = "is_false")]
    pub not_null: bool,
    /// The default's expression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// The expression of a generated column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generated: Option<String>,
    /// A generated column that is computed when it is read.
    #[serde(default, rename = "virtual", skip_serializing_if = "is_false")]
    pub is_virtual: bool,
    /// `always` or `by default`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
    /// Its collation, where it is not that of the type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collation: Option<String>,
    /// The labels of its enum type, in order; the first hundred.
    #[serde(default, rename = "enum", skip_serializing_if = "Vec::is_empty")]
    pub enum_labels: Vec<String>,
    /// What its domain type stands for: base type and constraints.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// How large values are stored, where that is not as the type says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage: Option<String>,
    /// `pglz` or `lz4`, where that was chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compression: Option<String>,
    /// Its statistics target, where that was chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statistics: Option<i32>,
    /// Its options, such as `n_distinct`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    /// Its options on a foreign server.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub server_options: Vec<String>,
    /// Comes from a parent table alone.
    #[serde(default, skip_serializing_if = "is_false")]
    pub inherited: bool,
    /// What roles may do with this column in particular.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub privileges: BTreeMap<String, String>,
    /// The comment on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// A constraint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Constraint {
    /// Its name, not quoted.
    pub name: String,
    /// As it stands in ADD CONSTRAINT.
    pub definition: String,
    /// Rows from before it may violate it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub not_valid: bool,
    /// It is declared only (18 and later).
    #[serde(default, skip_serializing_if = "is_false")]
    pub not_enforced: bool,
    /// The comment on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// A foreign key of another table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ForeignReference {
    /// The table that refers, quoted.
    pub table: String,
    /// The constraint's name, not quoted.
    pub name: String,
    /// As it stands in ADD CONSTRAINT.
    pub definition: String,
    /// Rows from before it may violate it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub not_valid: bool,
}

/// An index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Index {
    /// Its name, not quoted.
    pub name: String,
    /// Method, columns or expressions, and predicate: what follows USING.
    pub definition: String,
    /// It is that of the primary key.
    #[serde(default, skip_serializing_if = "is_false")]
    pub primary: bool,
    /// It keeps values unique.
    #[serde(default, skip_serializing_if = "is_false")]
    pub unique: bool,
    /// The constraint that it serves, where that has another name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub constraint: Option<String>,
    /// Its bytes on disk; of a partitioned index with those of all partitions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Scans since the statistics were last reset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scans: Option<u64>,
    /// The planner does not use it: its build failed or is under way.
    #[serde(default, skip_serializing_if = "is_false")]
    pub invalid: bool,
    /// Writes do not maintain it yet.
    #[serde(default, skip_serializing_if = "is_false")]
    pub not_ready: bool,
    /// The table was last clustered by it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub clustered: bool,
    /// It identifies rows in logical replication.
    #[serde(default, skip_serializing_if = "is_false")]
    pub replica_identity: bool,
    /// Its tablespace, where it is not the database's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tablespace: Option<String>,
    /// The comment on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// A partition, or a table that inherits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Child {
    /// Its name, quoted, with its schema.
    pub name: String,
    /// `FOR VALUES …` or `DEFAULT`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound: Option<String>,
    /// How it is partitioned itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partitioned_by: Option<String>,
    /// Its rows by the statistics.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// A DETACH CONCURRENTLY of it was not finished.
    #[serde(default, skip_serializing_if = "is_false")]
    pub detach_pending: bool,
}

/// A row-level security policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Policy {
    /// Its name, not quoted.
    pub name: String,
    /// `ALL`, `SELECT`, `INSERT`, `UPDATE` or `DELETE`.
    pub command: String,
    /// It narrows what others permit.
    #[serde(default, skip_serializing_if = "is_false")]
    pub restrictive: bool,
    /// The roles it is for; none: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// Which rows are seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub using: Option<String>,
    /// Which rows may be written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with_check: Option<String>,
    /// The comment on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// A trigger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Trigger {
    /// Its name, not quoted.
    pub name: String,
    /// The statement that creates it.
    pub definition: String,
    /// `disabled`, `replica` or `always`, where it is not as usual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<String>,
    /// The comment on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// A rewrite rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rule {
    /// Its name, not quoted.
    pub name: String,
    /// The statement that creates it.
    pub definition: String,
    /// `disabled`, `replica` or `always`, where it is not as usual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<String>,
}

/// Extended statistics.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Statistics {
    /// Their name, quoted, with the schema.
    pub name: String,
    /// The statement that creates them.
    pub definition: String,
}

/// How many rows a relation has, as far as that is known without counting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RowEstimate {
    /// The number; left out where nothing is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimate: Option<u64>,
    /// Where it comes from: `statistics` (of the last ANALYZE or VACUUM),
    /// `statistics of the partitions`, `activity counters`, or `none`.
    pub source: String,
    /// Seconds since the last ANALYZE or VACUUM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statistics_age_s: Option<u64>,
    /// It was never analysed (or its counters were reset).
    #[serde(default, skip_serializing_if = "is_false")]
    pub never_analyzed: bool,
    /// Rows that were written since the last ANALYZE.
    #[serde(default, skip_serializing_if = "is_none_or_zero")]
    pub changed_since_analyze: Option<u64>,
    /// Dead rows that VACUUM has not removed.
    #[serde(default, skip_serializing_if = "is_none_or_zero")]
    pub dead: Option<u64>,
}

/// Bytes on disk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Sizes {
    /// Everything together.
    pub total_bytes: u64,
    /// The rows, with free space and visibility maps.
    pub heap_bytes: u64,
    /// All indexes.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub index_bytes: u64,
    /// Large values that are stored apart, with their index.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub toast_bytes: u64,
}

/// The parameters of a sequence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SequenceParameters {
    /// `bigint`, `integer` or `smallint`.
    #[serde(rename = "type")]
    pub type_name: String,
    /// The first value.
    pub start: i64,
    /// The step.
    pub increment: i64,
    /// The smallest value.
    pub min: i64,
    /// The largest value.
    pub max: i64,
    /// Values that a session takes at once.
    pub cache: i64,
    /// It starts over at its end.
    #[serde(default, skip_serializing_if = "is_false")]
    pub cycle: bool,
    /// The last value that was handed out; left out where none was, or the role may not know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_value: Option<i64>,
    /// The column that owns it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owned_by: Option<String>,
}

fn is_false(value: &bool) -> bool {
    !value
}

fn is_zero(value: &u64) -> bool {
    *value == 0
}

fn is_none_or_zero(value: &Option<u64>) -> bool {
    value.is_none_or(|value| value == 0)
}
