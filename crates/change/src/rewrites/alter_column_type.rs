use async_trait::async_trait;
use howdah_sql::pg_query::NodeEnum;
use howdah_sql::pg_query::protobuf::{AlterTableType, ColumnDef};
use howdah_sql::quote_ident;

use crate::ask::column_of;
use crate::planner::expression_text;
use crate::rewrite::{Rewrite, rewrite};
use crate::shadow::Shadow;
use crate::{ChangeError, Column, Form, Planning, Relation, Step};

/// ALTER COLUMN … TYPE: by a shadow column, where `alter_type_in_place` does not find that the catalog is all that changes.
struct AlterColumnType;

rewrite!(AlterColumnType);

#[async_trait]
impl Rewrite for AlterColumnType {
    fn code(&self) -> &'static str {
        "alter_column_type"
    }

    fn takes(&self, form: &Form<'_>) -> bool {
        matches!(form.alter(), Some((_, AlterTableType::AtAlterColumnType, _)))
    }

    async fn plan(&self, form: &Form<'_>, planning: &mut Planning<'_>) -> Result<(), ChangeError> {
        let (Some((_, _, cmd)), Some(written)) = (form.alter(), form.altered()) else { return Ok(()) };
        let Some(NodeEnum::ColumnDef(definition)) = cmd.def.as_ref().and_then(|def| def.node.as_ref()) else {
            return Ok(());
        };
        if planning.facts.is_created(&written) {
            planning.step(Step::transaction(format!("Change the type of a column of {written}"), vec![form.sql.clone()]));
            return Ok(());
        }
        let Some(relation) = planning.facts.relation(&written).cloned() else {
            planning.refuse(format!("The table {written} does not exist"), None);
            return Ok(());
        };
        let table = relation.name();
        let Some(column) = relation.column(&cmd.name).cloned() else {
            planning.refuse(format!("{table} has no column {}", quote_ident(&cmd.name)), None);
            return Ok(());
        };
        let wanted = match wanted(planning, definition).await? {
            Ok(wanted) => wanted,
            Err(reason) => {
                planning.refuse(reason, None);
                return Ok(());
            }
        };
        let using = definition.raw_default.as_ref().map(|expression| expression_text(expression)).transpose()?.flatten();
        let collation = collation(definition)?;
        for member in planning.facts.family(&relation).into_iter().cloned().collect::<Vec<_>>() {
            if !refuse_dependents(planning, &member, &column) {
                return Ok(());
            }
        }
        let is_plain_cast = using.as_ref().is_none_or(|text| plain_cast(text, &column.name, &wanted));
        if !refuse_kind(planning, &relation, &column, form.alter().is_some_and(|(alter, ..)| alter.relation.as_ref().is_some_and(|range| !range.inh))) {
            return Ok(());
        }
        if using.is_none() && !assignable(planning, column.type_oid, wanted.type_oid).await? {
            planning.refuse(
                format!("{} does not become {} by itself", column.type_name, wanted.type_name),
                Some("Say how, with USING."),
            );
            return Ok(());
        }
        if !keeps_default(planning, &relation, &column, &wanted).await? {
            return Ok(());
        }
        if !planning.is_as_known(&relation, &column.name) || !planning.takes_a_column(&relation) || !planning.has_no_subscriber(&relation).await? {
            return Ok(());
        }
        let shadow = Shadow {
            safe: is_plain_cast && safe(column.type_oid, &wanted),
            invertible: is_plain_cast,
            expression: using.unwrap_or_else(|| quote_ident(&column.name)),
            type_name: wanted.type_name.clone(),
            type_oid: wanted.type_oid,
            collation,
            column: column.clone(),
            relation,
        };
        planning.gone.columns.push((shadow.relation.oid, column.attnum));
        let is_family = shadow.relation.kind == 'p' || !shadow.relation.children.is_empty();
        if is_family {
            shadow.plan_family(planning).await?;
        } else {
            shadow.plan(planning).await?;
        }
        // What is looked for later are the values of the new type.
        planning.fence(&shadow.relation.name());
        planning.facts.record(shadow.relation.oid, |member| {
            for column in member.columns.iter_mut().filter(|other| other.name == shadow.column.name) {
                column.type_name.clone_from(&wanted.type_name);
                column.type_oid = wanted.type_oid;
                column.typmod = wanted.typmod;
            }
        });
        Ok(())
    }
}

/// The type that is wanted, as the server knows it.
struct Wanted {
    type_name: String,
    type_oid: u32,
    typmod: i32,
}

/// Asks the server what the type means; `Err` where it knows none.
async fn wanted(planning: &mut Planning<'_>, definition: &ColumnDef) -> Result<Result<Wanted, String>, ChangeError> {
    let made = planning.make_types().await?;
    let found = wanted_now(planning, definition).await;
    planning.unmake_types(made).await?;
    found
}

async fn wanted_now(planning: &mut Planning<'_>, definition: &ColumnDef) -> Result<Result<Wanted, String>, ChangeError> {
    use howdah_sql::pg_query::protobuf::{AConst, Node, TypeCast};
    let null = Node { node: Some(NodeEnum::AConst(AConst { isnull: true, ..AConst::default() })) };
    let cast = Node {
        node: Some(NodeEnum::TypeCast(Box::new(TypeCast {
            arg: Some(Box::new(null)),
            type_name: definition.type_name.clone(),
            location: 0,
        }))),
    };
    let Some(text) = expression_text(&cast)? else { return Ok(Err("The type cannot be read".to_owned())) };
    let columns = match planning.connection.columns_of(&format!("SELECT {text}")).await {
        Ok(columns) => columns,
        Err(error) if error.server().is_some() => return Ok(Err(error.to_string())),
        Err(error) => return Err(error.into()),
    };
    let Some(column) = columns.first() else { return Ok(Err("The type cannot be read".to_owned())) };
    let (type_oid, typmod) = (column.type_oid, column.typmod);
    let name = planning
        .ask("SELECT pg_catalog.format_type($1::oid, $2::int)", &[Some(&type_oid.to_string()), Some(&typmod.to_string())])
        .await?;
    Ok(Ok(Wanted { type_name: name.unwrap_or_default(), type_oid, typmod }))
}

fn collation(definition: &ColumnDef) -> Result<Option<String>, ChangeError> {
    let Some(clause) = &definition.coll_clause else { return Ok(None) };
    let names = crate::planner::names(&clause.collname);
    Ok(Some(names.iter().map(|name| quote_ident(name)).collect::<Vec<_>>().join(".")))
}

/// What PostgreSQL refuses to change the type under. `false` where it was refused.
fn refuse_dependents(planning: &mut Planning<'_>, relation: &Relation, column: &Column) -> bool {
    let mut names: Vec<String> = relation
        .dependents
        .iter()
        .filter(|dependent| dependent.column == column.name && dependent.what != "pg_class")
        .map(|dependent| format!("{} {}", dependent.what, dependent.name))
        .collect();
    names.extend(
        relation
            .triggers
            .iter()
            .filter(|trigger| trigger.columns.contains(&column.name))
            .map(|trigger| format!("trigger {}", quote_ident(&trigger.name))),
    );
    names.sort();
    names.dedup();
    if names.is_empty() {
        return true;
    }
    planning.refuse(
        format!("{} of {} is used by {}", quote_ident(&column.name), relation.name(), names.join(", ")),
        Some("PostgreSQL does not change the type of such a column either. Drop them first and make them again afterwards."),
    );
    false
}

/// Whether the column's default is one of the new type as well. `false` where it was refused.
async fn keeps_default(planning: &mut Planning<'_>, relation: &Relation, column: &Column, wanted: &Wanted) -> Result<bool, ChangeError> {
    let Some(default) = &column.default else { return Ok(true) };
    // There is no row, so that nothing is called but functions that are immutable.
    let sql = format!("SELECT {default} FROM (SELECT) AS nothing WHERE false");
    let found = match planning.connection.query(&sql, &[]).await {
        Ok(rows) => rows.columns().first().map(|found| found.type_oid),
        // It may be made of what the script makes before.
        Err(error) if planning.statement() > 1 && error.server().is_some() => None,
        Err(error) => return Err(error.into()),
    };
    let Some(found) = found else { return Ok(true) };
    if assignable(planning, found, wanted.type_oid).await? {
        return Ok(true);
    }
    planning.refuse(
        format!(
            "The default {default} of {} does not become {} by itself",
            column_of(&relation.name(), &column.name),
            wanted.type_name
        ),
        Some("Drop it before (ALTER COLUMN … DROP DEFAULT), and set one of the new type afterwards."),
    );
    Ok(false)
}

/// Tables that a shadow column is not for. `false` where it was refused.
fn refuse_kind(planning: &mut Planning<'_>, relation: &Relation, column: &Column, only: bool) -> bool {
    let table = relation.name();
    let reason = if !relation.is_ours {
        Some(format!("{table} belongs to {}", quote_ident(&relation.owner)))
    } else if column.inherited {
        Some(format!("{table} has {} from another table, where it is changed for all", quote_ident(&column.name)))
    } else if only && !relation.children.is_empty() {
        Some(format!("{table} has tables below it, whose columns change with its own: leave out ONLY"))
    } else if !matches!(relation.kind, 'r' | 'p') {
        Some(format!("{table} is no table"))
    } else if relation.of_type {
        Some(format!("{table} is a typed table"))
    } else if relation.persistence == 't' {
        Some(format!("{table} is a temporary table of another session"))
    } else if relation.has_rules {
        Some(format!("{table} has rewrite rules, which would see the new column"))
    } else {
        None
    };
    match reason {
        Some(reason) => {
            planning.refuse(reason, None);
            false
        }
        None => true,
    }
}

/// Whether a USING expression is no more than the cast that would be made anyway.
fn plain_cast(text: &str, column: &str, wanted: &Wanted) -> bool {
    let column = quote_ident(column);
    let stripped = text.trim().trim_start_matches('(').replace(") ::", "::").replace(")::", "::");
    let stripped = stripped.trim_end_matches(')');
    stripped == column
        || stripped.strip_prefix(&column).and_then(|rest| rest.trim().strip_prefix("::")).is_some_and(|cast| {
            let cast = cast.trim();
            cast == wanted.type_name
                || matches!(
                    (cast, wanted.type_name.as_str()),
                    ("int" | "int4", "integer") | ("int8", "bigint") | ("int2", "smallint") | ("varchar", "character varying")
                        | ("decimal", "numeric") | ("float8" | "float", "double precision") | ("float4", "real") | ("bool", "boolean")
                        | ("timestamptz", "timestamp with time zone") | ("timestamp", "timestamp without time zone")
                )
        })
}

/// Conversions that fail for no value.
fn safe(from: u32, to: &Wanted) -> bool {
    const INT2: u32 = 21;
    const INT4: u32 = 23;
    const INT8: u32 = 20;
    const TEXT: u32 = 25;
    const VARCHAR: u32 = 1043;
    const NUMERIC: u32 = 1700;
    to.typmod == -1
        && matches!(
            (from, to.type_oid),
            (INT2, INT4 | INT8 | NUMERIC) | (INT4, INT8 | NUMERIC) | (INT8, NUMERIC) | (_, TEXT | VARCHAR)
        )
}

/// Whether the cast is one that an assignment makes.
async fn assignable(planning: &mut Planning<'_>, from: u32, to: u32) -> Result<bool, ChangeError> {
    let sql = "WITH base AS (SELECT t.oid, CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END AS base, t.typcategory, t.typelem
                             FROM pg_catalog.pg_type t WHERE t.oid IN ($1::oid, $2::oid))
               SELECT f.base = t.base OR t.typcategory = 'S'
                   OR EXISTS (SELECT FROM pg_catalog.pg_cast c WHERE c.castsource = f.base AND c.casttarget = t.base AND c.castcontext IN ('a', 'i'))
                   OR (f.typcategory = 'A' AND t.typcategory = 'A' AND EXISTS (SELECT FROM pg_catalog.pg_cast c
                       WHERE c.castsource = f.typelem AND c.casttarget = t.typelem AND c.castcontext IN ('a', 'i')))
               FROM base f, base t WHERE f.oid = $1::oid AND t.oid = $2::oid";
    Ok(planning.ask(sql, &[Some(&from.to_string()), Some(&to.to_string())]).await?.as_deref() == Some("t"))
}
