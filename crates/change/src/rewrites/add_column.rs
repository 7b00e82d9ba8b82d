use async_trait::async_trait;
use howdah_rehearse::LockMode;
use howdah_sql::pg_query::NodeEnum;
use howdah_sql::pg_query::protobuf::{AlterTableType, ColumnDef, ConstrType, Constraint, Node, ObjectType};
use howdah_sql::{RelationName, quote_ident};

use crate::ask::{TypeFacts, column_of};
use crate::fragment::{column_definition, expression, node, type_text};
use crate::new_column::{NewColumn, Value};
use crate::proof;
use crate::rewrite::{Rewrite, rewrite};
use crate::{ChangeError, Column, Estimate, Form, Planning, Relation, Step};

/// ADD COLUMN, with whatever hangs on it.
struct AddColumn;

rewrite!(AddColumn);

#[async_trait]
impl Rewrite for AddColumn {
    fn code(&self) -> &'static str {
        "add_column"
    }

    fn takes(&self, form: &Form<'_>) -> bool {
        matches!(
            form.alter(),
            Some((alter, AlterTableType::AtAddColumn, _))
                if matches!(alter.objtype(), ObjectType::ObjectTable | ObjectType::ObjectForeignTable)
        )
    }

    async fn plan(&self, form: &Form<'_>, planning: &mut Planning<'_>) -> Result<(), ChangeError> {
        let (Some((alter, _, cmd)), Some(written)) = (form.alter(), form.altered()) else { return Ok(()) };
        let Some(NodeEnum::ColumnDef(definition)) = cmd.def.as_ref().and_then(|def| def.node.as_ref()) else {
            return Ok(());
        };
        if planning.facts.is_created(&written) {
            planning.step(super::as_it_is::on_new_table(form, &written));
            return Ok(());
        }
        let Some(relation) = planning.facts.relation(&written).cloned() else {
            planning.refuse(format!("The table {written} does not exist"), None);
            return Ok(());
        };
        let table = relation.name();
        if relation.column(&definition.colname).is_some() {
            if cmd.missing_ok {
                planning.note(format!("{} is there already: nothing is done, as the script says.", column_of(&table, &definition.colname)));
            } else {
                planning.refuse(format!("{table} has a column {} already", quote_ident(&definition.colname)), None);
            }
            return Ok(());
        }
        if !alter.relation.as_ref().is_some_and(|range| range.inh) && !relation.children.is_empty() {
            planning.refuse(format!("{table} has children, which ADD COLUMN cannot leave out"), Some("Leave ONLY out."));
            return Ok(());
        }
        if relation.parents.iter().any(|parent| planning.facts.by_oid(*parent).is_some_and(|parent| parent.kind == 'p')) {
            planning.refuse(format!("{table} is a partition"), Some("Add the column to the partitioned table."));
            return Ok(());
        }
        if relation.kind == 'f' || !matches!(relation.kind, 'r' | 'p') {
            super::as_it_is::direct(form, planning, None, "Only the catalog is written.");
            return Ok(());
        }
        if !planning.takes_a_column(&relation) {
            return Ok(());
        }
        one(planning, &relation, definition).await
    }
}

/// A column's parts, taken apart.
#[derive(Default)]
struct Parts {
    not_null: bool,
    default: Option<Node>,
    identity: Option<Constraint>,
    generated: Option<Constraint>,
    /// Added by plans of their own: CHECK, UNIQUE, PRIMARY KEY, REFERENCES.
    constraints: Vec<Constraint>,
}

fn parts(definition: &ColumnDef) -> Parts {
    let mut parts = Parts { default: definition.raw_default.as_deref().cloned(), ..Parts::default() };
    for element in &definition.constraints {
        let Some(NodeEnum::Constraint(constraint)) = &element.node else { continue };
        match constraint.contype() {
            ConstrType::ConstrNotnull => parts.not_null = true,
            ConstrType::ConstrDefault => parts.default = constraint.raw_expr.as_deref().cloned(),
            ConstrType::ConstrIdentity => parts.identity = Some((**constraint).clone()),
            ConstrType::ConstrGenerated => parts.generated = Some((**constraint).clone()),
            ConstrType::ConstrCheck | ConstrType::ConstrUnique | ConstrType::ConstrPrimary | ConstrType::ConstrForeign => {
                parts.constraints.push((**constraint).clone());
            }
            // Follow the constraint that they belong to.
            ConstrType::ConstrAttrDeferrable | ConstrType::ConstrAttrNotDeferrable | ConstrType::ConstrAttrDeferred
            | ConstrType::ConstrAttrImmediate | ConstrType::ConstrAttrEnforced | ConstrType::ConstrAttrNotEnforced => {
                if let Some(last) = parts.constraints.last_mut() {
                    match constraint.contype() {
                        ConstrType::ConstrAttrDeferrable => last.deferrable = true,
                        ConstrType::ConstrAttrDeferred => {
                            last.deferrable = true;
                            last.initdeferred = true;
                        }
                        ConstrType::ConstrAttrNotEnforced => last.is_enforced = false,
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    parts
}

/// `serial` and its kin: the type of the column.
fn serial(written: &str) -> Option<&'static str> {
    match written {
        "smallserial" | "serial2" => Some("smallint"),
        "serial" | "serial4" => Some("integer"),
        "bigserial" | "serial8" => Some("bigint"),
        _ => None,
    }
}

async fn one(planning: &mut Planning<'_>, relation: &Relation, definition: &ColumnDef) -> Result<(), ChangeError> {
    let table = relation.name();
    let name = definition.colname.clone();
    let parts = parts(definition);
    let Some(type_name) = &definition.type_name else { return Ok(()) };
    let written = type_text(type_name)?;
    let serial = serial(&written);
    let type_written = serial.unwrap_or(&written).to_owned();
    let Some(found) = planning.type_facts(&type_written).await? else {
        // It may be one that the script makes before: then nothing hides in it but what it says.
        if planning.statement() > 1 && parts.default.is_none() && !parts.not_null && parts.constraints.is_empty() {
            planning.step(added(&table, definition, &name)?);
            return Ok(());
        }
        planning.refuse(format!("The type {type_written} does not exist yet"), Some("Make the type by a change of its own, before."));
        return Ok(());
    };
    // Without the constraints that are added for themselves.
    let plain = ColumnDef {
        constraints: definition
            .constraints
            .iter()
            .filter(|element| match &element.node {
                Some(NodeEnum::Constraint(constraint)) => matches!(
                    constraint.contype(),
                    ConstrType::ConstrNotnull | ConstrType::ConstrNull | ConstrType::ConstrDefault
                        | ConstrType::ConstrIdentity | ConstrType::ConstrGenerated
                ),
                _ => true,
            })
            .cloned()
            .collect(),
        ..definition.clone()
    };
    let bare = ColumnDef { constraints: Vec::new(), raw_default: None, type_name: Some(type_name.clone()), ..definition.clone() };
    let rows = planning.has_rows(&table).await?;
    let default = parts.default.as_ref().map(expression).transpose()?;
    let new = NewColumn { relation, name: &name, bare: &bare, found: &found, not_null: parts.not_null };
    let virtual_column = parts.generated.as_ref().is_some_and(|generated| generated.generated_kind == "v");
    if !rows {
        // Nothing has to be read or written.
        planning.step(added(&table, &plain, &name)?.reason("The table is empty: the column is there in a moment."));
        record(planning, relation, &name, &found, parts.not_null, "");
    } else if virtual_column {
        let nullable = without_not_null(&plain);
        planning.step(added(&table, &nullable, &name)?.reason("A virtual column is computed when it is read: nothing is written."));
        record(planning, relation, &name, &found, false, "v");
        if parts.not_null {
            required(planning, &table, &name)?;
        }
    } else if let Some(generated) = &parts.generated {
        let Some(tree) = &generated.raw_expr else { return Ok(()) };
        new.fill(planning, Value::Computed(expression(tree)?)).await?;
    } else if let Some(identity) = &parts.identity {
        new.fill(planning, Value::Identity(identity)).await?;
    } else if serial.is_some() {
        let bare = ColumnDef { type_name: Some(crate::new_column::named_type(&type_written)), ..bare.clone() };
        let new = NewColumn { bare: &bare, not_null: true, ..new };
        new.fill(planning, Value::Serial(&type_written)).await?;
    } else if found.is_constrained() {
        constrained(planning, &new, default.clone().or_else(|| found.default.clone())).await?;
    } else if let Some(default) = default.clone().or_else(|| found.default.clone()) {
        let cast = format!("CAST(({default}) AS {type_written})");
        if planning.is_volatile(&cast).await? {
            new.fill(planning, Value::Default(default)).await?;
        } else {
            let reason = if relation.kind == 'p' || !relation.children.is_empty() {
                "The default is the same for all rows that are there: the server keeps it once per table, and writes no row."
            } else {
                "The default is the same for all rows that are there: the server keeps it once, and writes no row."
            };
            planning.step(added(&table, &plain, &name)?.reason(reason));
            record(planning, relation, &name, &found, parts.not_null, "");
        }
    } else if parts.not_null || parts.constraints.iter().any(|constraint| constraint.contype() == ConstrType::ConstrPrimary) {
        planning.refuse(
            format!("{table} has rows, and the new column {} would be NULL in them: NOT NULL needs a value", quote_ident(&name)),
            Some(&format!("Say which value the rows get: ADD COLUMN {} … NOT NULL DEFAULT …; or add the column without NOT NULL, fill it, then SET NOT NULL.", quote_ident(&name))),
        );
        return Ok(());
    } else {
        planning.step(added(&table, &plain, &name)?.reason("A column without a default is only written into the catalog."));
        record(planning, relation, &name, &found, false, "");
    }
    match (&parts.default, planning.facts.relation(&table).and_then(|relation| relation.column(&name))) {
        (Some(tree), Some(column)) => {
            let default = super::alter_table::default_of(tree, column)?;
            planning.facts.record(relation.oid, |member| {
                let same = member.columns.iter_mut().filter(|column| column.name == name);
                same.for_each(|column| column.default = Some(default.clone()));
            });
        }
        _ if serial.is_some() || parts.identity.is_some() || parts.generated.is_some() || found.default.is_some() => {
            planning.changes(relation.oid, Some(&name));
        }
        _ => {}
    }
    for constraint in &parts.constraints {
        planning.also(&as_of_table(&table, &name, constraint)?).await?;
    }
    Ok(())
}

/// The step that adds the column as defined, in a moment.
pub(crate) fn added(table: &RelationName, definition: &ColumnDef, name: &str) -> Result<Step, ChangeError> {
    Ok(Step::transaction(
        format!("Add the column {} to {table}", quote_ident(name)),
        vec![proof::alter(table, &format!("ADD COLUMN {}", column_definition(definition)?))],
    )
    .reason("Only the catalog is written.")
    .proof(proof::column(table, name, None))
    .locks(table, LockMode::AccessExclusive)
    .undo_transaction(vec![dropped(table, name)])
    .estimate(Estimate::moment()))
}

/// Takes the column away again.
pub(crate) fn dropped(table: &RelationName, name: &str) -> String {
    proof::alter(table, &format!("DROP COLUMN IF EXISTS {}", quote_ident(name)))
}

/// Later statements, and the rest of this one, find the column.
pub(crate) fn record(planning: &mut Planning<'_>, relation: &Relation, name: &str, found: &TypeFacts, not_null: bool, generated: &str) {
    let column = Column {
        typmod: found.typmod,
        type_kind: found.kind,
        not_null,
        generated: generated.to_owned(),
        ..Column::planned(name, &found.name, found.oid)
    };
    // From 18 on NOT NULL is a constraint, by this name.
    let constraint = (not_null && planning.facts.server.major() >= 18).then(|| {
        let constraint = crate::names::chosen_name(&relation.name().name, name, "not_null");
        crate::Constraint::planned(&constraint, 'n', &[name.to_owned()], &format!("NOT NULL {}", quote_ident(name)))
    });
    planning.facts.record(relation.oid, |member| {
        member.columns.push(column.clone());
        member.constraints.extend(constraint.clone());
    });
    let family: Vec<RelationName> = planning.facts.family(relation).iter().map(|member| member.name()).collect();
    for member in family {
        planning.fence(&member);
    }
}

/// The NOT NULL plan for a column that the plan has added.
pub(crate) fn required(planning: &mut Planning<'_>, table: &RelationName, name: &str) -> Result<(), ChangeError> {
    match planning.facts.relation(table).cloned() {
        Some(relation) => super::set_not_null::not_null(planning, &relation, name),
        None => Ok(()),
    }
}

fn without_not_null(definition: &ColumnDef) -> ColumnDef {
    let mut definition = definition.clone();
    definition.constraints.retain(|element| {
        !matches!(&element.node, Some(NodeEnum::Constraint(constraint)) if constraint.contype() == ConstrType::ConstrNotnull)
    });
    definition
}

/// A column of a domain with constraints: its base type with the same checks, since the server would
/// write every row for the domain.
async fn constrained(planning: &mut Planning<'_>, new: &NewColumn<'_>, default: Option<String>) -> Result<(), ChangeError> {
    let table = new.relation.name();
    let place = column_of(&table, new.name);
    let base_name = new.found.base_name.clone().unwrap_or_default();
    let Some(base) = planning.type_facts(&base_name).await? else { return Ok(()) };
    let not_null = new.not_null || new.found.not_null;
    planning.note(format!(
        "{place} becomes {base_name} with the checks of the domain {}, not the domain itself: for a domain with constraints the server writes every row under a lock. The checks do not follow the domain when it changes.",
        new.found.name
    ));
    if not_null && default.is_none() {
        planning.refuse(
            format!("{table} has rows, and the new column {} would be NULL in them: the domain says NOT NULL", quote_ident(new.name)),
            Some("Say which value the rows get: DEFAULT …"),
        );
        return Ok(());
    }
    let bare = ColumnDef { type_name: Some(crate::new_column::named_type(&base_name)), ..new.bare.clone() };
    let base_column = NewColumn { bare: &bare, found: &base, not_null, ..*new };
    match default {
        Some(default) if planning.is_volatile(&format!("CAST(({default}) AS {base_name})")).await? => {
            base_column.fill(planning, Value::Default(default)).await?;
        }
        default => {
            let mut sql = column_definition(&bare)?;
            if let Some(default) = &default {
                sql.push_str(&format!(" DEFAULT {default}"));
            }
            if not_null {
                sql.push_str(" NOT NULL");
            }
            let mut step = added(&table, &bare, new.name)?;
            step.action = Step::transaction("", vec![proof::alter(&table, &format!("ADD COLUMN {sql}"))])
                .locks(&table, LockMode::AccessExclusive)
                .action;
            planning.step(step.reason("Of the base type, so that no row is written."));
            record(planning, new.relation, new.name, &base, not_null, "");
        }
    }
    for (name, definition) in &new.found.checks {
        let check = crate::new_column::value_replaced(definition, &quote_ident(new.name))?;
        let label = format!("{}_{name}", new.name);
        let constraint = crate::names::bounded(&label);
        planning.also(&proof::alter(&table, &format!("ADD CONSTRAINT {} {check}", quote_ident(&constraint)))).await?;
    }
    Ok(())
}

/// An inline constraint as one of the table.
fn as_of_table(table: &RelationName, column: &str, constraint: &Constraint) -> Result<String, ChangeError> {
    use crate::form::deparse;
    use crate::fragment::range;
    use howdah_sql::pg_query::protobuf::{AlterTableCmd, AlterTableStmt, DropBehavior, String as Text};
    let column = node(NodeEnum::String(Text { sval: column.to_owned() }));
    let mut constraint = constraint.clone();
    match constraint.contype() {
        ConstrType::ConstrForeign => constraint.fk_attrs = vec![column],
        ConstrType::ConstrCheck => {}
        _ => constraint.keys = vec![column],
    }
    deparse(&NodeEnum::AlterTableStmt(AlterTableStmt {
        relation: Some(range(table)),
        objtype: ObjectType::ObjectTable.into(),
        cmds: vec![node(NodeEnum::AlterTableCmd(Box::new(AlterTableCmd {
            subtype: AlterTableType::AtAddConstraint.into(),
            def: Some(Box::new(node(NodeEnum::Constraint(Box::new(constraint))))),
            behavior: DropBehavior::DropRestrict.into(),
            ..AlterTableCmd::default()
        })))],
        ..AlterTableStmt::default()
    }))
}
