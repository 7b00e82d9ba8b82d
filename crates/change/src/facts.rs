//! What the target is like: everything that a plan depends on, read in two round trips.

mod family;
mod read;

pub(crate) use read::text_array;

use std::collections::BTreeMap;

use howdah_sql::RelationName;
use serde::Deserialize;

/// The server and the relations that a script names, with those that foreign keys,
/// partitions and inheritance tie to them.
#[derive(Debug, Clone, Deserialize)]
pub struct Facts {
    /// The server and the session.
    pub server: Server,
    /// The relations, by OID.
    pub relations: Vec<Relation>,
    /// The OIDs of names as the script writes them.
    pub resolved: BTreeMap<String, u32>,
    /// Relations that the script itself makes: new, empty, and nobody's but its own.
    pub created: Vec<RelationName>,
}

/// The server and the session.
#[derive(Debug, Clone, Deserialize)]
pub struct Server {
    /// Such as 150004.
    pub version_num: u32,
    /// The database's name.
    pub database: String,
    /// Who we are.
    pub role: String,
    /// Whether that is a superuser.
    pub superuser: bool,
    /// The `search_path` of the session.
    pub search_path: String,
    /// The `TimeZone` of the session.
    pub time_zone: String,
    /// Whether it is a replica, on which nothing can be changed.
    pub in_recovery: bool,
    /// Whether the journal's schema is there or may be made.
    pub may_create: bool,
    /// Some further settings, as `pg_settings` shows them.
    pub settings: BTreeMap<String, String>,
}

impl Server {
    /// The major version: 15.
    pub fn major(&self) -> u32 {
        self.version_num / 10_000
    }
}

/// A name in its schema.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct QualifiedName {
    /// The schema.
    pub schema: String,
    /// The name.
    pub name: String,
}

impl From<&QualifiedName> for RelationName {
    fn from(name: &QualifiedName) -> Self {
        Self::in_schema(&name.schema, &name.name)
    }
}

/// A relation with everything that hangs on it.
#[derive(Debug, Clone, Deserialize)]
pub struct Relation {
    /// Its OID.
    pub oid: u32,
    /// Whether the script names it; the others are tied to one that it names.
    pub named: bool,
    #[serde(rename = "name")]
    qualified: QualifiedName,
    /// As in `pg_class.relkind`: `r` table, `p` partitioned table, `v` view, `m` materialized view, …
    pub kind: char,
    /// As in `pg_class.relpersistence`: `p` permanent, `u` unlogged, `t` temporary.
    pub persistence: char,
    /// Its owner.
    pub owner: String,
    /// Whether we have the owner's rights.
    pub is_ours: bool,
    /// How many rows it is thought to have; `None` where it was never analysed.
    pub rows: Option<u64>,
    /// Bytes of its main fork.
    pub heap_bytes: u64,
    /// Bytes with indexes and TOAST.
    pub total_bytes: u64,
    /// Storage parameters: `fillfactor=70`.
    pub options: Vec<String>,
    /// Whether row-level security is on.
    pub row_security: bool,
    /// Whether it is on for the owner too.
    pub force_row_security: bool,
    /// As in `pg_class.relreplident`.
    pub replica_identity: char,
    /// Whether it is a typed table.
    pub of_type: bool,
    /// How many columns it has had; those that were dropped count.
    pub attributes: u32,
    /// Whether a table has rewrite rules.
    pub has_rules: bool,
    /// `RANGE (at)`, of a partitioned table.
    pub partition_key: Option<String>,
    /// `FOR VALUES …`, of a partition.
    pub partition_bound: Option<String>,
    /// The columns of its partition key.
    pub partition_columns: Vec<String>,
    /// What it inherits from or is a partition of.
    pub parents: Vec<u32>,
    /// What inherits from it; its partitions.
    pub children: Vec<u32>,
    /// The extension that it belongs to.
    pub extension: Option<String>,
    /// Its columns, without dropped ones.
    pub columns: Vec<Column>,
    /// Its constraints; NOT NULL among them from PostgreSQL 18.
    pub constraints: Vec<Constraint>,
    /// Foreign keys that refer to it.
    pub referenced_by: Vec<ForeignKey>,
    /// Its indexes.
    pub indexes: Vec<Index>,
    /// Its triggers, without those of constraints.
    pub triggers: Vec<Trigger>,
    /// Its policies.
    pub policies: Vec<Policy>,
    /// Its extended statistics.
    pub statistics: Vec<Statistics>,
    /// What else depends on its columns.
    pub dependents: Vec<Dependent>,
    /// Publications that name it.
    pub publications: Vec<String>,
}

/// A column.
#[derive(Debug, Clone, Deserialize)]
pub struct Column {
    /// Its number.
    pub attnum: i16,
    /// Its name.
    pub name: String,
    /// `character varying(20)`.
    #[serde(rename = "type")]
    pub type_name: String,
    /// Its type.
    pub type_oid: u32,
    /// Its type modifier, −1 for none.
    pub typmod: i32,
    /// As in `pg_type.typtype`: `b` base, `d` domain, `e` enum, `c` composite, …
    pub type_kind: char,
    /// Its collation, quoted, where it is not the type's own.
    pub collation: Option<String>,
    /// Whether it is NOT NULL.
    pub not_null: bool,
    /// Its default expression.
    pub default: Option<String>,
    /// As in `pg_attribute.attgenerated`: empty, `s` stored, `v` virtual.
    pub generated: String,
    /// The expression of a generated column.
    pub expression: Option<String>,
    /// As in `pg_attribute.attidentity`: empty, `a` always, `d` by default.
    pub identity: String,
    /// The sequence of an identity column.
    pub sequence: Option<IdentitySequence>,
    /// Sequences that are owned by it, as `serial` makes them.
    pub owned_sequences: Vec<QualifiedName>,
    /// Its statistics target, where it is set.
    pub statistics_target: Option<i32>,
    /// Its storage, where it is not the type's own.
    pub storage: Option<char>,
    /// `n_distinct=…`.
    pub options: Vec<String>,
    /// Its compression method (`p`, `l`), where it is set.
    pub compression: Option<char>,
    /// The privileges on it alone.
    pub grants: Vec<Grant>,
    /// Its comment.
    pub comment: Option<String>,
    /// Whether it is (also) declared here, rather than inherited only.
    pub is_local: bool,
    /// Whether it is inherited.
    pub inherited: bool,
}

/// A privilege on a column.
#[derive(Debug, Clone, Deserialize)]
pub struct Grant {
    /// The role, quoted, or PUBLIC.
    pub grantee: String,
    /// `SELECT`, `INSERT`, `UPDATE`, `REFERENCES`.
    pub privilege: String,
    /// Whether it may be granted on.
    pub grantable: bool,
}

/// The sequence behind an identity column.
#[derive(Debug, Clone, Deserialize)]
pub struct IdentitySequence {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// Its type: `integer`.
    #[serde(rename = "type")]
    pub type_name: String,
    /// START WITH.
    pub start: i64,
    /// INCREMENT BY.
    pub increment: i64,
    /// MINVALUE.
    pub min: i64,
    /// MAXVALUE.
    pub max: i64,
    /// CACHE.
    pub cache: i64,
    /// CYCLE.
    pub cycle: bool,
    /// Its comment.
    pub comment: Option<String>,
    /// The privileges on it, where any were granted.
    pub grants: Vec<Grant>,
}

/// A constraint of a table.
#[derive(Debug, Clone, Deserialize)]
pub struct Constraint {
    /// Its OID.
    pub oid: u32,
    /// Its name.
    pub name: String,
    /// As in `pg_constraint.contype`: `c` check, `f` foreign key, `p` primary key, `u` unique, `x` exclusion, `n` not null.
    pub kind: char,
    /// As the server deparses it.
    pub definition: String,
    /// Whether existing rows are known to fulfil it.
    pub validated: bool,
    /// Whether it can be deferred.
    pub deferrable: bool,
    /// Its columns, in order.
    pub columns: Vec<String>,
    /// The index of a primary key, unique or exclusion constraint.
    pub index: Option<String>,
    /// What a foreign key refers to.
    pub references: Option<u32>,
    /// The columns that it refers to.
    pub referenced_columns: Vec<String>,
    /// Whether it comes from a parent.
    pub inherited: bool,
    /// Whether children do not get it.
    pub no_inherit: bool,
    /// Its comment.
    pub comment: Option<String>,
}

/// A foreign key, seen from the table that it refers to.
#[derive(Debug, Clone, Deserialize)]
pub struct ForeignKey {
    /// Its name.
    pub name: String,
    /// The table that it is on.
    pub table: u32,
    /// The columns there.
    pub columns: Vec<String>,
    /// The columns that it refers to.
    pub referenced_columns: Vec<String>,
    /// The unique index that it relies on.
    pub index: Option<String>,
    /// As the server deparses it.
    pub definition: String,
    /// Whether existing rows are known to fulfil it.
    pub validated: bool,
    /// Whether it comes from the key of a partitioned table.
    pub inherited: bool,
    /// Its comment.
    pub comment: Option<String>,
}

/// An index.
#[derive(Debug, Clone, Deserialize)]
pub struct Index {
    /// Its name; it lies in its table's schema.
    pub name: String,
    /// As the server deparses it: `CREATE UNIQUE INDEX …`.
    pub definition: String,
    /// Its access method.
    pub method: String,
    /// Its size.
    pub bytes: u64,
    /// Whether it is unique.
    pub unique: bool,
    /// Whether it is the primary key's.
    pub primary: bool,
    /// Whether uniqueness is enforced at once.
    pub immediate: bool,
    /// Whether it can be used for queries.
    pub valid: bool,
    /// Whether it belongs to an index of a partitioned table.
    pub attached: bool,
    /// The index of the partitioned table that it belongs to.
    pub above: Option<String>,
    /// Whether CLUSTER used it last.
    pub clustered: bool,
    /// Whether it is the replica identity.
    pub replica_identity: bool,
    /// Whether it has a predicate.
    pub partial: bool,
    /// Whether it has expressions.
    pub expressions: bool,
    /// How many of its columns are keys; the others are included.
    pub key_columns: usize,
    /// Its columns in order, empty for an expression.
    pub columns: Vec<String>,
    /// Every column that it depends on, in keys, expressions and predicate.
    pub mentions: Vec<String>,
    /// Storage parameters.
    pub options: Vec<String>,
    /// Its tablespace, where it is not the database's own.
    pub tablespace: Option<String>,
    /// Statistics targets of its expressions.
    pub statistics: Vec<IndexStatistics>,
    /// Its comment.
    pub comment: Option<String>,
}

/// The statistics target of a column of an index.
#[derive(Debug, Clone, Deserialize)]
pub struct IndexStatistics {
    /// Which column, counted from 1.
    pub position: u16,
    /// The target.
    pub target: i32,
}

/// A trigger.
#[derive(Debug, Clone, Deserialize)]
pub struct Trigger {
    /// Its name.
    pub name: String,
    /// As the server deparses it.
    pub definition: String,
    /// As in `pg_trigger.tgenabled`: `O` origin, `A` always, `R` replica, `D` disabled.
    pub enabled: char,
    /// Whether it is BEFORE … FOR EACH ROW.
    pub before_row: bool,
    /// Whether it is FOR EACH ROW.
    pub row: bool,
    /// Whether UPDATE fires it.
    pub on_update: bool,
    /// The columns of UPDATE OF.
    pub columns: Vec<String>,
}

/// A row-level security policy.
#[derive(Debug, Clone, Deserialize)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// Whether it is permissive.
    pub permissive: bool,
}

/// An extended statistics object.
#[derive(Debug, Clone, Deserialize)]
pub struct Statistics {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// As the server deparses it: `CREATE STATISTICS …`.
    pub definition: String,
    /// The columns that it depends on.
    pub columns: Vec<String>,
    /// Its statistics target, where it is set.
    pub target: Option<i32>,
    /// Its owner.
    pub owner: String,
    /// Its comment.
    pub comment: Option<String>,
}

/// Something beside indexes, constraints and statistics that depends on a column.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Dependent {
    /// The column.
    pub column: String,
    /// `view`, `rule`, `policy`, `generated column`, `function`, `trigger`, `publication`, or a catalog's name.
    pub what: String,
    /// Which one, in words.
    pub name: String,
}

impl Relation {
    /// Its name in its schema.
    pub fn name(&self) -> RelationName {
        (&self.qualified).into()
    }

    /// Its schema.
    pub fn schema(&self) -> &str {
        &self.qualified.schema
    }

    /// The column of that name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The constraint of that name.
    pub fn constraint(&self, name: &str) -> Option<&Constraint> {
        self.constraints.iter().find(|constraint| constraint.name == name)
    }

    /// The index of that name.
    pub fn index(&self, name: &str) -> Option<&Index> {
        self.indexes.iter().find(|index| index.name == name)
    }

    /// Rows that it is thought to have; from its size where it was never analysed, at 100 bytes a row.
    pub fn row_estimate(&self) -> u64 {
        self.rows
            .filter(|rows| *rows > 0 || self.heap_bytes == 0)
            .unwrap_or(self.heap_bytes / 100)
    }

    /// Whether it is a plain table: neither partitioned nor a partition, no inheritance in
    /// either direction, not foreign, not typed.
    pub fn is_plain_table(&self) -> bool {
        self.kind == 'r' && self.parents.is_empty() && self.children.is_empty() && !self.of_type
    }
}

impl Facts {
    /// The relation of that OID.
    pub fn by_oid(&self, oid: u32) -> Option<&Relation> {
        self.relations.iter().find(|relation| relation.oid == oid)
    }

    /// The relation that the script means by this name.
    pub fn relation(&self, name: &RelationName) -> Option<&Relation> {
        match self.resolved.get(&name.to_string()) {
            Some(oid) => self.by_oid(*oid),
            None => self.relations.iter().find(|relation| relation.name() == *name),
        }
    }

    /// The same, to record what a statement of the script changes for those after it.
    pub fn relation_mut(&mut self, name: &RelationName) -> Option<&mut Relation> {
        let oid = self.relation(name)?.oid;
        self.relations.iter_mut().find(|relation| relation.oid == oid)
    }

    /// Whether the script itself made it before.
    pub fn is_created(&self, name: &RelationName) -> bool {
        self.created.iter().any(|created| {
            created.name == name.name
                && (created.schema == name.schema || created.schema.is_none() || name.schema.is_none())
        })
    }
}
