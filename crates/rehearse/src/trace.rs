//! What a statement did to relations, by looking at them before and after.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use howdah_pg::{Connection, PgError, Rows};
use howdah_sql::RelationName;

use crate::LockMode;

/// Number of a relation in the scratch database.
pub(crate) type Oid = u32;

/// A relation as a look found it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Relation {
    pub(crate) name: RelationName,
    /// As in `pg_class.relkind`.
    pub(crate) kind: char,
    pub(crate) file: u32,
    /// The table that an index belongs to.
    pub(crate) table: Option<Oid>,
    /// Whether an index is valid.
    pub(crate) valid: bool,
}

impl Relation {
    /// Whether it holds rows of its own that a statement may have to go through.
    pub(crate) fn has_rows(&self) -> bool {
        matches!(self.kind, 'r' | 'm')
    }

    pub(crate) fn is_index(&self) -> bool {
        self.table.is_some()
    }
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TableColumn {
    pub(crate) name: String,
    pub(crate) data_type: String,
}

/// All that is looked at.
#[derive(Debug, Clone, Default)]
pub(crate) struct State {
    pub(crate) relations: HashMap<Oid, Relation>,
    pub(crate) columns: HashMap<Oid, BTreeMap<i32, TableColumn>>,
    /// What the open transaction holds.
    pub(crate) locks: BTreeSet<(Oid, LockMode)>,
    /// Scans that are counted so far.
    pub(crate) scans: HashMap<Oid, i64>,
}

const ALL: &str = include_str!("../queries/observe_all.sql");
const TOUCHED: &str = include_str!("../queries/observe_touched.sql");
const COLUMNS: &str = include_str!("../queries/observe_columns.sql");
const LOCKS: &str = include_str!("../queries/observe_locks.sql");
const SCANS: &str = include_str!("../queries/observe_scans.sql");

impl State {
    /// Looks at everything.
    pub(crate) async fn of(connection: &mut Connection) -> Result<Self, PgError> {
        let mut state = Self::default();
        state.take_relations(&connection.query(ALL, &[]).await?);
        state.take_columns(&connection.query(COLUMNS, &[None]).await?);
        state.take_locks(&connection.query(LOCKS, &[]).await?);
        state.take_scans(&connection.query(SCANS, &[]).await?);
        Ok(state)
    }

    /// Looks at what the open transaction has locked; the rest cannot have changed.
    pub(crate) async fn after(&self, connection: &mut Connection) -> Result<Self, PgError> {
        let mut state = Self {
            relations: self.relations.clone(),
            columns: self.columns.clone(),
            ..Self::default()
        };
        state.take_locks(&connection.query(LOCKS, &[]).await?);
        state.take_scans(&connection.query(SCANS, &[]).await?);
        let touched: BTreeSet<Oid> = state.locks.iter().map(|(oid, _)| *oid).collect();
        state.relations.retain(|oid, relation| {
            !touched.contains(oid) && !relation.table.is_some_and(|table| touched.contains(&table))
        });
        state.take_relations(&connection.query(TOUCHED, &[]).await?);
        let changed: Vec<String> = state
            .locks
            .iter()
            .filter(|(_, mode)| *mode >= LockMode::ShareUpdateExclusive)
            .map(|(oid, _)| oid.to_string())
            .collect();
        if !changed.is_empty() {
            let array = format!("{{{}}}", changed.join(","));
            let columns = connection.query(COLUMNS, &[Some(&array)]).await?;
            for oid in changed.iter().filter_map(|oid| oid.parse::<Oid>().ok()) {
                state.columns.remove(&oid);
            }
            state.take_columns(&columns);
        }
        Ok(state)
    }

    /// The relation of that name; without a schema, if only one has it.
    pub(crate) fn named(&self, name: &RelationName) -> Option<(Oid, &Relation)> {
        let mut found = self.relations.iter().filter(|(_, relation)| match name.schema {
            Some(_) => relation.name == *name,
            None => relation.name.name == name.name,
        });
        match (found.next(), found.next()) {
            (Some((oid, relation)), None) => Some((*oid, relation)),
            _ => None,
        }
    }

    fn take_relations(&mut self, rows: &Rows) {
        self.relations.extend(rows.iter().filter_map(|row| {
            let name = RelationName::in_schema(row.get(1)?, row.get(2)?);
            let relation = Relation {
                name,
                kind: row.get(3)?.chars().next()?,
                file: row.parse(4)?,
                table: row.parse(5).filter(|table| *table != 0),
                valid: row.is_true(6),
            };
            Some((row.parse(0)?, relation))
        }));
    }

    fn take_columns(&mut self, rows: &Rows) {
        for row in rows.iter() {
            let (Some(oid), Some(number)) = (row.parse(0), row.parse(1)) else {
                continue;
            };
            let column = TableColumn {
                name: row.get(2).unwrap_or_default().to_owned(),
                data_type: row.get(3).unwrap_or_default().to_owned(),
            };
            self.columns.entry(oid).or_default().insert(number, column);
        }
    }

    fn take_locks(&mut self, rows: &Rows) {
        self.locks = rows
            .iter()
            .filter_map(|row| Some((row.parse(0)?, mode(row.get(1)?)?)))
            .collect();
    }

    fn take_scans(&mut self, rows: &Rows) {
        self.scans = rows
            .iter()
            .filter_map(|row| Some((row.parse(0)?, row.parse(1)?)))
            .collect();
    }
}

fn mode(name: &str) -> Option<LockMode> {
    Some(match name {
        "AccessShareLock" => LockMode::AccessShare,
        "RowShareLock" => LockMode::RowShare,
        "RowExclusiveLock" => LockMode::RowExclusive,
        "ShareUpdateExclusiveLock" => LockMode::ShareUpdateExclusive,
        "ShareLock" => LockMode::Share,
        "ShareRowExclusiveLock" => LockMode::ShareRowExclusive,
        "ExclusiveLock" => LockMode::Exclusive,
        "AccessExclusiveLock" => LockMode::AccessExclusive,
        _ => return None,
    })
}
