//! From two looks at a database to what a statement did.

use std::collections::{BTreeMap, BTreeSet};

use howdah_sql::{RelationName, quote_ident};

use super::statement::Sentence;
use crate::plans::{Touch, TouchKind};
use crate::trace::{Oid, Relation, State, TableColumn};
use crate::{Debris, Effects, Lock, LockMode, Loss, Statistics, Work, WorkKind};

/// A statement between two looks.
pub(super) struct Look<'a> {
    /// Before the script: only what was there then counts.
    pub(super) start: &'a State,
    pub(super) before: &'a State,
    pub(super) after: &'a State,
    pub(super) touches: &'a [Touch],
    /// Tables that the transaction has written anew before.
    pub(super) rewritten: &'a BTreeSet<Oid>,
    pub(super) sentence: &'a Sentence<'a>,
    pub(super) statistics: &'a Statistics,
    /// Whether it ran in no transaction block, where locks cannot be looked at.
    pub(super) plain: bool,
}

impl Look<'_> {
    pub(super) fn effects(&self) -> Effects {
        Effects {
            locks: self.locks(),
            work: self.work(),
            losses: self.losses(),
            debris: self.debris(),
            ..Effects::default()
        }
    }

    /// Tables and materialized views with a new heap.
    pub(super) fn rewrites(&self) -> BTreeSet<Oid> {
        let changed = |(oid, before): (&Oid, &Relation)| {
            let after = self.after.relations.get(oid)?;
            (before.has_rows() && before.file != after.file).then_some(*oid)
        };
        self.before.relations.iter().filter_map(changed).collect()
    }

    /// The table that an object belongs to, or the relation itself, if it was
    /// there before the script.
    fn owner(&self, oid: Oid) -> Option<&RelationName> {
        let relation = self
            .start
            .relations
            .get(&oid)
            .or_else(|| self.after.relations.get(&oid))?;
        match relation.table {
            // Nobody waits for an index that was not there.
            Some(_) if !self.before.relations.contains_key(&oid) => None,
            Some(table) => self.start.relations.get(&table).map(|table| &table.name),
            None => self.start.relations.get(&oid).map(|relation| &relation.name),
        }
    }

    fn is_materialized_view(&self, oid: Oid) -> bool {
        let found = |oid| {
            self.before
                .relations
                .get(&oid)
                .or_else(|| self.after.relations.get(&oid))
        };
        let relation = found(oid);
        let table = relation.and_then(|relation| relation.table).and_then(found);
        table.or(relation).is_some_and(|relation| relation.kind == 'm')
    }

    fn locks(&self) -> Vec<Lock> {
        let mut strongest: BTreeMap<&RelationName, LockMode> = BTreeMap::new();
        let taken: Vec<(Oid, LockMode)> = match self.plain {
            true => self.locks_by_statement(),
            false => self.after.locks.difference(&self.before.locks).copied().collect(),
        };
        for (oid, mode) in taken {
            // Nobody but REFRESH writes to a materialized view: what keeps writers out of one,
            // keeps out maintenance alone.
            let mode = match mode < LockMode::AccessExclusive && self.is_materialized_view(oid) {
                true => mode.min(LockMode::ShareUpdateExclusive),
                false => mode,
            };
            if let Some(name) = self.owner(oid) {
                let lock = strongest.entry(name).or_insert(mode);
                *lock = (*lock).max(mode);
            }
        }
        strongest
            .into_iter()
            .map(|(relation, mode)| Lock {
                relation: relation.clone(),
                mode,
            })
            .collect()
    }

    /// What a statement locks that ends the transactions it works in.
    fn locks_by_statement(&self) -> Vec<(Oid, LockMode)> {
        if self.sentence.controls_transaction() {
            return Vec::new();
        }
        let mode = match self.sentence.is_concurrent() {
            true => LockMode::ShareUpdateExclusive,
            false => LockMode::AccessExclusive,
        };
        let named = self.sentence.relations();
        let named = named.iter().filter_map(|name| self.before.named(name));
        let changed = self.rewrites().into_iter().chain(self.rebuilt());
        named
            .map(|(oid, _)| oid)
            .chain(changed)
            .map(|oid| (oid, mode))
            .collect()
    }

    /// Indexes that were there and have a new file.
    fn rebuilt(&self) -> Vec<Oid> {
        let changed = |(oid, before): (&Oid, &Relation)| {
            let after = self.after.relations.get(oid)?;
            (before.kind == 'i' && before.file != after.file).then_some(*oid)
        };
        self.before.relations.iter().filter_map(changed).collect()
    }

    fn work(&self) -> Vec<Work> {
        let mut work: BTreeSet<(RelationName, WorkKind, Option<String>)> = BTreeSet::new();
        let rewrites = self.rewrites();
        let emptied = self.emptied(&rewrites);
        for oid in rewrites.difference(&emptied) {
            if let Some(name) = self.owner(*oid) {
                work.insert((name.clone(), WorkKind::Rewrite, None));
            }
        }
        // A change of type that keeps the order gives an index a new number, and its old file.
        let is_index = |relation: &&Relation| relation.kind == 'i';
        let files: BTreeSet<u32> = self
            .before
            .relations
            .values()
            .filter(is_index)
            .map(|index| index.file)
            .collect();
        let indexes = self
            .after
            .relations
            .iter()
            .filter(|(_, relation)| is_index(relation));
        let made = indexes.filter(|(_, index)| !files.contains(&index.file));
        for (_, index) in made {
            let Some(table) = index.table.filter(|table| !rewrites.contains(table)) else {
                continue;
            };
            if let Some(table) = self.start.relations.get(&table) {
                let name = index.name.name.clone();
                work.insert((table.name.clone(), WorkKind::IndexBuild, Some(name)));
            }
        }
        self.add_planned(&mut work);
        self.add_scans(&mut work);
        work.into_iter()
            .map(|(relation, kind, index)| Work {
                relation,
                kind,
                index,
            })
            .collect()
    }

    /// Tables with a new heap into which nothing was copied.
    fn emptied(&self, rewrites: &BTreeSet<Oid>) -> BTreeSet<Oid> {
        if self.sentence.truncates() {
            return rewrites.clone();
        }
        // What runs as a whole, such as DO, may hold a TRUNCATE. That builds each
        // index anew, with a scan of nothing; a rewrite also scans what it copies.
        let opaque = matches!(self.sentence.tag(), "DO" | "CALL" | "SELECT");
        let indexes = |table| {
            let of_table = |index: &&Relation| index.kind == 'i' && index.table == Some(table);
            self.before.relations.values().filter(of_table).count() as i64
        };
        let silent = rewrites
            .iter()
            .filter(|oid| opaque && self.scans(**oid) <= indexes(**oid));
        silent.copied().collect()
    }

    /// How often a table was scanned.
    fn scans(&self, oid: Oid) -> i64 {
        let count = |state: &State| state.scans.get(&oid).copied().unwrap_or_default();
        count(self.after) - count(self.before)
    }

    /// The relation behind a name in a plan, if it was there before the script.
    fn existing(&self, name: &RelationName) -> Option<(Oid, &RelationName)> {
        let (oid, _) = self.after.named(name).or_else(|| self.before.named(name))?;
        let relation = self.start.relations.get(&oid)?;
        Some((oid, &relation.name))
    }

    fn add_planned(&self, work: &mut BTreeSet<(RelationName, WorkKind, Option<String>)>) {
        for touch in self.touches {
            let Some((oid, name)) = self.existing(&touch.relation) else {
                continue;
            };
            // Of a table that was just written anew the planner knows nothing.
            let grows = touch.grows || self.rewritten.contains(&oid);
            let kind = match touch.what {
                TouchKind::Read => WorkKind::Scan,
                TouchKind::Write | TouchKind::DeleteAll => WorkKind::RowsWritten,
                TouchKind::Lock => WorkKind::RowsLocked,
            };
            if grows {
                work.insert((name.clone(), kind, None));
            }
        }
    }

    /// Scans that are in no plan: what ALTER TABLE and its kin check.
    fn add_scans(&self, work: &mut BTreeSet<(RelationName, WorkKind, Option<String>)>) {
        let explained: BTreeSet<Oid> = self
            .touches
            .iter()
            .filter_map(|touch| self.existing(&touch.relation))
            .map(|(oid, _)| oid)
            .chain(self.rewrites())
            .collect();
        let heavier = |name: &RelationName| {
            let kinds = [WorkKind::Rewrite, WorkKind::IndexBuild];
            work.iter()
                .any(|(relation, kind, _)| relation == name && kinds.contains(kind))
        };
        let scanned: Vec<RelationName> = self
            .start
            .relations
            .iter()
            .filter(|(oid, relation)| {
                relation.has_rows() && !explained.contains(oid) && self.scans(**oid) > 0
            })
            .map(|(_, relation)| relation.name.clone())
            .filter(|name| !heavier(name))
            .collect();
        work.extend(scanned.into_iter().map(|name| (name, WorkKind::Scan, None)));
    }

    fn losses(&self) -> Vec<Loss> {
        let mut losses = BTreeSet::new();
        for (oid, relation) in &self.start.relations {
            let was_there = self.before.relations.contains_key(oid);
            if was_there && !self.after.relations.contains_key(oid) && matches!(relation.kind, 'r' | 'p') {
                if !self.statistics.is_empty_partition(&relation.name) {
                    losses.insert(format!("table {}", relation.name));
                }
                continue;
            }
            let (Some(then), Some(before)) = (self.start.columns.get(oid), self.before.columns.get(oid))
            else {
                continue;
            };
            let Some(after) = self.after.columns.get(oid) else {
                continue;
            };
            for (number, column) in then {
                let dropped = before.contains_key(number) && !after.contains_key(number);
                if dropped && !has_twin(self.statistics, &relation.name, column, then, after) {
                    losses.insert(format!("column {}.{}", relation.name, quote_ident(&column.name)));
                }
            }
        }
        let emptied = self.emptied(&self.rewrites());
        let deleted = self
            .touches
            .iter()
            .filter(|touch| touch.what == TouchKind::DeleteAll);
        let deleted = deleted
            .filter_map(|touch| self.existing(&touch.relation))
            .map(|(_, name)| name);
        for name in emptied.iter().filter_map(|oid| self.owner(*oid)).chain(deleted) {
            losses.insert(format!("all rows of {name}"));
        }
        losses.into_iter().map(|what| Loss { what }).collect()
    }

    fn debris(&self) -> Vec<Debris> {
        let new_invalid = self.after.relations.iter().filter(|(oid, index)| {
            let before = self.before.relations.get(oid);
            index.kind == 'i' && !index.valid && before.is_none_or(|before| before.valid)
        });
        let mut invalid: BTreeSet<String> = new_invalid.map(|(_, index)| index.name.to_string()).collect();
        if let Some(name) = self.sentence.index_unless_exists()
            && let Some((oid, index)) = self.after.named(&name)
            && index.is_index()
            && !index.valid
            && self.before.relations.contains_key(&oid)
        {
            invalid.insert(index.name.to_string());
        }
        invalid.into_iter().map(Debris::InvalidIndex).collect()
    }
}

/// Whether the values of a column that is dropped stand in another one, which stays.
fn has_twin(
    statistics: &Statistics,
    table: &RelationName,
    column: &TableColumn,
    then: &BTreeMap<i32, TableColumn>,
    after: &BTreeMap<i32, TableColumn>,
) -> bool {
    let twins = statistics.twins(table, &column.name);
    let mut there = then.iter().filter(|(number, _)| after.contains_key(number));
    there.any(|(_, other)| twins.contains(&other.name.as_str()))
}
