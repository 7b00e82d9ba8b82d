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
    /// Enum values that were added in this transaction, which cannot use them.
    pub(crate) new_values: HashSet<String>,
    /// CHECK constraints that say that a column is not null.
    not_null_checks: HashMap<Key, Vec<NotNullCheck>>,
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

/// A CHECK that says that a column is not null.
#[derive(Debug)]
struct NotNullCheck {
    name: String,
    column: String,
    /// Whether it holds for old rows as well.
    proven: bool,
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
            new_values: HashSet::new(),
            not_null_checks: HashMap::new(),
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
        if self.transaction != transaction {
            self.new_values.clear();
        }
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
                .checks_of(table)
                .any(|check| check.proven && check.column == column)
    }

    fn checks_of(&self, table: &Key) -> impl Iterator<Item = &NotNullCheck> {
        self.not_null_checks.get(table).into_iter().flatten()
    }

    /// Takes note of a CHECK that says that a column is not null.
    pub(crate) fn add_not_null_check(&mut self, table: &Key, name: &str, column: String, proven: bool) {
        let checks = self.not_null_checks.entry(table.clone()).or_default();
        checks.push(NotNullCheck {
            name: name.to_owned(),
            column,
            proven,
        });
    }

    pub(crate) fn validate(&mut self, table: &Key, constraint: &str) {
        self.checked.insert(table.clone());
        self.validated.insert(constraint.to_owned());
        for check in self.not_null_checks.get_mut(table).into_iter().flatten() {
            check.proven |= check.name == constraint;
        }
    }

    pub(crate) fn drop_constraint(&mut self, table: &Key, constraint: &str) {
        if let Some(checks) = self.not_null_checks.get_mut(table) {
            checks.retain(|check| check.name != constraint);
        }
    }
}
