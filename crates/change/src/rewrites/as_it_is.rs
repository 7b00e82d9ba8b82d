use async_trait::async_trait;
use howdah_rehearse::LockMode;
use howdah_sql::pg_query::NodeEnum;
use howdah_sql::pg_query::protobuf::{CommentStmt, CreateFunctionStmt, Node, ObjectType};
use howdah_sql::{RelationName, quote_ident, quote_literal};

use crate::ask::column_of;
use crate::form::relation_name;
use crate::fragment::{named, strings, type_text};
use crate::rewrite::{Rewrite, rewrite};
use crate::{ChangeError, Estimate, Form, Planning, Step, Trigger, Undo};

/// Statements that are done in a moment: sent as they are, with a lock timeout and tries.
struct AsItIs;

rewrite!(AsItIs);

#[async_trait]
impl Rewrite for AsItIs {
    fn code(&self) -> &'static str {
        "as_it_is"
    }

    fn takes(&self, form: &Form<'_>) -> bool {
        is_quick(&form.node)
    }

    fn rank(&self) -> i32 {
        -1
    }

    async fn plan(&self, form: &Form<'_>, planning: &mut Planning<'_>) -> Result<(), ChangeError> {
        let tag = form.kind.name();
        let step = if form.kind.runs_in_transaction() {
            Step::transaction(tag, vec![form.sql.clone()])
        } else {
            Step::autocommit(tag, form.sql.clone())
        };
        let mut step = step.reason(AS_WRITTEN).estimate(Estimate::moment());
        if let NodeEnum::CreateTrigStmt(trigger) = &form.node
            && let Some(range) = &trigger.relation
        {
            let table = planning.qualified(&relation_name(range));
            if !planning.facts.is_created(&table)
                && planning.facts.relation(&table).is_some_and(|relation| relation.kind != 'v')
            {
                step = step.locks(&table, LockMode::ShareRowExclusive);
            }
        }
        let undo = undo(form, planning).await?;
        planning.step(step.undo(undo));
        record(form, planning);
        Ok(())
    }
}

const AS_WRITTEN: &str =
    "As it is written: its lock is asked for briefly, again and again, so that nobody queues behind it.";

/// What the statement makes of a table's columns, for the statements that follow.
fn record(form: &Form<'_>, planning: &mut Planning<'_>) {
    let ranges = |nodes: &[Node]| -> Vec<RelationName> {
        let names = nodes.iter().filter_map(|node| match &node.node {
            Some(NodeEnum::RangeVar(range)) => Some(relation_name(range)),
            _ => None,
        });
        names.collect()
    };
    match &form.node {
        NodeEnum::CommentStmt(comment) => commented(comment, planning),
        NodeEnum::CreateTrigStmt(made) => {
            let Some(table) = made.relation.as_ref().map(relation_name) else { return };
            let Some(relation) = planning.facts.relation_mut(&table) else { return };
            // Bits of the server's own: BEFORE and UPDATE.
            let (before, update) = (made.timing & 2 != 0, made.events & 16 != 0);
            relation.triggers.retain(|other| other.name != made.trigname);
            relation.triggers.push(Trigger {
                name: made.trigname.clone(),
                definition: form.sql.clone(),
                enabled: 'O',
                before_row: before && made.row,
                row: made.row,
                on_update: update,
                columns: strings(&made.columns),
            });
        }
        NodeEnum::CreateStatsStmt(statistics) => {
            for table in ranges(&statistics.relations) {
                changes(planning, &table, None);
            }
        }
        NodeEnum::GrantStmt(grant) => {
            let columns = grant.privileges.iter().filter_map(|privilege| match &privilege.node {
                Some(NodeEnum::AccessPriv(privilege)) => Some(strings(&privilege.cols)),
                _ => None,
            });
            let columns: Vec<String> = columns.flatten().collect();
            for table in ranges(&grant.objects) {
                columns.iter().for_each(|column| changes(planning, &table, Some(column)));
            }
        }
        _ => {}
    }
}

fn changes(planning: &mut Planning<'_>, table: &RelationName, column: Option<&str>) {
    if let Some(oid) = planning.facts.relation(table).map(|relation| relation.oid) {
        planning.changes(oid, column);
    }
}

/// The comment goes with the column or the constraint.
fn commented(comment: &CommentStmt, planning: &mut Planning<'_>) {
    let Some(NodeEnum::List(list)) = comment.object.as_ref().and_then(|object| object.node.as_ref()) else { return };
    let Some((name, table)) = list.items.split_last() else { return };
    let (Some(name), Some(table)) = (strings(std::slice::from_ref(name)).pop(), named(table)) else { return };
    let Some(relation) = planning.facts.relation_mut(&table) else { return };
    let text = (!comment.comment.is_empty()).then(|| comment.comment.clone());
    match comment.objtype() {
        ObjectType::ObjectColumn => {
            let same = relation.columns.iter_mut().filter(|column| column.name == name);
            same.for_each(|column| column.comment.clone_from(&text));
        }
        ObjectType::ObjectTabconstraint => {
            let same = relation.constraints.iter_mut().filter(|constraint| constraint.name == name);
            same.for_each(|constraint| constraint.comment.clone_from(&text));
        }
        _ => {}
    }
}

/// Whether the statement writes the catalog and little else, whatever the size of a table.
fn is_quick(node: &NodeEnum) -> bool {
    use NodeEnum::*;
    matches!(
        node,
        ViewStmt(_)
            | CreateFunctionStmt(_)
            | AlterFunctionStmt(_)
            | CreateTrigStmt(_)
            | CreateEventTrigStmt(_)
            | AlterEventTrigStmt(_)
            | CreatePolicyStmt(_)
            | AlterPolicyStmt(_)
            | CreateSeqStmt(_)
            | AlterSeqStmt(_)
            | CreateEnumStmt(_)
            | CreateRangeStmt(_)
            | CompositeTypeStmt(_)
            | CreateDomainStmt(_)
            | CreateSchemaStmt(_)
            | CreateExtensionStmt(_)
            | CreateStatsStmt(_)
            | AlterStatsStmt(_)
            | RuleStmt(_)
            | DefineStmt(_)
            | AlterCollationStmt(_)
            | AlterOperatorStmt(_)
            | AlterTypeStmt(_)
            | CreateOpClassStmt(_)
            | CreateOpFamilyStmt(_)
            | AlterOpFamilyStmt(_)
            | CreateCastStmt(_)
            | CreateConversionStmt(_)
            | CreateTransformStmt(_)
            | AlterTsdictionaryStmt(_)
            | AlterTsconfigurationStmt(_)
            | CommentStmt(_)
            | SecLabelStmt(_)
            | GrantStmt(_)
            | GrantRoleStmt(_)
            | AlterDefaultPrivilegesStmt(_)
            | AlterOwnerStmt(_)
            | AlterObjectDependsStmt(_)
            | CreateRoleStmt(_)
            | AlterRoleStmt(_)
            | AlterRoleSetStmt(_)
            | DropRoleStmt(_)
            | ReassignOwnedStmt(_)
            | CreatePublicationStmt(_)
            | AlterPublicationStmt(_)
            | CreateFdwStmt(_)
            | AlterFdwStmt(_)
            | CreateForeignServerStmt(_)
            | AlterForeignServerStmt(_)
            | CreateForeignTableStmt(_)
            | CreateUserMappingStmt(_)
            | AlterUserMappingStmt(_)
            | DropUserMappingStmt(_)
            | AlterDatabaseSetStmt(_)
            | AlterSystemStmt(_)
            | NotifyStmt(_)
    )
}

/// The statement as it is, on a table that the script made before.
pub(super) fn on_new_table(form: &Form<'_>, table: &RelationName) -> Step {
    let title = super::alter_table::words(form).map_or_else(
        || form.kind.name().to_owned(),
        |(what, joint)| format!("{what} {joint} {table}"),
    );
    Step::transaction(title, vec![form.sql.clone()])
        .reason("The table was made by this script and is empty: there is nothing that would take long.")
        .undo(Undo::Nothing)
        .estimate(Estimate::moment())
}

/// The statement as it is, in a transaction that locks the table first; for what was found to be quick.
pub(super) fn direct(form: &Form<'_>, planning: &mut Planning<'_>, table: Option<&RelationName>, reason: &str) {
    let undo = Undo::Impossible {
        reason: format!("{} is taken back by a statement of your own", form.kind.name()),
    };
    planning.step(in_a_moment(form, table, reason).undo(undo));
}

/// The step of [`direct`], to be completed.
pub(super) fn in_a_moment(form: &Form<'_>, table: Option<&RelationName>, reason: &str) -> Step {
    let title = match (super::alter_table::words(form), table) {
        (Some((what, joint)), Some(table)) => format!("{what} {joint} {table}"),
        _ => form.kind.name().to_owned(),
    };
    let step = Step::transaction(title, vec![form.sql.clone()])
        .reason(reason)
        .estimate(Estimate::moment());
    match table {
        Some(table) => step.locks(table, LockMode::AccessExclusive),
        None => step,
    }
}

/// How the statement is taken back: what it makes is dropped, what it replaces comes back.
async fn undo(form: &Form<'_>, planning: &mut Planning<'_>) -> Result<Undo, ChangeError> {
    let drop = |what: &str, name: &RelationName| format!("DROP {what} IF EXISTS {name}");
    let absent = async |planning: &mut Planning<'_>, asks: &str, name: &str| {
        let sql = format!("SELECT {asks}($1) IS NULL");
        Ok::<bool, ChangeError>(planning.ask(&sql, &[Some(name)]).await?.as_deref() == Some("t"))
    };
    let statement = match &form.node {
        NodeEnum::ViewStmt(view) => match &view.view {
            Some(range) => {
                let name = relation_name(range);
                let new = absent(planning, "to_regclass", &name.to_string()).await?;
                new.then(|| drop("VIEW", &name))
            }
            None => None,
        },
        NodeEnum::CreateSeqStmt(sequence) => match &sequence.sequence {
            Some(range) => {
                let name = relation_name(range);
                let new = absent(planning, "to_regclass", &name.to_string()).await?;
                new.then(|| drop("SEQUENCE", &name))
            }
            None => None,
        },
        NodeEnum::CreateEnumStmt(made) => named(&made.type_name).map(|name| drop("TYPE", &name)),
        NodeEnum::CreateRangeStmt(made) => named(&made.type_name).map(|name| drop("TYPE", &name)),
        NodeEnum::CompositeTypeStmt(made) => made
            .typevar
            .as_ref()
            .map(|range| drop("TYPE", &relation_name(range))),
        NodeEnum::CreateDomainStmt(made) => named(&made.domainname).map(|name| drop("DOMAIN", &name)),
        NodeEnum::CreateStatsStmt(made) if !made.if_not_exists => {
            named(&made.defnames).map(|name| drop("STATISTICS", &name))
        }
        NodeEnum::CreateSchemaStmt(made) if !made.schemaname.is_empty() => {
            let new = absent(planning, "to_regnamespace", &quote_ident(&made.schemaname)).await?;
            new.then(|| format!("DROP SCHEMA IF EXISTS {}", quote_ident(&made.schemaname)))
        }
        NodeEnum::CreatePolicyStmt(made) => made.table.as_ref().map(|range| {
            format!("DROP POLICY IF EXISTS {} ON {}", quote_ident(&made.policy_name), relation_name(range))
        }),
        NodeEnum::CreateTrigStmt(made) => made.relation.as_ref().and_then(|range| {
            let name = relation_name(range);
            let there = planning.facts.relation(&name).is_some_and(|relation| {
                relation.triggers.iter().any(|trigger| trigger.name == made.trigname)
            });
            (!there).then(|| format!("DROP TRIGGER IF EXISTS {} ON {name}", quote_ident(&made.trigname)))
        }),
        NodeEnum::CreateFunctionStmt(function) => function_undo(function, planning).await?,
        NodeEnum::CommentStmt(comment) => comment_undo(comment, planning),
        _ => None,
    };
    Ok(match statement {
        Some(statement) => Undo::Transaction {
            lock: Vec::new(),
            statements: vec![statement],
        },
        None => Undo::Impossible {
            reason: format!("{} is taken back by a statement of your own", form.kind.name()),
        },
    })
}

/// A function that is new is dropped; one that is replaced comes back as it was.
async fn function_undo(
    function: &CreateFunctionStmt,
    planning: &mut Planning<'_>,
) -> Result<Option<String>, ChangeError> {
    let Some(name) = named(&function.funcname) else { return Ok(None) };
    let mut types = Vec::new();
    for parameter in &function.parameters {
        use howdah_sql::pg_query::protobuf::FunctionParameterMode as Mode;
        let Some(NodeEnum::FunctionParameter(parameter)) = &parameter.node else { continue };
        let taken = !matches!(Mode::try_from(parameter.mode), Ok(Mode::FuncParamOut | Mode::FuncParamTable));
        if taken && let Some(type_name) = &parameter.arg_type {
            types.push(type_text(type_name)?);
        }
    }
    let signature = format!("{name}({})", types.join(", "));
    let old = planning
        .ask(
            "SELECT pg_catalog.pg_get_functiondef(pg_catalog.to_regprocedure($1))",
            &[Some(&signature)],
        )
        .await?;
    let what = if function.is_procedure { "PROCEDURE" } else { "FUNCTION" };
    Ok(Some(old.unwrap_or_else(|| format!("DROP {what} IF EXISTS {signature}"))))
}

/// The comment that a column had; of other things it is not known.
fn comment_undo(
    comment: &howdah_sql::pg_query::protobuf::CommentStmt,
    planning: &Planning<'_>,
) -> Option<String> {
    use howdah_sql::pg_query::protobuf::ObjectType;
    let Some(NodeEnum::List(list)) = &comment.object.as_ref()?.node else { return None };
    if ObjectType::try_from(comment.objtype) != Ok(ObjectType::ObjectColumn) {
        return None;
    }
    let (column, table) = list.items.split_last()?;
    let table = planning.facts.relation(&named(table)?)?;
    let column = table.column(&crate::fragment::strings(std::slice::from_ref(column)).pop()?)?;
    let old = column.comment.as_deref().map_or("NULL".to_owned(), quote_literal);
    Some(format!("COMMENT ON COLUMN {} IS {old}", column_of(&table.name(), &column.name)))
}
