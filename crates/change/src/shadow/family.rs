//! The same for a partitioned table, or one that others inherit from: there is one column for all of
//! them, which is added, constrained, renamed and dropped at the top. Rows are filled, indexes built and
//! rows compared in each that holds any.

mod exchange;

use howdah_rehearse::LockMode;
use howdah_sql::{RelationName, quote_ident};

use super::copies::{Copies, IndexCopy};
use super::{Names, Shadow, replace_columns};
use crate::plan::{Backfill, Estimate, Phase, Step, Undo};
use crate::proof;
use crate::{ChangeError, Planning};

/// A table of the family.
struct Member {
    shadow: Shadow,
    names: Names,
    copies: Copies,
    /// Its indexes, if it is partitioned: no more than names for those below.
    tops: Vec<IndexCopy>,
    /// The schema of the partitioned table above.
    schema_above: String,
}

impl Member {
    fn is_partitioned(&self) -> bool {
        self.shadow.relation.kind == 'p'
    }

    fn table(&self) -> &RelationName {
        &self.names.table
    }

    fn indexes(&self) -> impl Iterator<Item = &IndexCopy> {
        self.tops.iter().chain(&self.copies.indexes)
    }

    /// Makes an index a part of the one above it, by the names which both have at that time.
    fn attach(&self, above: &str, own: &str) -> String {
        format!(
            "ALTER INDEX {} ATTACH PARTITION {}",
            RelationName::in_schema(&self.schema_above, above),
            self.index_name(own)
        )
    }

    fn index_name(&self, index: &str) -> RelationName {
        RelationName::in_schema(self.shadow.relation.schema(), index)
    }

    /// A key of a partitioned table, which reads nothing; those of the partitions are attached next.
    fn key(&self, name: &str) -> Option<String> {
        let definition = &self.shadow.relation.constraint(name)?.definition;
        Some(format!(
            "ALTER TABLE ONLY {} ADD CONSTRAINT {} {definition}",
            self.table(),
            quote_ident(name)
        ))
    }
}

/// An index of a constraint: of which table, and the constraint as [`IndexCopy`] has it.
type Key<'k> = (&'k Member, &'k IndexCopy, &'k (String, bool, String));

/// A column of a whole family.
struct Family<'s> {
    root: &'s Shadow,
    names: Names,
    /// The top first, and each before those below it.
    members: Vec<Member>,
}

impl Shadow {
    /// All the steps, where others inherit the column.
    pub(crate) async fn plan_family(&self, planning: &mut Planning<'_>) -> Result<(), ChangeError> {
        if let Some((reason, hint)) = self.not_for_a_family(planning) {
            planning.refuse(reason, hint);
            return Ok(());
        }
        let family = Family::of(self, planning)?;
        let table = &family.names.table;
        let bytes = planning.facts.family_bytes(&self.relation);
        let leaves: Vec<&Member> = family
            .members
            .iter()
            .filter(|member| !member.is_partitioned())
            .collect();
        for leaf in &leaves {
            if let Some(check) = leaf.shadow.check_conversion() {
                planning.step(check.estimate(Estimate::scan(leaf.shadow.relation.heap_bytes * 4)));
            }
        }
        planning.step(family.add()?);
        for leaf in &leaves {
            family.fill(planning, leaf);
        }
        if self.column.not_null {
            for step in self.prove_not_null(&family.names, planning.facts.server.major()) {
                planning.step(step.estimate(Estimate::scan(bytes)));
            }
        }
        for member in &family.members {
            for step in member.copies.steps(&member.shadow, &member.names) {
                planning.step(step);
            }
        }
        if let Some(step) = family.gather() {
            planning.step(step);
        }
        planning.step(
            Step::verify(
                format!("Compare every row of {table}"),
                format!(
                    "SELECT count(*) FROM {table} WHERE {}",
                    self.differs(&family.names)
                ),
                format!(
                    "Rows of {table} have another value in {} than {} converts to",
                    quote_ident(&family.names.new),
                    quote_ident(&self.column.name)
                ),
            )
            .reason("The swap is made only when every row is right.")
            .holds(table, LockMode::AccessShare)
            .estimate(Estimate::scan(bytes)),
        );
        let (major, change) = (planning.facts.server.major(), planning.change().to_owned());
        planning.step(family.swap(major, &change));
        planning.step(family.contract().phase(Phase::Contract));
        planning.note(format!(
            "The new {} stands behind the other columns of {table} and of those below it: INSERT without a column list and SELECT * see another order.",
            quote_ident(&self.column.name)
        ));
        planning.note("A statement that a client has prepared gives one error \"cached plan must not change result type\" where it returns the column.");
        Ok(())
    }

    /// What is not done for families, and what to do instead.
    fn not_for_a_family(&self, planning: &Planning<'_>) -> Option<(String, Option<&'static str>)> {
        let (column, quoted) = (&self.column.name, quote_ident(&self.column.name));
        let family = planning.facts.family(&self.relation);
        let known: Vec<u32> = family.iter().map(|member| member.oid).collect();
        for member in &family {
            let table = member.name();
            if member.column(&self.names().new).is_some() || member.column(&self.names().old).is_some() {
                return Some((
                    format!(
                        "{table} has a column {} or {} already, as an unfinished change leaves it",
                        self.names().new,
                        self.names().old
                    ),
                    Some("Finish that change first: howdah change status"),
                ));
            }
            let Some(own) = member.column(column) else {
                return Some((format!("{table} has no column {quoted} that is known"), None));
            };
            let reason = if !member.is_ours {
                format!("{table} belongs to {}", quote_ident(&member.owner))
            } else if !matches!(member.kind, 'r' | 'p') {
                format!("{table} is a foreign table, whose column changes elsewhere")
            } else if member.of_type || member.persistence == 't' || member.has_rules {
                format!(
                    "{table} is a typed or temporary table, or has rewrite rules, which would see the new column"
                )
            } else if member.oid != self.relation.oid
                && member.parents.iter().any(|parent| !known.contains(parent))
            {
                format!("{table} inherits from another table too, whose columns change with it")
            } else if keys_by(member.partition_key.as_deref(), &table, column) {
                format!("{quoted} is a part of the partition key of {table}")
            } else if (own.type_oid, own.typmod, &own.collation, own.not_null)
                != (
                    self.column.type_oid,
                    self.column.typmod,
                    &self.column.collation,
                    self.column.not_null,
                )
            {
                format!(
                    "{quoted} of {table} is not what it is in {}: its type, collation or NOT NULL differ",
                    self.relation.name()
                )
            } else if !own.generated.is_empty() {
                format!("{quoted} of {table} is generated")
            } else if own.identity != self.column.identity
                && planning.facts.server.major() < 17
                && member.oid != self.relation.oid
                && !own.identity.is_empty()
            {
                format!("{quoted} of {table} is an identity column of its own")
            } else {
                let keys = member
                    .constraints
                    .iter()
                    .filter(|key| key.kind == 'f' && key.columns.contains(column))
                    .map(|key| (&key.name, &table));
                let others = member
                    .referenced_by
                    .iter()
                    .filter(|key| key.referenced_columns.contains(column))
                    .map(|key| (&key.name, &table));
                let Some((key, table)) = keys.chain(others).next() else {
                    continue;
                };
                return Some((
                    format!(
                        "The foreign key {} needs {quoted} of {table}, which is partitioned or inherited",
                        quote_ident(key)
                    ),
                    Some(
                        "Drop that foreign key first, and add it again after the change: rows are then looked through beside the clients.",
                    ),
                ));
            };
            return Some((reason, None));
        }
        None
    }
}

/// Whether the partition key is made of the column, or cannot be read and so may be.
fn keys_by(key: Option<&str>, table: &RelationName, column: &str) -> bool {
    let Some((_, parts)) = key.and_then(|key| key.split_once('(')) else {
        return false;
    };
    let found = std::cell::Cell::new(false);
    let read = replace_columns(&format!("({parts}"), table, |name| {
        found.set(found.get() || name == column);
        quote_ident(name)
    });
    found.get() || read.is_err()
}

impl<'s> Family<'s> {
    fn of(root: &'s Shadow, planning: &mut Planning<'_>) -> Result<Self, ChangeError> {
        let relations: Vec<_> = planning
            .facts
            .family(&root.relation)
            .into_iter()
            .cloned()
            .collect();
        let mut names = root.names();
        let triggers = || relations.iter().flat_map(|member| &member.triggers);
        while triggers().any(|other| other.name >= names.trigger) && names.trigger.len() < 60 {
            names.trigger.insert(0, '\u{7e}');
        }
        let mut members = Vec::new();
        for relation in relations {
            let Some(column) = relation.column(&root.column.name).cloned() else {
                continue;
            };
            let above = relation
                .parents
                .first()
                .and_then(|parent| planning.facts.by_oid(*parent));
            let schema_above = above.map(|above| above.schema().to_owned()).unwrap_or_default();
            let names = Names {
                table: relation.name(),
                ..names.clone()
            };
            let is_partitioned = relation.kind == 'p';
            let shadow = Shadow {
                relation,
                column,
                ..root.clone()
            };
            let mut copies = Copies::of(&shadow, &names, planning)?;
            let tops = if is_partitioned {
                std::mem::take(&mut copies.indexes)
            } else {
                Vec::new()
            };
            members.push(Member {
                shadow,
                names,
                copies,
                tops,
                schema_above,
            });
        }
        Ok(Self { root, names, members })
    }

    /// Those that have a trigger of their own; a partitioned table's is its partitions' too.
    fn bearers(&self) -> &[Member] {
        if self.root.relation.kind == 'p' {
            &self.members[..1]
        } else {
            &self.members
        }
    }

    fn drop_triggers(&self, function: &str) -> Vec<String> {
        let trigger = quote_ident(&self.names.trigger);
        let mut sql: Vec<String> = self
            .bearers()
            .iter()
            .map(|member| format!("DROP TRIGGER IF EXISTS {trigger} ON {}", member.table()))
            .collect();
        sql.push(format!("DROP FUNCTION IF EXISTS {function}()"));
        sql
    }

    /// The function and the triggers, from what makes them for one table.
    fn triggers(
        &self,
        made: impl Fn(&Names) -> Result<Vec<String>, ChangeError>,
    ) -> Result<Vec<String>, ChangeError> {
        let mut sql = made(&self.names)?;
        for member in &self.members[1..] {
            if self.bearers().len() > 1 {
                sql.extend(made(&member.names)?.into_iter().skip(1));
            } else {
                sql.push(self.root.always(&member.names));
            }
        }
        Ok(sql)
    }

    /// The new column for all of them, and the trigger that keeps it in step.
    fn add(&self) -> Result<Step, ChangeError> {
        let table = &self.names.table;
        let new = quote_ident(&self.names.new);
        let collation = self
            .root
            .collation
            .as_ref()
            .map_or(String::new(), |name| format!(" COLLATE {name}"));
        let mut statements = vec![proof::alter(
            table,
            &format!("ADD COLUMN {new} {}{collation}", self.root.type_name),
        )];
        for member in &self.members {
            statements.extend(member.shadow.marks(&member.names));
            if member.shadow.column.statistics_target.is_none()
                && self.root.column.statistics_target.is_some()
            {
                statements.push(proof::alter(
                    member.table(),
                    &format!("ALTER COLUMN {new} SET STATISTICS -1"),
                ));
            }
        }
        statements.extend(self.triggers(|names| self.root.forward_trigger(names))?);
        let mut undo = self.drop_triggers(&self.names.forward);
        undo.push(proof::alter(table, &format!("DROP COLUMN IF EXISTS {new}")));
        Ok(Step::transaction(format!("Add the column {new} to {table} and those below it, kept in step by a trigger"), statements)
            .reason("From now on whatever is written has the new value too; the rows that are there get it beside the clients.")
            .proof(proof::column(table, &self.names.new, Some(&self.root.type_name)))
            .locks(table, LockMode::AccessExclusive)
            .undo_transaction(undo)
            .estimate(Estimate::moment()))
    }

    fn fill(&self, planning: &mut Planning<'_>, leaf: &Member) {
        let (table, relation) = (leaf.table(), &leaf.shadow.relation);
        let rows = relation.row_estimate();
        planning.step(
            Step::backfill(
                format!("Fill {} in {table}", quote_ident(&self.names.new)),
                Backfill {
                    table: table.clone(),
                    set: vec![(self.names.new.clone(), self.root.expression.clone())],
                    todo: self.root.differs(&self.names),
                    rows,
                },
            )
            .reason("Some hundred rows at a time, so that no client waits for a row for long.")
            .holds(table, LockMode::RowExclusive)
            .estimate(Estimate::backfill(rows, relation.heap_bytes)),
        );
        planning.step(
            Step::autocommit(format!("Vacuum and analyse {table}"), format!("VACUUM (ANALYZE, TRUNCATE false) {table}"))
                .reason("Removes the old versions that the backfill left, and gives the planner statistics of the new column.")
                .holds(table, LockMode::ShareUpdateExclusive)
                .estimate(Estimate::scan(relation.total_bytes)),
        );
    }

    /// The indexes of partitioned tables, of those that their partitions have by now.
    fn gather(&self) -> Option<Step> {
        let mut statements = Vec::new();
        let mut proofs = Vec::new();
        let mut undo = Vec::new();
        for member in &self.members {
            for index in member.tops.iter().filter(|index| index.constraint.is_none()) {
                statements.push(index.sql.clone());
                statements.extend(index.settings.clone());
                if index.above.is_none() {
                    let name = member.index_name(&index.temporary);
                    proofs.push(proof::index_valid(member.table(), &name, index.unique));
                    undo.push(format!("DROP INDEX IF EXISTS {name}"));
                }
            }
        }
        // From the leaves up: an index is valid when all below it are.
        for member in self.members.iter().rev() {
            for index in member.indexes().filter(|index| index.constraint.is_none()) {
                statements.extend(
                    index
                        .above
                        .as_ref()
                        .map(|(_, above)| member.attach(above, &index.temporary)),
                );
            }
        }
        let table = &self.names.table;
        (!proofs.is_empty()).then(|| {
            Step::transaction(
                format!("Gather the new indexes of the partitions of {table}"),
                statements,
            )
            .reason("The indexes of all partitions are there: only the catalog is written.")
            .proof(proofs.join(" AND "))
            .locks(table, LockMode::AccessExclusive)
            .undo_transaction(undo)
            .estimate(Estimate::moment())
        })
    }

    fn swap(&self, major: u32, change: &str) -> Step {
        let table = &self.names.table;
        let column = quote_ident(&self.root.column.name);
        let step = Step::transaction(
            format!("Put the new {column} of {table} in the place of the old"),
            self.forth(major, change),
        )
        .reason("Names, constraints and defaults move in one message; every proof was made before, so that nothing is scanned.")
        .phase(Phase::Swap)
        .proof(format!(
            "{} AND {}",
            proof::column(table, &self.root.column.name, Some(&self.root.type_name)),
            proof::column(table, &self.names.old, None)
        ))
        .locks(table, LockMode::AccessExclusive)
        .estimate(Estimate::moment());
        if self.root.invertible {
            step.undo_transaction(self.back(major, change))
        } else {
            step.undo(Undo::Impossible {
                reason: "the old value cannot be had from the new one".to_owned(),
            })
        }
    }

    /// Removes the old column, and with it everything that hangs on it.
    fn contract(&self) -> Step {
        let table = &self.names.table;
        let old = quote_ident(&self.names.old);
        let mut statements = if self.root.invertible {
            self.drop_triggers(&self.names.backward)
        } else {
            Vec::new()
        };
        statements.push(proof::alter(table, &format!("DROP COLUMN IF EXISTS {old}")));
        Step::transaction(format!("Drop the old column {old} of {table} and those below it"), statements)
            .reason("Nobody reads it any more; its indexes go with it, and its space is used again as rows are rewritten.")
            .proof(format!("NOT {}", proof::column(table, &self.names.old, None)))
            .locks(table, LockMode::AccessExclusive)
            .undo(Undo::Impossible { reason: "the old column is gone".to_owned() })
            .estimate(Estimate::moment())
    }
}
