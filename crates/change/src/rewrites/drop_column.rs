use async_trait::async_trait;
use howdah_rehearse::LockMode;
use howdah_sql::pg_query::protobuf::{AlterTableType, DropBehavior};
use howdah_sql::quote_ident;

use crate::ask::{beside, column_of};
use crate::proof;
use crate::rewrite::{Rewrite, rewrite};
use crate::{ChangeError, Estimate, Form, Phase, Planning, Step, Undo};

/// DROP COLUMN and DROP CONSTRAINT: in a moment, once nothing is in the way.
struct DropColumn;

rewrite!(DropColumn);

#[async_trait]
impl Rewrite for DropColumn {
    fn code(&self) -> &'static str {
        "drop_column"
    }

    fn takes(&self, form: &Form<'_>) -> bool {
        matches!(
            form.alter(),
            Some((_, AlterTableType::AtDropColumn | AlterTableType::AtDropConstraint, _))
        )
    }

    async fn plan(&self, form: &Form<'_>, planning: &mut Planning<'_>) -> Result<(), ChangeError> {
        let (Some((_, subtype, cmd)), Some(written)) = (form.alter(), form.altered()) else { return Ok(()) };
        if planning.facts.is_created(&written) {
            planning.step(super::as_it_is::on_new_table(form, &written));
            return Ok(());
        }
        let Some(relation) = planning.facts.relation(&written).cloned() else {
            planning.refuse(format!("The table {written} does not exist"), None);
            return Ok(());
        };
        let table = relation.name();
        let cascade = cmd.behavior == i32::from(DropBehavior::DropCascade);
        let name = cmd.name.clone();
        let there = match subtype {
            AlterTableType::AtDropColumn => relation.column(&name).is_some(),
            _ => relation.constraint(&name).is_some(),
        };
        let what = if subtype == AlterTableType::AtDropColumn { "column" } else { "constraint" };
        if !there {
            if cmd.missing_ok {
                planning.note(format!("{table} has no {what} {}: nothing is dropped, as the script says.", quote_ident(&name)));
            } else {
                planning.refuse(format!("{table} has no {what} {}", quote_ident(&name)), None);
            }
            return Ok(());
        }
        let mut step = Step::transaction(format!("Drop the {what} {} of {table}", quote_ident(&name)), vec![form.sql.clone()])
            .reason("Only the catalog is written: its lock is asked for briefly, again and again.")
            .locks(&table, LockMode::AccessExclusive)
            .estimate(Estimate::moment());
        if subtype == AlterTableType::AtDropColumn {
            let dependents = planning.dependents("pg_class", &table.to_string(), Some(&name)).await?;
            say(planning, &dependents, cascade, &column_of(&table, &name));
            let with: Vec<String> = relation
                .indexes
                .iter()
                .filter(|index| index.mentions.contains(&name))
                .map(|index| quote_ident(&index.name))
                .collect();
            if !with.is_empty() {
                planning.note(format!("With the column {} go the indexes {}.", column_of(&table, &name), with.join(", ")));
            }
            planning.note(format!(
                "Clients that name {} fail once it is dropped. To see first whether any do: REVOKE SELECT ({}), UPDATE ({1}) ON {table} from their roles, which can be undone.",
                column_of(&table, &name),
                quote_ident(&name)
            ));
            step = step
                .phase(Phase::Swap)
                .proof(format!("NOT {}", proof::column(&table, &name, None)))
                .undo(Undo::Impossible { reason: "the values of a column that is dropped come back from a backup only".to_owned() });
            let indexes = relation.indexes.iter().filter(|index| index.mentions.contains(&name));
            planning.gone.names.extend(indexes.map(|index| beside(&table, &index.name)));
            planning.gone.columns.extend(relation.column(&name).map(|column| (relation.oid, column.attnum)));
            planning.facts.record(relation.oid, |member| {
                member.columns.retain(|column| column.name != name);
                member.indexes.retain(|index| !index.mentions.contains(&name));
                member.constraints.retain(|constraint| !constraint.columns.contains(&name));
            });
        } else if let Some(constraint) = relation.constraint(&name).cloned() {
            if let Some(referenced) = constraint.references.and_then(|oid| planning.facts.by_oid(oid)).map(|other| other.name()) {
                step = step.locks(&referenced, LockMode::AccessExclusive);
            }
            let keys: Vec<String> = relation
                .referenced_by
                .iter()
                .filter(|key| constraint.index.is_some() && key.index == constraint.index && !key.inherited)
                .filter_map(|key| Some(format!("{} of {}", quote_ident(&key.name), planning.facts.by_oid(key.table)?.name())))
                .collect();
            say(planning, &keys, cascade, &format!("{} of {table}", quote_ident(&name)));
            let back = proof::alter(&table, &format!("ADD CONSTRAINT {} {}", quote_ident(&name), constraint.definition));
            step = step
                .proof(format!("NOT {}", proof::constraint(&table, &name, constraint.kind, false)))
                .undo(match constraint.kind {
                    'c' | 'f' if !constraint.validated => Undo::Transaction {
                        lock: Vec::new(),
                        statements: vec![back],
                    },
                    _ => Undo::Impossible { reason: format!("it comes back by a change of its own: {back}") },
                });
            planning.gone.names.extend(constraint.index.iter().map(|index| beside(&table, index)));
            planning.facts.record(relation.oid, |member| {
                member.constraints.retain(|other| other.name != name);
                member.indexes.retain(|index| Some(&index.name) != constraint.index.as_ref());
                if constraint.kind == 'n' {
                    for column in member.columns.iter_mut().filter(|column| constraint.columns.contains(&column.name)) {
                        column.not_null = false;
                    }
                }
            });
        }
        planning.step(step);
        Ok(())
    }
}

/// What stands in the way is a refusal; with CASCADE, what goes along is a note.
fn say(planning: &mut Planning<'_>, dependents: &[String], cascade: bool, what: &str) {
    if dependents.is_empty() {
        return;
    }
    if cascade {
        planning.note(format!("CASCADE drops with {what}: {}.", dependents.join(", ")));
    } else {
        planning.refuse(
            format!("{what} is needed by: {}", dependents.join(", ")),
            Some("Drop or change these first, each by a statement of its own."),
        );
    }
}
