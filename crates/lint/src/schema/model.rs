use std::collections::{HashMap, HashSet};

use howdah_sql::{RelationName, quote_ident};

use super::statistics::ColumnStatistics;

/// The tables of a database and what belongs to them, as the catalog and the
/// statistics know them: what the rules of the schema family judge.
#[derive(Debug, Default)]
pub struct SchemaModel {
    /// What is true of the database as a whole.
    pub context: Context,
    /// Sorted by schema and name. Partitions are among them, without columns.
    pub tables: Vec<Table>,
    /// Sorted by schema and name.
    pub sequences: Vec<Sequence>,
    /// Schemas in which everybody may create objects.
    pub open_schemas: Vec<String>,
    /// Functions that run with their owner's rights and set no `search_path`, as
    /// `ALTER` names them: `FUNCTION public.f(integer)`.
    pub definer_functions: Vec<DefinerFunction>,
    /// Enum types and their number of labels.
    pub enums: Vec<(RelationName, u32)>,
    /// Foreign keys by the table that they refer to.
    pub(super) referencing: HashMap<u32, Vec<(usize, usize)>>,
    pub(super) by_oid: HashMap<u32, usize>,
    /// Names of tables, indexes and sequences that are taken.
    pub(super) taken: HashSet<RelationName>,
}

/// What is true of the database as a whole.
#[derive(Debug, Default, Clone)]
pub struct Context {
    /// Its name.
    pub database: String,
    /// As `server_version_num`: 150004.
    pub version_num: u32,
    /// The role that looked.
    pub role: String,
    /// Seconds since 1970 at the server.
    pub now_s: i64,
    /// Seconds that the counters of activity have been counting.
    pub counted_for_s: i64,
    /// Bytes of a page.
    pub block_bytes: u64,
    /// Whether it is a standby, whose counters are its own.
    pub is_standby: bool,
    /// Whether the tables hold what they hold in use. Not so in a scratch database
    /// that was made from files of DDL: there nothing follows from a table's being small.
    pub is_populated: bool,
}

/// A function that runs with the rights of its owner.
#[derive(Debug, Clone)]
pub struct DefinerFunction {
    /// Its schema and name.
    pub name: RelationName,
    /// With the word that `ALTER` wants before it, and its argument types.
    pub signature: String,
}

/// What sort of table it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableKind {
    /// With rows of its own.
    Ordinary,
    /// Whose rows are in its partitions.
    Partitioned,
    /// On another server.
    Foreign,
}

/// A table.
#[derive(Debug)]
pub struct Table {
    /// In `pg_class`.
    pub oid: u32,
    /// With its schema.
    pub name: RelationName,
    /// What sort.
    pub kind: TableKind,
    /// Whether it is a part of another.
    pub is_partition: bool,
    /// What it inherits from, or is a partition of.
    pub parents: Vec<u32>,
    /// Rows by the statistics, or else by the counters; of a partitioned table, those of its partitions.
    pub rows: Option<u64>,
    /// Bytes of its main fork by the statistics; of a partitioned table, those of its partitions.
    pub heap_bytes: u64,
    /// Whether it is lost in a crash.
    pub is_unlogged: bool,
    /// Whether row-level security is switched on.
    pub has_row_security: bool,
    /// Its policies.
    pub policies: u32,
    /// Whom it belongs to.
    pub owner: String,
    /// Whether there is a comment on it.
    pub has_comment: bool,
    /// Whether this role may read it.
    pub is_readable: bool,
    /// The privileges that everybody has on it.
    pub public_privileges: Option<String>,
    /// What was done with it.
    pub activity: Activity,
    /// Seconds since it was analysed.
    pub analyzed_age_s: Option<i64>,
    /// By their place.
    pub columns: Vec<Column>,
    /// By name.
    pub constraints: Vec<Constraint>,
    /// By name.
    pub indexes: Vec<Index>,
    /// Triggers that do not fire, by name.
    pub disabled_triggers: Vec<String>,
}

/// Counters of a table since the statistics were reset; of a partitioned table, those of its partitions.
#[derive(Debug, Clone, Copy, Default)]
pub struct Activity {
    /// Sequential scans.
    pub seq_scans: u64,
    /// Index scans of all its indexes.
    pub index_scans: u64,
    /// Rows inserted.
    pub inserted: u64,
    /// Rows updated.
    pub updated: u64,
    /// Rows deleted.
    pub deleted: u64,
}

/// A column of a table.
#[derive(Debug)]
pub struct Column {
    /// Its number in `pg_attribute`.
    pub number: i16,
    /// Its name.
    pub name: String,
    /// Its type as SQL writes it: `character varying(20)`.
    pub type_name: String,
    /// The name of its type, or of the type below its domain: `varchar`, `int4`, `_text`.
    pub base_type: String,
    /// Whether that is a type of PostgreSQL's own.
    pub is_builtin: bool,
    /// Whether that is an enum.
    pub is_enum: bool,
    /// The oid of that type.
    pub base_oid: u32,
    /// Its modifier; −1 without.
    pub typmod: i32,
    /// Whether NULL is ruled out, by the column or its domain.
    pub is_not_null: bool,
    /// Whether its values are drawn from an identity.
    pub is_identity: bool,
    /// Whether it is computed from the others.
    pub is_generated: bool,
    /// Its default, or the expression that it is computed by.
    pub default: Option<String>,
    /// Whether there is a comment on it.
    pub has_comment: bool,
    /// Its collation; 0 without.
    pub collation: u32,
    /// What ANALYZE found, where this role may know.
    pub statistics: Option<ColumnStatistics>,
}

/// The sorts of constraints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConstraintKind {
    /// PRIMARY KEY.
    PrimaryKey,
    /// UNIQUE.
    Unique,
    /// FOREIGN KEY.
    ForeignKey,
    /// CHECK.
    Check,
    /// EXCLUDE.
    Exclusion,
    /// NOT NULL, where it is not validated.
    NotNull,
}

/// A constraint of a table.
#[derive(Debug)]
pub struct Constraint {
    /// Its name.
    pub name: String,
    /// What sort.
    pub kind: ConstraintKind,
    /// The numbers of its columns, in its order.
    pub columns: Vec<i16>,
    /// The table that a foreign key refers to.
    pub references: Option<u32>,
    /// The numbers of the columns there.
    pub referenced_columns: Vec<i16>,
    /// Whether `ON DELETE` says nothing, or `NO ACTION`, which the catalog cannot tell apart.
    pub is_delete_unchosen: bool,
    /// Whether the rows that were there before are known to satisfy it.
    pub is_validated: bool,
    /// Whether it can wait for the end of the transaction.
    pub is_deferrable: bool,
    /// The index behind it.
    pub index: u32,
    /// The definition of a CHECK.
    pub definition: Option<String>,
}

/// An index of a table.
#[derive(Debug)]
pub struct Index {
    /// In `pg_class`.
    pub oid: u32,
    /// Its name, in the schema of its table.
    pub name: String,
    /// `btree`, `gin`, ….
    pub method: String,
    /// Whether it rules out duplicates.
    pub is_unique: bool,
    /// Whether it is the primary key's.
    pub is_primary: bool,
    /// Whether queries may use it.
    pub is_valid: bool,
    /// Whether writes maintain it.
    pub is_ready: bool,
    /// The numbers of its key columns; 0 for an expression.
    pub keys: Vec<i16>,
    /// The numbers of its `INCLUDE` columns.
    pub included: Vec<i16>,
    /// Operator classes of the keys, as text for comparison.
    pub operator_classes: Vec<String>,
    /// Collations of the keys, as text for comparison.
    pub collations: Vec<String>,
    /// Directions and order of NULLs of the keys, as text for comparison.
    pub options: Vec<String>,
    /// Its expressions, deparsed.
    pub expressions: Option<String>,
    /// Its predicate, deparsed.
    pub predicate: Option<String>,
    /// Whether two NULLs are duplicates to it.
    pub nulls_not_distinct: bool,
    /// Whether logical replication identifies rows by it.
    pub is_replica_identity: bool,
    /// Whether the table is clustered by it.
    pub is_clustered: bool,
    /// Whether it is the index of a constraint.
    pub has_constraint: bool,
    /// Whether a foreign key relies on it.
    pub is_referenced: bool,
    /// Whether it is a part of a partitioned index.
    pub is_partition: bool,
    /// How often it was scanned.
    pub scans: u64,
    /// Its bytes by the statistics.
    pub bytes: u64,
    /// Whether it is being built.
    pub is_in_progress: bool,
    /// Its storage parameters, as text for comparison.
    pub parameters: String,
}

/// A sequence.
#[derive(Debug)]
pub struct Sequence {
    /// In `pg_class`.
    pub oid: u32,
    /// With its schema.
    pub name: RelationName,
    /// `integer`, `bigint`, `smallint`.
    pub type_name: String,
    /// The smallest value.
    pub min: i64,
    /// The largest value.
    pub max: i64,
    /// From one value to the next.
    pub increment: i64,
    /// Whether it begins again.
    pub cycles: bool,
    /// The table and the number of the column that it belongs to.
    pub owned_by: Option<(u32, i16)>,
    /// Whether that is an identity column, no serial one.
    pub is_identity: bool,
    /// The last value drawn; `None` where none was, or this role may not know.
    pub last_value: Option<i64>,
    /// Whether this role may know the last value.
    pub is_readable: bool,
    /// Roles that may insert into the table and not draw from this sequence of a serial column.
    pub roles_without_grant: Vec<String>,
}

impl SchemaModel {
    /// The table with that oid, if it is reviewed.
    pub fn table(&self, oid: u32) -> Option<&Table> {
        self.by_oid.get(&oid).map(|&index| &self.tables[index])
    }

    /// The tables that somebody designed: all but partitions.
    pub fn designed(&self) -> impl Iterator<Item = &Table> {
        self.tables.iter().filter(|table| !table.is_partition)
    }

    /// The foreign keys that refer to the table, each with the table that has it.
    pub fn referencing(&self, oid: u32) -> impl Iterator<Item = (&Table, &Constraint)> {
        self.referencing
            .get(&oid)
            .into_iter()
            .flatten()
            .map(|&(table, constraint)| {
                let table = &self.tables[table];
                (table, &table.constraints[constraint])
            })
    }

    /// A name for a new index or constraint of the table, made of these parts, that PostgreSQL
    /// keeps whole and nothing has yet.
    pub fn free_name(&self, table: &Table, parts: &[&str]) -> String {
        let is_free = |name: &str| {
            let relation = RelationName {
                schema: table.name.schema.clone(),
                name: name.to_owned(),
            };
            !self.taken.contains(&relation)
                && !table.constraints.iter().any(|constraint| constraint.name == name)
        };
        let (mut name, mut number) = (shortened(parts, ""), 1);
        while !is_free(&name) {
            number += 1;
            name = shortened(parts, &number.to_string());
        }
        name
    }

    /// Leaves out all that rows, or their absence, say.
    pub(super) fn forget_rows(&mut self) {
        for table in &mut self.tables {
            table.rows = None;
            table.activity = Activity::default();
            table.analyzed_age_s = None;
            for column in &mut table.columns {
                column.statistics = None;
            }
        }
        for sequence in &mut self.sequences {
            sequence.last_value = None;
        }
    }

    /// Days that the counters of activity have been counting.
    pub fn counted_days(&self) -> f64 {
        self.context.counted_for_s as f64 / 86_400.0
    }
}

impl Table {
    /// The column with that number.
    pub fn column(&self, number: i16) -> Option<&Column> {
        // Numbers count from 1 and have gaps only where columns were dropped.
        let guess = usize::try_from(number).ok()?.checked_sub(1)?;
        match self.columns.get(guess) {
            Some(column) if column.number == number => Some(column),
            _ => self.columns.iter().find(|column| column.number == number),
        }
    }

    /// The column of that name.
    pub fn named(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The names of these columns as SQL lists them.
    pub fn column_list(&self, numbers: &[i16]) -> String {
        let names: Vec<String> = numbers
            .iter()
            .map(|&number| {
                self.column(number)
                    .map_or("?".to_owned(), |c| quote_ident(&c.name))
            })
            .collect();
        names.join(", ")
    }

    /// Its primary key.
    pub fn primary_key(&self) -> Option<&Constraint> {
        self.constraints
            .iter()
            .find(|constraint| constraint.kind == ConstraintKind::PrimaryKey)
    }

    /// Its foreign keys.
    pub fn foreign_keys(&self) -> impl Iterator<Item = &Constraint> {
        self.constraints
            .iter()
            .filter(|constraint| constraint.kind == ConstraintKind::ForeignKey)
    }

    /// The foreign keys that the column is a part of.
    pub fn foreign_keys_of(&self, number: i16) -> impl Iterator<Item = &Constraint> {
        self.foreign_keys()
            .filter(move |key| key.columns.contains(&number))
    }

    /// Whether a CHECK speaks of the column.
    pub fn has_check_on(&self, number: i16) -> bool {
        self.constraints
            .iter()
            .any(|c| c.kind == ConstraintKind::Check && c.columns.contains(&number))
    }

    /// Whether the column is a part of its primary key, or of a unique index that holds for all rows.
    pub fn is_in_key(&self, number: i16) -> bool {
        self.primary_key()
            .is_some_and(|key| key.columns.contains(&number))
            || self
                .indexes
                .iter()
                .any(|i| i.is_unique && i.predicate.is_none() && i.keys.contains(&number))
    }

    /// Whether the column alone tells its rows apart.
    pub fn is_unique_by(&self, number: i16) -> bool {
        self.primary_key().is_some_and(|key| key.columns == [number])
            || self
                .indexes
                .iter()
                .any(|i| i.is_unique && i.is_valid && i.predicate.is_none() && i.keys == [number])
    }

    /// Whether it is known to hold at least as many rows.
    pub fn has_rows(&self, at_least: u64) -> bool {
        self.rows.is_some_and(|rows| rows >= at_least)
    }

    /// Its rows as a person says them.
    pub fn rows_text(&self) -> String {
        match self.rows {
            Some(rows) => format!("about {} rows", grouped(rows)),
            None => "an unknown number of rows (never analysed)".to_owned(),
        }
    }
}

impl Column {
    /// Whether its type is one of these of PostgreSQL's own, by their names in `pg_type`.
    pub fn is_a(&self, types: &[&str]) -> bool {
        self.is_builtin && types.contains(&self.base_type.as_str())
    }

    /// Whether it is of a string type.
    pub fn is_text(&self) -> bool {
        self.is_a(&["text", "varchar", "bpchar"])
    }

    /// Whether it is of an integer type.
    pub fn is_integer(&self) -> bool {
        self.is_a(&["int2", "int4", "int8"])
    }

    /// The largest value of its integer type.
    pub fn integer_max(&self) -> Option<i64> {
        match self.base_type.as_str() {
            _ if !self.is_builtin => None,
            "int2" => Some(i64::from(i16::MAX)),
            "int4" => Some(i64::from(i32::MAX)),
            "int8" => Some(i64::MAX),
            _ => None,
        }
    }

    /// Whether its default draws from a sequence.
    pub fn is_serial(&self) -> bool {
        !self.is_identity
            && self
                .default
                .as_deref()
                .is_some_and(|default| default.starts_with("nextval("))
    }

    /// Whether the database gives it values that mean nothing outside: keys and tokens.
    pub fn is_surrogate(&self) -> bool {
        let made = |default: &str| {
            [
                "nextval(",
                "gen_random_uuid(",
                "uuid_generate_",
                "uuidv7(",
                "uuidv4(",
            ]
            .iter()
            .any(|call| default.contains(call))
        };
        self.is_identity || self.default.as_deref().is_some_and(made)
    }
}

impl Index {
    /// Whether it serves lookups by these columns, in any order, for all rows that a
    /// foreign key can be about.
    pub fn leads_with(&self, columns: &[i16], table: &Table) -> bool {
        if !self.is_valid
            || !["btree", "hash"].contains(&self.method.as_str())
            || self.keys.len() < columns.len()
        {
            return false;
        }
        let leading = &self.keys[..columns.len()];
        let covered = columns.iter().all(|column| leading.contains(column));
        covered
            && self
                .predicate
                .as_deref()
                .is_none_or(|p| is_not_null_of(p, columns, table))
    }
}

/// Whether a predicate only says that one of the columns is not null: rows where it is
/// are none that a foreign key has to find.
fn is_not_null_of(predicate: &str, columns: &[i16], table: &Table) -> bool {
    columns
        .iter()
        .filter_map(|&number| table.column(number))
        .any(|column| predicate == format!("({} IS NOT NULL)", quote_ident(&column.name)))
}

/// The parts as one name of at most 63 bytes, of which the last part and the suffix are kept whole.
fn shortened(parts: &[&str], suffix: &str) -> String {
    let (last, before) = parts
        .split_last()
        .map_or(("", parts), |(last, before)| (*last, before));
    let mut name = before.join("_");
    let end = format!("_{last}{suffix}");
    while name.len() + end.len() > 63 && name.pop().is_some() {}
    name + &end
}

/// A number with thin groups of three, as `1,234,567`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
