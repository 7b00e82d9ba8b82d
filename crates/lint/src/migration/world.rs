use std::collections::{HashMap, HashSet};

use super::Key;
use crate::predict::Body;

/// What is known without a server of the database that a script runs on: what the script and the
/// files before it have made, and what the target's catalog says where there is one.
#[derive(Debug)]
pub(crate) struct World {
    /// The major version of the server.
    pub(crate) major: u16,
    /// Relations that the script made.
    created: HashSet<Key>,
    /// Views that the script made, with the names of their columns' sources.
    pub(crate) views: HashSet<Key>,
    /// Functions that the script made, and whether they are volatile.
    pub(crate) functions: HashMap<Key, bool>,
    /// Types that the script made, and those of them that are domains with constraints.
    pub(crate) types: HashSet<Key>,
    pub(crate) constrained_domains: HashSet<Key>,
    /// Enums that were made, by the transaction that made them.
    pub(crate) enums: HashMap<Key, u32>,
    /// Enum values that were added, by the transaction in which they cannot be used.
    pub(crate) new_values: Vec<(u32, String)>,
    /// CHECK constraints that say that a column is not null: table, name, column; and whether
    /// they are proven.
    pub(crate) not_null_checks: Vec<(Key, String, String, bool)>,
    /// Columns that a validated NOT NULL constraint or a primary key of this script covers.
    pub(crate) not_null: HashSet<(Key, String)>,
    /// Constraints that were validated or added on a table: for ATTACH PARTITION.
    pub(crate) checked: HashSet<Key>,
    /// Columns that the script added, without a value in old rows.
    pub(crate) new_columns: HashSet<(Key, String)>,
    /// Columns that the script added, and that take NULL.
    pub(crate) nullable: HashSet<(Key, String)>,
    /// Names of constraints that the script validated.
    pub(crate) validated: HashSet<String>,
    /// Policies that the script made: of which table, and for which commands they let all rows through.
    pub(crate) policies: Vec<(Key, HashSet<&'static str>)>,
    /// What functions that the script made do, as far as their triggers' tables are concerned.
    pub(crate) bodies: HashMap<Key, Body>,
    /// The time zone, where the script has set one.
    pub(crate) time_zone: Option<String>,
    /// Privileges that the script granted, by object.
    pub(crate) granted: HashSet<Key>,
    transaction: u32,
}

impl World {
    /// Nothing is known but the version.
    pub(crate) fn new(major: u16) -> Self {
        Self {
            major,
            created: HashSet::new(),
            views: HashSet::new(),
            functions: HashMap::new(),
            types: HashSet::new(),
            constrained_domains: HashSet::new(),
            enums: HashMap::new(),
            new_values: Vec::new(),
            not_null_checks: Vec::new(),
            not_null: HashSet::new(),
            checked: HashSet::new(),
            new_columns: HashSet::new(),
            nullable: HashSet::new(),
            validated: HashSet::new(),
            policies: Vec::new(),
            bodies: HashMap::new(),
            time_zone: None,
            granted: HashSet::new(),
            transaction: 0,
        }
    }

    /// A statement of that transaction follows.
    pub(crate) fn enter(&mut self, transaction: u32) {
        self.transaction = transaction;
    }

    pub(crate) fn transaction(&self) -> u32 {
        self.transaction
    }

    pub(crate) fn create(&mut self, key: Key) {
        self.created.insert(key);
    }

    pub(crate) fn forget(&mut self, key: &Key) {
        self.created.remove(key);
        self.views.remove(key);
    }

    /// Whether the script made it, so that nobody uses it yet.
    pub(crate) fn is_new(&self, key: &Key) -> bool {
        self.created.contains(key)
    }

    /// Whether a CHECK that was validated says that the column is not null.
    pub(crate) fn is_proven_not_null(&self, table: &Key, column: &str) -> bool {
        self.not_null.contains(&(table.clone(), column.to_owned()))
            || self
                .not_null_checks
                .iter()
                .any(|(of, _, known, proven)| *proven && of == table && known == column)
    }

    pub(crate) fn validate(&mut self, table: &Key, constraint: &str) {
        self.checked.insert(table.clone());
        self.validated.insert(constraint.to_owned());
        for (of, name, _, proven) in &mut self.not_null_checks {
            *proven |= of == table && name == constraint;
        }
    }

    pub(crate) fn drop_constraint(&mut self, table: &Key, constraint: &str) {
        self.not_null_checks
            .retain(|(of, name, _, _)| !(of == table && name == constraint));
    }
}
