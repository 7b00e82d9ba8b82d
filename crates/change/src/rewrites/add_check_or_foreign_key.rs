use async_trait::async_trait;
use howdah_rehearse::LockMode;
use howdah_sql::pg_query::NodeEnum;
use howdah_sql::pg_query::protobuf::{AlterTableCmd, AlterTableStmt, AlterTableType, ConstrType, Constraint, Node, RangeVar};
use howdah_sql::{RelationName, quote_ident};

use crate::form::{deparse, relation_name};
use crate::names::chosen_name;
use crate::planner::{columns_sql, expression_text, names};
use crate::proof;
use crate::rewrite::{Rewrite, rewrite};
use crate::{ChangeError, Estimate, Form, Planning, Step};

/// ADD CHECK and ADD FOREIGN KEY: not valid first, validated beside readers and writers.
struct AddCheckOrForeignKey;

rewrite!(AddCheckOrForeignKey);

#[async_trait]
impl Rewrite for AddCheckOrForeignKey {
    fn code(&self) -> &'static str {
        "add_check_or_foreign_key"
    }

    fn takes(&self, form: &Form<'_>) -> bool {
        added(form).is_some()
    }

    async fn plan(&self, form: &Form<'_>, planning: &mut Planning<'_>) -> Result<(), ChangeError> {
        let (Some((alter, constraint)), Some(written)) = (added(form), form.altered()) else { return Ok(()) };
        if planning.facts.is_created(&written) {
            planning.step(Step::transaction(format!("Add a constraint to {written}"), vec![form.sql.clone()]).reason(
                "The table was made by this script and is empty: there is nothing to be checked.",
            ));
            return Ok(());
        }
        let Some(relation) = planning.facts.relation(&written).cloned() else {
            planning.refuse(format!("The table {written} does not exist"), None);
            return Ok(());
        };
        let table = relation.name();
        let foreign = ConstrType::try_from(constraint.contype) == Ok(ConstrType::ConstrForeign);
        let name = match constraint.conname.as_str() {
            "" => unnamed(&relation, constraint, foreign),
            given => given.to_owned(),
        };
        if relation.constraint(&name).is_some() {
            planning.refuse(format!("{table} has a constraint {} already", quote_ident(&name)), None);
            return Ok(());
        }
        if foreign && relation.kind == 'p' && planning.facts.server.major() < 18 {
            return of_partitions(planning, alter, &relation, constraint, &name).await;
        }
        let kind = if foreign { 'f' } else { 'c' };
        let referenced = constraint.pktable.as_ref().map(|range| planning.qualified(&relation_name(range)));
        let bytes = planning.facts.family_bytes(&relation);
        let only = relation.kind == 'r' && !alter.relation.as_ref().is_some_and(|range| range.inh);
        if foreign && let Some(referenced) = &referenced {
            if let Some(check) = orphans(&table, referenced, &relation, constraint, planning) {
                planning.step(check.estimate(Estimate::scan(bytes)));
            }
        } else if let Some(expression) = &constraint.raw_expr
            && let Some(text) = expression_text(expression)?
        {
            let from = if only { "ONLY " } else { "" };
            planning.step(
                Step::check(
                    format!("Look for rows of {table} that violate {}", quote_ident(&name)),
                    format!("SELECT * FROM {from}{table} WHERE NOT ({text}) LIMIT 10"),
                    format!("Rows of {table} do not fulfil CHECK ({text}):"),
                    "Change these rows, then run the change again.",
                )
                .reason("Said before anything is touched: a validation that fails later leaves a constraint that writers already have to fulfil.")
                .holds(&table, LockMode::AccessShare)
                .estimate(Estimate::scan(bytes)),
            );
        }
        let not_valid = Constraint {
            conname: name.clone(),
            skip_validation: true,
            initially_valid: false,
            pktable: constraint.pktable.as_ref().zip(referenced.as_ref()).map(|(range, name)| RangeVar {
                schemaname: name.schema.clone().unwrap_or_default(),
                ..range.clone()
            }),
            ..constraint.clone()
        };
        let mut add = Step::transaction(
            format!("Add the constraint {} to {table}, not valid yet", quote_ident(&name)),
            vec![alter_with(alter, &table, &not_valid)?],
        )
        .reason("What is written from now on is checked; the rows that are there are not read while other sessions have to wait.")
        .proof(proof::constraint(&table, &name, kind, false))
        .locks(&table, if foreign { LockMode::ShareRowExclusive } else { LockMode::AccessExclusive })
        .estimate(Estimate::moment());
        if let Some(referenced) = &referenced {
            add = add.locks(referenced, LockMode::ShareRowExclusive);
        }
        planning.step(add.undo_transaction(vec![proof::drop_constraint(&table, &name)]));
        // Wanted as it is, not valid: then that was all.
        if !constraint.skip_validation {
            let mut validate = Step::autocommit(
                format!("Validate {} of {table}", quote_ident(&name)),
                proof::alter(&table, &format!("VALIDATE CONSTRAINT {}", quote_ident(&name))),
            )
            .reason("Reads all rows under a lock that lets clients read and write.")
            .proof(proof::constraint(&table, &name, kind, true))
            .holds(&table, LockMode::ShareUpdateExclusive)
            .estimate(Estimate::scan(bytes));
            if let Some(referenced) = &referenced {
                validate = validate.holds(referenced, LockMode::RowShare);
            }
            planning.step(validate);
        }
        record(planning, &relation, constraint, &not_valid, referenced.as_ref())
    }
}

/// The statements that follow find the constraint.
fn record(
    planning: &mut Planning<'_>,
    relation: &crate::Relation,
    written: &Constraint,
    not_valid: &Constraint,
    referenced: Option<&RelationName>,
) -> Result<(), ChangeError> {
    let name = &not_valid.conname;
    let plain = Constraint { skip_validation: written.skip_validation, initially_valid: !written.skip_validation, ..not_valid.clone() };
    let table = relation.name();
    let place = AlterTableStmt {
        relation: Some(crate::fragment::range(&table)),
        objtype: howdah_sql::pg_query::protobuf::ObjectType::ObjectTable.into(),
        ..AlterTableStmt::default()
    };
    let text = alter_with(&place, &table, &plain)?;
    let before = format!("ADD CONSTRAINT {} ", quote_ident(name));
    let Some((_, definition)) = text.split_once(&before) else {
        planning.changes(relation.oid, None);
        return Ok(());
    };
    let target = referenced.and_then(|name| planning.facts.relation(name)).map(|target| target.oid);
    let columns = match target {
        Some(_) => names(&written.fk_attrs),
        None => mentioned(written),
    };
    let kind = if target.is_some() { 'f' } else { 'c' };
    let constraint = crate::Constraint {
        validated: !written.skip_validation,
        deferrable: written.deferrable,
        references: target,
        referenced_columns: names(&written.pk_attrs),
        no_inherit: written.is_no_inherit,
        ..crate::Constraint::planned(name, kind, &columns, definition)
    };
    // The table that is referred to would have to know of it too.
    if let Some(target) = target {
        let columns = names(&written.pk_attrs);
        columns.iter().for_each(|column| planning.changes(target, Some(column)));
        if columns.is_empty() {
            planning.changes(target, None);
        }
    }
    if kind == 'c' && !written.is_no_inherit {
        planning.facts.record(relation.oid, |member| member.constraints.push(constraint.clone()));
    } else if let Some(relation) = planning.facts.relation_mut(&table) {
        relation.constraints.push(constraint);
    }
    Ok(())
}

/// The columns that a check mentions, in order.
fn mentioned(constraint: &Constraint) -> Vec<String> {
    let mut mentioned = Vec::new();
    if let Some(expression) = &constraint.raw_expr
        && let Some(node) = &expression.node
    {
        for (node, ..) in node.nodes() {
            if let howdah_sql::pg_query::NodeRef::ColumnRef(column) = node
                && let Some(name) = names(&column.fields).pop()
                && !mentioned.contains(&name)
            {
                mentioned.push(name);
            }
        }
    }
    mentioned
}

/// Before PostgreSQL 18 a foreign key of a partitioned table cannot be added NOT VALID: each leaf gets its
/// own, validated; the one of the whole then finds them and reads nothing.
async fn of_partitions(
    planning: &mut Planning<'_>,
    alter: &AlterTableStmt,
    relation: &crate::Relation,
    constraint: &Constraint,
    name: &str,
) -> Result<(), ChangeError> {
    let table = relation.name();
    let Some(range) = &constraint.pktable else { return Ok(()) };
    let referenced = planning.qualified(&relation_name(range));
    let named = Constraint {
        conname: name.to_owned(),
        pktable: Some(RangeVar { schemaname: referenced.schema.clone().unwrap_or_default(), ..range.clone() }),
        ..constraint.clone()
    };
    if constraint.skip_validation {
        planning.refuse(
            format!("Before PostgreSQL 18 a foreign key of the partitioned table {table} cannot stay NOT VALID"),
            Some("Leave NOT VALID out: the rows are looked at while clients go on."),
        );
        return Ok(());
    }
    let leaves: Vec<crate::Relation> = planning.facts.leaves(relation).into_iter().cloned().collect();
    for leaf in leaves {
        if leaf.constraint(name).is_none_or(|own| own.kind != 'f') {
            planning.also(&alter_with(alter, &leaf.name(), &named)?).await?;
        }
    }
    planning.step(
        Step::transaction(
            format!("Add the constraint {} to {table}, of those of the partitions", quote_ident(name)),
            vec![alter_with(alter, &table, &named)?],
        )
        .reason("The server takes the valid foreign keys of the partitions over: no row is read.")
        .proof(proof::constraint(&table, name, 'f', true))
        .locks(&table, LockMode::ShareRowExclusive)
        .locks(&referenced, LockMode::AccessExclusive)
        .undo_transaction(vec![proof::drop_constraint(&table, name)])
        .estimate(Estimate::moment()),
    );
    Ok(())
}

/// The constraint of `ALTER TABLE … ADD [CONSTRAINT …] CHECK | FOREIGN KEY`.
fn added<'f>(form: &'f Form<'_>) -> Option<(&'f AlterTableStmt, &'f Constraint)> {
    let (alter, AlterTableType::AtAddConstraint, cmd) = form.alter()? else { return None };
    match cmd.def.as_ref()?.node.as_ref()? {
        NodeEnum::Constraint(constraint) => match ConstrType::try_from(constraint.contype).ok()? {
            ConstrType::ConstrCheck | ConstrType::ConstrForeign => Some((alter, constraint)),
            _ => None,
        },
        _ => None,
    }
}

fn alter_with(alter: &AlterTableStmt, table: &RelationName, constraint: &Constraint) -> Result<String, ChangeError> {
    let node = |node| Node { node: Some(node) };
    deparse(&NodeEnum::AlterTableStmt(AlterTableStmt {
        relation: alter.relation.as_ref().map(|range| RangeVar {
            schemaname: table.schema.clone().unwrap_or_default(),
            relname: table.name.clone(),
            ..range.clone()
        }),
        cmds: vec![node(NodeEnum::AlterTableCmd(Box::new(AlterTableCmd {
            subtype: AlterTableType::AtAddConstraint.into(),
            def: Some(Box::new(node(NodeEnum::Constraint(Box::new(constraint.clone()))))),
            behavior: howdah_sql::pg_query::protobuf::DropBehavior::DropRestrict.into(),
            ..AlterTableCmd::default()
        })))],
        ..alter.clone()
    }))
}

/// The name that PostgreSQL would choose.
fn unnamed(relation: &crate::Relation, constraint: &Constraint, foreign: bool) -> String {
    let columns: Vec<String> = if foreign {
        names(&constraint.fk_attrs)
    } else {
        let mentioned = mentioned(constraint);
        // A check of one column is named after it, of several after none.
        if mentioned.len() == 1 { mentioned } else { Vec::new() }
    };
    let label = if foreign { "fkey" } else { "check" };
    let base = columns.join("_");
    let mut name = chosen_name(&relation.name().name, &base, label);
    let mut number = 0;
    while relation.constraint(&name).is_some() {
        number += 1;
        name = chosen_name(&relation.name().name, &base, &format!("{label}{number}"));
    }
    name
}

/// Looks for rows whose key is not in the referenced table.
fn orphans(
    table: &RelationName,
    referenced: &RelationName,
    relation: &crate::Relation,
    constraint: &Constraint,
    planning: &Planning<'_>,
) -> Option<Step> {
    let columns = names(&constraint.fk_attrs);
    let mut to = names(&constraint.pk_attrs);
    if to.is_empty() {
        let target = planning.facts.relation(referenced)?;
        to = target.constraints.iter().find(|constraint| constraint.kind == 'p')?.columns.clone();
    }
    if columns.len() != to.len() || columns.iter().any(|column| relation.column(column).is_none()) {
        return None;
    }
    let list = columns_sql(&columns);
    let only = if relation.kind == 'p' { "" } else { "ONLY " };
    let given: Vec<String> = columns.iter().map(|column| format!("f.{} IS NOT NULL", quote_ident(column))).collect();
    let equal: Vec<String> = columns
        .iter()
        .zip(&to)
        .map(|(from, to)| format!("p.{} = f.{}", quote_ident(to), quote_ident(from)))
        .collect();
    let shown: Vec<String> = columns.iter().map(|column| format!("f.{}", quote_ident(column))).collect();
    Some(
        Step::check(
            format!("Look for rows of {table} without a row in {referenced}"),
            format!(
                "SELECT {}, count(*) AS rows FROM {only}{table} f WHERE {} AND NOT EXISTS (SELECT FROM {referenced} p WHERE {}) GROUP BY {} LIMIT 10",
                shown.join(", "),
                given.join(" AND "),
                equal.join(" AND "),
                shown.join(", ")
            ),
            format!("Rows of {table} refer by ({list}) to nothing in {referenced}:"),
            "Change or remove these rows, then run the change again.",
        )
        .reason("Said before anything is touched: a validation that fails later leaves a constraint that writers already have to fulfil.")
        .holds(table, LockMode::AccessShare)
        .holds(referenced, LockMode::AccessShare),
    )
}
