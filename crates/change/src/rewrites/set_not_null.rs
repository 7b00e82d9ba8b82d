use async_trait::async_trait;
use howdah_rehearse::LockMode;
use howdah_sql::pg_query::NodeEnum;
use howdah_sql::pg_query::protobuf::{AlterTableType, ConstrType};
use howdah_sql::{RelationName, quote_ident};

use crate::ask::column_of;
use crate::fragment::strings;
use crate::names::derived_name;
use crate::proof;
use crate::rewrite::{Rewrite, rewrite};
use crate::{ChangeError, Constraint, Estimate, Form, Planning, Relation, Step, Undo};

/// SET NOT NULL without a scan under a lock.
struct SetNotNull;

rewrite!(SetNotNull);

#[async_trait]
impl Rewrite for SetNotNull {
    fn code(&self) -> &'static str {
        "set_not_null"
    }

    fn takes(&self, form: &Form<'_>) -> bool {
        wanted(form).is_some()
    }

    async fn plan(&self, form: &Form<'_>, planning: &mut Planning<'_>) -> Result<(), ChangeError> {
        let (Some((alter, ..)), Some(written), Some(wanted)) = (form.alter(), form.altered(), wanted(form)) else {
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
        let only = !alter.relation.as_ref().is_some_and(|range| range.inh);
        if only && !relation.children.is_empty() {
            planning.refuse(
                format!("{} has children, which ONLY would leave without NOT NULL", relation.name()),
                Some("Leave ONLY out: the children get NOT NULL too, without a scan under a lock."),
            );
            return Ok(());
        }
        if wanted.not_valid {
            super::as_it_is::direct(form, planning, Some(&relation.name()), "NOT VALID: no row is read.");
            return Ok(());
        }
        named_not_null(planning, &relation, &wanted.column, wanted.name.as_deref())
    }
}

/// A column that is to be NOT NULL.
struct Wanted {
    column: String,
    /// The constraint's name, where the script says one.
    name: Option<String>,
    not_valid: bool,
}

/// `ALTER COLUMN … SET NOT NULL`, or `ADD [CONSTRAINT …] NOT NULL …` as PostgreSQL 18 has it.
fn wanted(form: &Form<'_>) -> Option<Wanted> {
    let (_, subtype, cmd) = form.alter()?;
    match (subtype, cmd.def.as_ref().and_then(|def| def.node.as_ref())) {
        (AlterTableType::AtSetNotNull, _) => Some(Wanted { column: cmd.name.clone(), name: None, not_valid: false }),
        (AlterTableType::AtAddConstraint, Some(NodeEnum::Constraint(constraint)))
            if constraint.contype() == ConstrType::ConstrNotnull =>
        {
            Some(Wanted {
                column: strings(&constraint.keys).pop()?,
                name: Some(constraint.conname.clone()).filter(|name| !name.is_empty()),
                not_valid: constraint.skip_validation,
            })
        }
        _ => None,
    }
}

/// The steps by which a column of a table becomes NOT NULL.
pub(super) fn not_null(planning: &mut Planning<'_>, relation: &Relation, column: &str) -> Result<(), ChangeError> {
    named_not_null(planning, relation, column, None)
}

/// The same, with a name for the constraint that PostgreSQL has for it from 18 on.
fn named_not_null(
    planning: &mut Planning<'_>,
    relation: &Relation,
    column: &str,
    name: Option<&str>,
) -> Result<(), ChangeError> {
    let table = relation.name();
    let constraint_name = name.map_or_else(|| not_null_name(relation, column), str::to_owned);
    let place = column_of(&table, column);
    if relation.column(column).is_none() {
        planning.refuse(format!("{table} has no column {}", quote_ident(column)), None);
        return Ok(());
    }
    if relation.is_never_null(column) {
        planning.note(format!("{place} is NOT NULL already."));
        return Ok(());
    }
    let bytes = planning.facts.family_bytes(relation);
    let validate = |planning: &mut Planning<'_>, name: &str, kind: char, undo: Undo| {
        planning.step(
            Step::autocommit(
                format!("Validate {} of {table}", quote_ident(name)),
                proof::alter(&table, &format!("VALIDATE CONSTRAINT {}", quote_ident(name))),
            )
            .reason("Reads all rows under a lock that lets clients read and write.")
            .proof(proof::constraint(&table, name, kind, true))
            .undo(undo)
            .holds(&table, LockMode::ShareUpdateExclusive)
            .estimate(Estimate::scan(bytes)),
        );
    };
    let half = relation
        .constraints
        .iter()
        .find(|constraint| constraint.kind == 'n' && !constraint.validated && constraint.columns == [column]);
    let proven = planning
        .facts
        .leaves(relation)
        .iter()
        .all(|leaf| leaf.constraints.iter().any(|constraint| proves(constraint, column)));
    if let Some(half) = half {
        look_for_nulls(planning, relation, column, bytes);
        validate(planning, &half.name, 'n', super::validate_constraint::not_valid_again(&table, half));
    } else if proven && name.is_none() {
        planning.step(
            Step::transaction(
                format!("Set {place} NOT NULL"),
                vec![proof::alter(&table, &format!("ALTER COLUMN {} SET NOT NULL", quote_ident(column)))],
            )
            .reason("A valid CHECK constraint proves it to the server: nothing is read.")
            .proof(proof::not_null(&table, column))
            .locks(&table, LockMode::AccessExclusive)
            .undo_transaction(vec![drop_not_null(&table, column)])
            .estimate(Estimate::moment()),
        );
    } else if planning.facts.server.major() >= 18 {
        look_for_nulls(planning, relation, column, bytes);
        let name = constraint_name.clone();
        planning.step(
            Step::transaction(
                format!("Add NOT NULL to {place}, not valid yet"),
                vec![proof::alter(
                    &table,
                    &format!("ADD CONSTRAINT {} NOT NULL {} NOT VALID", quote_ident(&name), quote_ident(column)),
                )],
            )
            .reason("What is written from now on has a value there; the rows that are there are not read while other sessions have to wait.")
            .proof(proof::constraint(&table, &name, 'n', false))
            .locks(&table, LockMode::AccessExclusive)
            .undo_transaction(vec![drop_not_null(&table, column)])
            .estimate(Estimate::moment()),
        );
        validate(planning, &name, 'n', Undo::Nothing);
    } else {
        look_for_nulls(planning, relation, column, bytes);
        let name = derived_name("not_null", column);
        planning.step(
            Step::transaction(
                format!("Add a CHECK that {place} is not null, not valid yet"),
                vec![proof::alter(
                    &table,
                    &format!("ADD CONSTRAINT {} CHECK ({} IS NOT NULL) NOT VALID", quote_ident(&name), quote_ident(column)),
                )],
            )
            .reason("SET NOT NULL reads all rows while nobody may even read, unless a valid CHECK proves it. It is added in a moment.")
            .proof(proof::constraint(&table, &name, 'c', false))
            .locks(&table, LockMode::AccessExclusive)
            .undo_transaction(vec![proof::drop_constraint(&table, &name)])
            .estimate(Estimate::moment()),
        );
        validate(planning, &name, 'c', Undo::Nothing);
        planning.step(
            Step::transaction(
                format!("Set {place} NOT NULL, and drop the CHECK"),
                // Two statements: within one ALTER TABLE the CHECK would be dropped before it proves anything.
                vec![
                    proof::alter(&table, &format!("ALTER COLUMN {} SET NOT NULL", quote_ident(column))),
                    proof::drop_constraint(&table, &name),
                ],
            )
            .reason("The CHECK proves it to the server: nothing is read.")
            .proof(proof::not_null(&table, column))
            .locks(&table, LockMode::AccessExclusive)
            .undo_transaction(vec![drop_not_null(&table, column)])
            .estimate(Estimate::moment()),
        );
    }
    let valid_constraint = (planning.facts.server.major() >= 18).then(|| {
        Constraint::planned(&constraint_name, 'n', &[column.to_owned()], &format!("NOT NULL {}", quote_ident(column)))
    });
    planning.facts.record(relation.oid, |member| {
        if let Some(column) = member.columns.iter_mut().find(|other| other.name == column) {
            column.not_null = true;
        }
        member.constraints.retain(|other| !(other.kind == 'n' && other.columns == [column]));
        member.constraints.extend(valid_constraint.clone());
    });
    Ok(())
}

fn drop_not_null(table: &RelationName, column: &str) -> String {
    proof::alter(table, &format!("ALTER COLUMN {} DROP NOT NULL", quote_ident(column)))
}

fn look_for_nulls(planning: &mut Planning<'_>, relation: &Relation, column: &str, bytes: u64) {
    let table = relation.name();
    planning.step(
        Step::check(
            format!("Look for rows of {table} without {}", quote_ident(column)),
            format!("SELECT * FROM {table} WHERE {} IS NULL LIMIT 10", quote_ident(column)),
            format!("Rows of {table} are NULL in {}:", quote_ident(column)),
            "Give these rows a value (or remove them), then run the change again.",
        )
        .reason("Said before anything is touched: a validation that fails later leaves a constraint that writers already have to fulfil.")
        .holds(&table, LockMode::AccessShare)
        .estimate(Estimate::scan(bytes)),
    );
}

/// The name that SET NOT NULL gives the constraint from PostgreSQL 18 on.
fn not_null_name(relation: &Relation, column: &str) -> String {
    let mut label = "not_null".to_owned();
    let mut number = 0;
    loop {
        let name = crate::names::chosen_name(&relation.name().name, column, &label);
        if relation.constraint(&name).is_none() {
            return name;
        }
        number += 1;
        label = format!("not_null{number}");
    }
}

/// Whether the server takes a constraint as a proof, of those forms whose deparsed text is sure to be
/// just that.
fn proves(constraint: &Constraint, column: &str) -> bool {
    let name = quote_ident(column);
    constraint.kind == 'c'
        && constraint.validated
        && !constraint.no_inherit
        && [
            format!("CHECK (({name} IS NOT NULL))"),
            format!("CHECK ((NOT ({name} IS NULL)))"),
        ]
        .contains(&constraint.definition)
}
