//! A column in the place of another: filled beside readers and writers, kept in step by a
//! trigger, indexed and constrained as the old one is, and put in its place in a moment.
//!
//! Everything that hangs on the old column by its number is made anew for the shadow. The old
//! column stays, kept in step by a trigger in the other direction, until the contract phase:
//! until then the swap can be taken back without losing a write.

mod copies;
mod family;
mod references;
mod swap;
mod sync;

use howdah_rehearse::LockMode;
use howdah_sql::{RelationName, quote_ident, quote_literal};

use crate::names::{derived_name, hash};
use crate::plan::{Backfill, Estimate, Phase, Step, Undo};
use crate::proof;
use crate::{ChangeError, Column, Planning, Relation};

pub(crate) use copies::{Copies, index_sql};
pub(crate) use references::replace_columns;

/// A column that is to be replaced, and by what.
#[derive(Clone)]
pub(crate) struct Shadow {
    /// The table as it is.
    pub relation: Relation,
    /// The column as it is.
    pub column: Column,
    /// The new type, as `format_type` prints it, and its OID.
    pub type_name: String,
    pub type_oid: u32,
    /// `COLLATE …`, where the new column is to have one of its own.
    pub collation: Option<String>,
    /// The new value: an expression over the table's columns, to be assigned.
    pub expression: String,
    /// Whether the conversion fails for no value.
    pub safe: bool,
    /// Whether the old value can be had from the new one by assignment.
    pub invertible: bool,
}

/// Names of what a shadow needs.
#[derive(Clone)]
pub(crate) struct Names {
    pub table: RelationName,
    /// The new column before the swap, the old one after it.
    pub new: String,
    pub old: String,
    pub trigger: String,
    pub forward: String,
    pub backward: String,
    /// The constraint that proves NOT NULL.
    pub not_null: String,
}

/// Whether two expressions of a type differ in what is stored: `=` also takes 1.0 for 1.00,
/// and has no meaning for some types.
pub(crate) fn differ(type_oid: u32, a: &str, b: &str) -> String {
    /// bool, bytea, int8, int2, int4, oid, date, time, timestamp, timestamptz, uuid.
    const EXACT: [u32; 11] = [16, 17, 20, 21, 23, 26, 1082, 1083, 1114, 1184, 2950];
    if EXACT.contains(&type_oid) {
        format!("{a} IS DISTINCT FROM {b}")
    } else {
        format!("({a})::text COLLATE \"C\" IS DISTINCT FROM ({b})::text COLLATE \"C\"")
    }
}

impl Shadow {
    pub(crate) fn names(&self) -> Names {
        let table = self.relation.name();
        let tail = hash(&format!("{table}\0{}", self.column.name))[..10].to_owned();
        // Triggers fire in the order of their names' bytes; the shadow has the last word.
        let mut trigger = format!("zzz_howdah_{tail}");
        while self.relation.triggers.iter().any(|other| other.name >= trigger) && trigger.len() < 60 {
            trigger.insert(0, '\u{7e}');
        }
        Names {
            table,
            new: derived_name("new", &self.column.name),
            old: derived_name("old", &self.column.name),
            trigger,
            forward: format!("howdah.sync_{tail}"),
            backward: format!("howdah.back_{tail}"),
            not_null: derived_name("nn", &self.column.name),
        }
    }

    /// The new value as an expression of the new type, to be compared with.
    fn typed(&self) -> String {
        format!("({})::{}", self.expression, self.type_name)
    }

    /// Whether the shadow differs from the new value, in a row of the table.
    pub(crate) fn differs(&self, names: &Names) -> String {
        self.differ(&quote_ident(&names.new), &self.typed())
    }

    fn differ(&self, a: &str, b: &str) -> String {
        differ(self.type_oid, a, b)
    }

    /// All the steps.
    pub(crate) async fn plan(&self, planning: &mut Planning<'_>) -> Result<(), ChangeError> {
        let names = self.names();
        if self.relation.column(&names.new).is_some() || self.relation.column(&names.old).is_some() {
            planning.refuse(
                format!(
                    "{} has a column {} or {} already, as an unfinished change leaves it",
                    names.table, names.new, names.old
                ),
                Some("Finish that change first: howdah change status"),
            );
            return Ok(());
        }
        let copies = Copies::of(self, &names, planning)?;
        let bytes = self.relation.heap_bytes;
        let rows = self.relation.row_estimate();
        let column = quote_ident(&self.column.name);
        let table = &names.table;
        if let Some(check) = self.check_conversion() {
            planning.step(check.estimate(Estimate::scan(bytes * 4)));
        }
        planning.step(self.add(&names)?);
        planning.step(
            Step::backfill(
                format!("Fill {} in {table}", quote_ident(&names.new)),
                Backfill {
                    table: table.clone(),
                    set: vec![(names.new.clone(), self.expression.clone())],
                    todo: self.differs(&names),
                    rows,
                },
            )
            .reason("Some hundred rows at a time, so that no client waits for a row for long.")
            .holds(table, LockMode::RowExclusive)
            .estimate(Estimate::backfill(rows, bytes)),
        );
        planning.step(
            Step::autocommit(format!("Vacuum and analyse {table}"), format!("VACUUM (ANALYZE, TRUNCATE false) {table}"))
                .reason("Removes the old versions that the backfill left, and gives the planner statistics of the new column. Giving pages back would lock clients out.")
                .holds(table, LockMode::ShareUpdateExclusive)
                .estimate(Estimate::scan(self.relation.total_bytes)),
        );
        if self.column.not_null {
            for step in self.prove_not_null(&names, planning.facts.server.major()) {
                planning.step(step.estimate(Estimate::scan(bytes)));
            }
        }
        for step in copies.steps(self, &names) {
            planning.step(step);
        }
        planning.step(
            Step::verify(
                format!("Compare every row of {table}"),
                format!("SELECT count(*) FROM ONLY {table} WHERE {}", self.differs(&names)),
                format!(
                    "Rows of {table} have another value in {} than {column} converts to",
                    quote_ident(&names.new)
                ),
            )
            .reason("The swap is made only when every row is right.")
            .holds(table, LockMode::AccessShare)
            .estimate(Estimate::scan(bytes)),
        );
        let swap = self.swap(&names, &copies, planning.facts.server.major(), planning.change());
        planning.step(swap);
        for step in self.contract(&names, &copies) {
            planning.step(step.phase(Phase::Contract));
        }
        planning.note(format!(
            "The new {column} stands behind the other columns of {table}: INSERT without a column list and SELECT * see another order."
        ));
        planning.note("A statement that a client has prepared gives one error \"cached plan must not change result type\" where it returns the column.");
        Ok(())
    }

    /// Looks for rows that do not convert.
    fn check_conversion(&self) -> Option<Step> {
        if self.safe {
            return None;
        }
        let table = self.relation.name();
        let of_row = replace_columns(&self.expression, &table, |column| {
            format!("$1.{}", quote_ident(column))
        })
        .ok()?;
        let verdict = if self.column.not_null {
            "v IS NOT NULL"
        } else {
            "true"
        };
        let body = format!(
            "DECLARE v {}; BEGIN v := ({of_row}); RETURN {verdict}; EXCEPTION WHEN data_exception OR integrity_constraint_violation THEN RETURN false; END",
            self.type_name
        );
        let column = quote_ident(&self.column.name);
        let key: Vec<String> = self
            .relation
            .constraints
            .iter()
            .find(|constraint| constraint.kind == 'p')
            .map(|constraint| constraint.columns.clone())
            .unwrap_or_default()
            .iter()
            .filter(|name| **name != self.column.name)
            .map(|name| format!("r.{}", quote_ident(name)))
            .chain([format!("r.{column}")])
            .collect();
        Some(
            Step::check(
                format!("Look for rows of {table} whose {column} does not become {}", self.type_name),
                format!("SELECT {} FROM ONLY {table} AS r WHERE NOT pg_temp.howdah_converts(r) LIMIT 10", key.join(", ")),
                format!("Rows of {table} have a {column} that does not convert to {}:", self.type_name),
                "Change these rows, or give a USING expression that takes them, then run the change again.",
            )
            .setup(format!(
                "CREATE OR REPLACE FUNCTION pg_temp.howdah_converts({table}) RETURNS boolean LANGUAGE plpgsql AS {}",
                quote_literal(&body)
            ))
            .reason("Said before anything is touched, with the rows.")
            .holds(&table, LockMode::AccessShare),
        )
    }

    /// The shadow with everything that belongs to the column alone, and the trigger that keeps it in step.
    fn add(&self, names: &Names) -> Result<Step, ChangeError> {
        let table = &names.table;
        let new = quote_ident(&names.new);
        let collation = self
            .collation
            .as_ref()
            .map_or(String::new(), |name| format!(" COLLATE {name}"));
        let mut statements = vec![proof::alter(
            table,
            &format!("ADD COLUMN {new} {}{collation}", self.type_name),
        )];
        statements.extend(self.marks(names));
        statements.extend(self.forward_trigger(names)?);
        Ok(Step::transaction(format!("Add the column {new} to {table}, kept in step by a trigger"), statements)
            .reason("From now on whatever is written has the new value too; the rows that are there get it beside the clients.")
            .proof(proof::column(table, &names.new, Some(&self.type_name)))
            .locks(table, LockMode::AccessExclusive)
            .undo_transaction(vec![
                format!("DROP TRIGGER IF EXISTS {} ON {table}", quote_ident(&names.trigger)),
                format!("DROP FUNCTION IF EXISTS {}()", names.forward),
                proof::alter(table, &format!("DROP COLUMN IF EXISTS {new}")),
            ])
            .estimate(Estimate::moment()))
    }

    /// What belongs to the column alone, on the table of the names.
    fn marks(&self, names: &Names) -> Vec<String> {
        let table = &names.table;
        let new = quote_ident(&names.new);
        let alter = |what: String| proof::alter(table, &format!("ALTER COLUMN {new} {what}"));
        let mut sql = Vec::new();
        if let Some(target) = self.column.statistics_target {
            sql.push(alter(format!("SET STATISTICS {target}")));
        }
        if !self.column.options.is_empty() {
            sql.push(alter(format!("SET ({})", self.column.options.join(", "))));
        }
        if let Some(comment) = &self.column.comment {
            sql.push(format!(
                "COMMENT ON COLUMN {table}.{new} IS {}",
                quote_literal(comment)
            ));
        }
        for grant in &self.column.grants {
            let option = if grant.grantable { " WITH GRANT OPTION" } else { "" };
            sql.push(format!(
                "GRANT {} ({new}) ON {table} TO {}{option}",
                grant.privilege, grant.grantee
            ));
        }
        sql
    }

    /// Proves that the shadow holds no NULL, so that the swap has nothing to scan.
    fn prove_not_null(&self, names: &Names, major: u32) -> [Step; 2] {
        let table = &names.table;
        let (new, name) = (quote_ident(&names.new), quote_ident(&names.not_null));
        let (definition, kind) = if major >= 18 {
            (format!("NOT NULL {new}"), 'n')
        } else {
            (format!("CHECK ({new} IS NOT NULL)"), 'c')
        };
        [
            Step::transaction(
                format!("Let {new} of {table} take no more NULL"),
                vec![proof::alter(
                    table,
                    &format!("ADD CONSTRAINT {name} {definition} NOT VALID"),
                )],
            )
            .reason("Not valid at first: no row is read while clients wait.")
            .proof(proof::constraint(table, &names.not_null, kind, false))
            .locks(table, LockMode::AccessExclusive)
            .undo_transaction(vec![proof::drop_constraint(table, &names.not_null)]),
            Step::autocommit(
                format!("Prove that {new} of {table} holds no NULL"),
                proof::alter(table, &format!("VALIDATE CONSTRAINT {name}")),
            )
            .reason("Reads every row while clients go on; the swap has then nothing to scan.")
            .proof(proof::constraint(table, &names.not_null, kind, true))
            .holds(table, LockMode::ShareUpdateExclusive),
        ]
    }

    /// Removes the old column and what hung on it.
    fn contract(&self, names: &Names, copies: &Copies) -> Vec<Step> {
        let table = &names.table;
        let old = quote_ident(&names.old);
        let mut steps: Vec<Step> = copies
            .retired_indexes(self.relation.schema())
            .into_iter()
            .map(|index| {
                Step::autocommit(format!("Drop the index {index}"), proof::drop_index(&index))
                    .reason("It is on the old column.")
                    .proof(format!("{} IS NULL", proof::regclass(&index)))
                    .holds(table, LockMode::ShareUpdateExclusive)
                    .undo(Undo::Impossible {
                        reason: "the index on the old column is gone".to_owned(),
                    })
                    .estimate(Estimate::moment())
            })
            .collect();
        let mut statements = Vec::new();
        if self.invertible {
            statements.push(format!(
                "DROP TRIGGER IF EXISTS {} ON {table}",
                quote_ident(&names.trigger)
            ));
            statements.push(format!("DROP FUNCTION IF EXISTS {}()", names.backward));
        }
        statements.push(proof::alter(table, &format!("DROP COLUMN IF EXISTS {old}")));
        let mut drop = Step::transaction(format!("Drop the old column {old} of {table}"), statements)
            .reason("Nobody reads it any more; its space is used again as rows are rewritten.")
            .proof(format!("NOT {}", proof::column(table, &names.old, None)))
            .locks(table, LockMode::AccessExclusive)
            .undo(Undo::Impossible {
                reason: "the old column is gone".to_owned(),
            })
            .estimate(Estimate::moment());
        for other in copies.referenced_tables() {
            drop = drop.locks(&other, LockMode::AccessExclusive);
        }
        steps.push(drop);
        steps
    }
}
