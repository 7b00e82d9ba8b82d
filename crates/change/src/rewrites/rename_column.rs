use async_trait::async_trait;
use howdah_rehearse::LockMode;
use howdah_sql::pg_query::NodeEnum;
use howdah_sql::pg_query::protobuf::ObjectType;
use howdah_sql::{RelationName, quote_ident, quote_literal};

use crate::ask::{beside, column_of};
use crate::form::relation_name;
use crate::names::{derived_name, hash};
use crate::proof;
use crate::rewrite::{Rewrite, rewrite};
use crate::shadow::{differ, index_sql};
use crate::{Backfill, ChangeError, Column, Estimate, Form, Phase, Planning, Relation, Step, Undo};

/// RENAME COLUMN of a table: both names work until nobody needs the old one.
struct RenameColumn;

rewrite!(RenameColumn);

#[async_trait]
impl Rewrite for RenameColumn {
    fn code(&self) -> &'static str {
        "rename_column"
    }

    fn takes(&self, form: &Form<'_>) -> bool {
        matches!(&form.node, NodeEnum::RenameStmt(rename)
            if rename.rename_type() == ObjectType::ObjectColumn && rename.relation_type() == ObjectType::ObjectTable)
    }

    async fn plan(&self, form: &Form<'_>, planning: &mut Planning<'_>) -> Result<(), ChangeError> {
        let NodeEnum::RenameStmt(rename) = &form.node else { return Ok(()) };
        let Some(range) = &rename.relation else { return Ok(()) };
        let written = relation_name(range);
        if planning.facts.is_created(&written) {
            planning.step(super::as_it_is::on_new_table(form, &written));
            return Ok(());
        }
        let Some(relation) = planning.facts.relation(&written).cloned() else {
            if rename.missing_ok {
                planning.note(format!("{written} does not exist: nothing is done, as the script says."));
            } else {
                planning.refuse(format!("The table {written} does not exist"), None);
            }
            return Ok(());
        };
        if !matches!(relation.kind, 'r' | 'p') {
            return planning.hand_on(form, 0).await;
        }
        let table = relation.name();
        let Some(column) = relation.column(&rename.subname).cloned() else {
            planning.refuse(format!("{table} has no column {}", quote_ident(&rename.subname)), None);
            return Ok(());
        };
        if relation.column(&rename.newname).is_some() {
            planning.refuse(format!("{table} has a column {} already", quote_ident(&rename.newname)), None);
            return Ok(());
        }
        if let Some(reason) = obstacle(planning, &relation, &column) {
            planning.refuse(
                format!("{} cannot have two names for a while: {reason}", column_of(&table, &column.name)),
                Some("The least bad way: the statement as it is, which takes a moment, at the moment at which the clients change; theirs that come too early or too late fail."),
            );
            return Ok(());
        }
        if !planning.takes_a_column(&relation) || !planning.has_no_subscriber(&relation).await? {
            return Ok(());
        }
        TwoNames { relation, column, new: rename.newname.clone() }.plan(planning).await
    }
}

/// Why a second column cannot stand for the first.
fn obstacle(planning: &Planning<'_>, relation: &Relation, column: &Column) -> Option<String> {
    let table = relation.name();
    let family = planning.facts.family(relation);
    if !relation.is_ours {
        Some(format!("{table} belongs to {}", quote_ident(&relation.owner)))
    } else if column.inherited || (relation.kind == 'r' && !relation.children.is_empty()) {
        Some(format!("{table} is part of an inheritance tree or a partition, whose columns are renamed together"))
    } else if relation.of_type {
        Some(format!("{table} is a typed table"))
    } else if !column.generated.is_empty() {
        Some("it is generated, and nobody can write to it".to_owned())
    } else if family.iter().any(|member| member.partition_columns.contains(&column.name)) {
        Some("a trigger cannot move a row to another partition".to_owned())
    } else if let Some(foreign) = family.iter().find(|member| member.kind == 'f') {
        Some(format!("{} is a foreign table, which cannot be filled a few rows at a time", foreign.name()))
    } else if family.iter().any(|member| member.has_rules) {
        Some(format!("{table} has rewrite rules, which would see the new column"))
    } else {
        None
    }
}

/// A column that is to be known by another name as well.
struct TwoNames {
    relation: Relation,
    column: Column,
    new: String,
}

impl TwoNames {
    async fn plan(&self, planning: &mut Planning<'_>) -> Result<(), ChangeError> {
        let table = self.relation.name();
        let (old, new) = (quote_ident(&self.column.name), quote_ident(&self.new));
        let family: Vec<Relation> = planning.facts.family(&self.relation).into_iter().cloned().collect();
        let leaves: Vec<Relation> = planning.facts.leaves(&self.relation).into_iter().cloned().collect();
        let bytes = planning.facts.family_bytes(&self.relation);
        // A value of a domain's base type has passed the domain's checks in the old column.
        let type_name = match planning.type_facts(&self.column.type_name).await? {
            Some(found) if found.kind == 'd' => found.base_name.unwrap_or(found.name),
            _ => self.column.type_name.clone(),
        };
        planning.step(self.begin(&family, &type_name));
        for leaf in &leaves {
            planning.step(
                Step::backfill(
                    format!("Fill {}", column_of(&leaf.name(), &self.new)),
                    Backfill {
                        table: leaf.name(),
                        set: vec![(self.new.clone(), old.clone())],
                        todo: differ(self.column.type_oid, &new, &old),
                        rows: leaf.row_estimate(),
                    },
                )
                .reason("Some hundred rows at a time, so that no client waits for a row for long.")
                .holds(&leaf.name(), LockMode::RowExclusive)
                .estimate(Estimate::backfill(leaf.row_estimate(), leaf.heap_bytes)),
            );
        }
        planning.step(
            Step::autocommit(format!("Vacuum and analyse {table}"), format!("VACUUM (ANALYZE, TRUNCATE false) {table}"))
                .reason("Removes the old versions that the backfill left, and gives the planner statistics of the new column. Giving pages back would lock clients out.")
                .holds(&table, LockMode::ShareUpdateExclusive)
                .estimate(Estimate::scan(planning.facts.family_total_bytes(&self.relation))),
        );
        for leaf in &leaves {
            self.indexes(planning, leaf)?;
        }
        planning.step(
            Step::verify(
                format!("Compare every row of {table}"),
                format!("SELECT count(*) FROM {table} WHERE {}", differ(self.column.type_oid, &new, &old)),
                format!("Rows of {table} have another value in {new} than in {old}"),
            )
            .reason("From here on clients may use either name.")
            .holds(&table, LockMode::AccessShare)
            .phase(Phase::Swap)
            .estimate(Estimate::scan(bytes)),
        );
        planning.step(self.end(&family));
        self.say(planning);
        planning.two_names(self.relation.oid, &self.column.name, &self.new);
        Ok(())
    }

    fn trigger(&self, role: &str) -> String {
        let tail = hash(&format!("{}\0{}\0{role}", self.relation.name(), self.column.name))[..10].to_owned();
        // Triggers fire in the order of their names' bytes: what is written to the new name is
        // seen by every other trigger as the old one's, and what they make of it by the new name.
        let last = role == "out";
        let mut name = if last { format!("zzz_howdah_{tail}") } else { format!("!howdah_{role}_{tail}") };
        let beyond = |name: &str| {
            self.relation.triggers.iter().any(|other| {
                if last { other.name.as_str() >= name } else { other.name.as_str() <= name }
            })
        };
        while beyond(&name) && name.len() < 62 {
            name.insert(0, if last { '~' } else { ' ' });
        }
        name
    }

    fn function(&self, role: &str) -> String {
        let tail = hash(&format!("{}\0{}", self.relation.name(), self.column.name))[..10].to_owned();
        format!("howdah.{role}_{tail}")
    }

    /// The second column, and the triggers that keep the two alike.
    fn begin(&self, family: &[Relation], type_name: &str) -> Step {
        let table = self.relation.name();
        let (old, new) = (quote_ident(&self.column.name), quote_ident(&self.new));
        let collation = self.column.collation.as_ref().map_or(String::new(), |name| format!(" COLLATE {name}"));
        let mut statements = vec![proof::alter(&table, &format!("ADD COLUMN {new} {type_name}{collation}"))];
        for grant in &self.column.grants {
            let option = if grant.grantable { " WITH GRANT OPTION" } else { "" };
            statements.push(format!("GRANT {} ({new}) ON {table} TO {}{option}", grant.privilege, grant.grantee));
        }
        let (into_old, into_new) = (self.function("old"), self.function("new"));
        for (function, to, from) in [(&into_old, &old, &new), (&into_new, &new, &old)] {
            let body = format!("BEGIN NEW.{to} := NEW.{from}; RETURN NEW; END");
            statements.push(format!(
                "CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS {}",
                quote_literal(&body)
            ));
        }
        let oid = self.column.type_oid;
        let written = differ(oid, &format!("NEW.{new}"), &format!("OLD.{new}"));
        let apart = differ(oid, &format!("NEW.{new}"), &format!("NEW.{old}"));
        let triggers = [
            ("ins", "INSERT", format!("NEW.{new} IS NOT NULL"), &into_old),
            ("upd", "UPDATE", written, &into_old),
            ("out", "INSERT OR UPDATE", apart, &into_new),
        ];
        for (role, event, when, function) in triggers {
            let name = quote_ident(&self.trigger(role));
            statements.push(format!(
                "CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION {function}()"
            ));
            // Writes under `session_replication_role = replica` must not pass them by; before
            // PostgreSQL 15 each partition's copy has to be told.
            for member in family {
                statements.push(proof::alter(&member.name(), &format!("ENABLE ALWAYS TRIGGER {name}")));
            }
        }
        Step::transaction(format!("Add the column {new} to {table}, kept equal to {old} by triggers"), statements)
            .reason("Renamed as it stands, every client that knows the old name fails until it is changed. With a second column for the new name, both work.")
            .proof(proof::column(&table, &self.new, None))
            .locks(&table, LockMode::AccessExclusive)
            .undo_transaction(self.undone())
            .estimate(Estimate::moment())
    }

    fn undone(&self) -> Vec<String> {
        let table = self.relation.name();
        let mut statements: Vec<String> = ["ins", "upd", "out"]
            .iter()
            .map(|role| format!("DROP TRIGGER IF EXISTS {} ON {table}", quote_ident(&self.trigger(role))))
            .collect();
        for role in ["old", "new"] {
            statements.push(format!("DROP FUNCTION IF EXISTS {}()", self.function(role)));
        }
        statements.push(proof::alter(&table, &format!("DROP COLUMN IF EXISTS {}", quote_ident(&self.new))));
        statements
    }

    /// Clients that look for rows by the new name find an index; those by the old name keep theirs.
    fn indexes(&self, planning: &mut Planning<'_>, leaf: &Relation) -> Result<(), ChangeError> {
        let table = leaf.name();
        let column = &self.column.name;
        let rename = |name: &str| quote_ident(if name == column { &self.new } else { name });
        for index in &leaf.indexes {
            let concerned = index.mentions.contains(column) || index.columns.contains(column);
            let excludes = leaf.constraints.iter().any(|constraint| {
                constraint.kind == 'x' && constraint.index.as_deref() == Some(&index.name)
            });
            if !concerned || !index.valid || excludes {
                continue;
            }
            let name = derived_name("two", &format!("{}_{column}", index.name));
            let place = index.tablespace.as_deref();
            let sql = index_sql(&index.definition, &name, place, (column, &self.new), &table, rename)?;
            let full = beside(&table, &name);
            planning.step(
                Step::autocommit(format!("Build the index {full}"), sql)
                    .reason(format!("Clients that use the new name find what {} is for the old one.", quote_ident(&index.name)))
                    .cleanup(proof::index_left_over(&table, &full, index.unique), proof::drop_index(&full))
                    .proof(proof::index_valid(&table, &full, index.unique))
                    .undo(Undo::Autocommit { sql: proof::drop_index(&full) })
                    .holds(&table, LockMode::ShareUpdateExclusive)
                    .estimate(Estimate::index_build(leaf.heap_bytes)),
            );
        }
        Ok(())
    }

    /// The second column goes, and the first, on which everything hangs, gets its name.
    fn end(&self, family: &[Relation]) -> Step {
        let table = self.relation.name();
        let (old, new) = (quote_ident(&self.column.name), quote_ident(&self.new));
        let mut statements = self.undone();
        statements.push(proof::alter(&table, &format!("RENAME COLUMN {old} TO {new}")));
        let mut step = Step::transaction(format!("Rename {old} of {table} to {new}, and drop the column that stood for it"), statements)
            .reason("Everything that hangs on the column follows it. From here on the old name is unknown.")
            .phase(Phase::Retire)
            .proof(format!(
                "{} AND NOT {}",
                proof::column(&table, &self.new, None),
                proof::column(&table, &self.column.name, None)
            ))
            .locks(&table, LockMode::AccessExclusive)
            .undo(Undo::Impossible { reason: "the column has its new name, and its old one is not known any more".to_owned() })
            .estimate(Estimate::moment());
        for member in family.iter().skip(1) {
            step = step.holds(&member.name(), LockMode::AccessExclusive);
        }
        step
    }

    fn say(&self, planning: &mut Planning<'_>) {
        let table = self.relation.name();
        let (old, new) = (quote_ident(&self.column.name), quote_ident(&self.new));
        planning.note(format!(
            "{table} has {old} and {new} from then on, always equal, whichever is written. When no client uses {old} any more: howdah change contract {}",
            planning.change()
        ));
        planning.note(format!("SELECT * of {table} shows one column more until then, and a statement that a client has prepared on it gives one error \"cached plan must not change result type\"."));
        if self.column.default.is_some() && !self.column.not_null {
            planning.note(format!("Until then, an INSERT that gives {new} as NULL gets the default of {old}."));
        }
        let of: Vec<String> = self
            .relation
            .triggers
            .iter()
            .filter(|trigger| trigger.columns.contains(&self.column.name))
            .map(|trigger| quote_ident(&trigger.name))
            .collect();
        if !of.is_empty() {
            planning.note(format!("Until then, an UPDATE that names {new} does not fire triggers on UPDATE OF {old}: {}.", of.join(", ")));
        }
    }
}

/// What a later statement of the script would do to a table whose column has two names.
pub(crate) fn conflict(form: &Form<'_>, table: &RelationName, old: &str, new: &str) -> Option<String> {
    let is_apart = matches!(form.node, NodeEnum::AlterTableStmt(_) | NodeEnum::IndexStmt(_) | NodeEnum::RenameStmt(_));
    let trees = howdah_sql::tree(&form.sql, &howdah_sql::Limits::default());
    let names_it = trees.map_or(true, |trees| trees.iter().any(|tree| mentions(tree, &[old, new])));
    (!is_apart || names_it).then(|| {
        format!("{} of {table} has two names until `howdah change contract`, and this statement may see both", quote_ident(new))
    })
}

fn mentions(tree: &serde_json::Value, names: &[&str]) -> bool {
    match tree {
        serde_json::Value::String(text) => names.contains(&text.as_str()),
        serde_json::Value::Array(items) => items.iter().any(|item| mentions(item, names)),
        serde_json::Value::Object(fields) => fields.values().any(|field| mentions(field, names)),
        _ => false,
    }
}
