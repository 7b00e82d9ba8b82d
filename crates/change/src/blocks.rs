//! DO blocks that are no more than statements for the case that something is not there yet, as generators of
//! migrations write them: planned as if the statements stood in the script by themselves.

use howdah_pg::Session;
use howdah_sql::pg_query::NodeEnum;
use howdah_sql::pg_query::protobuf::{AlterTableType, ConstrType};
use howdah_sql::{Limits, RelationName, Script, Statement, plpgsql_tree, quote_ident};
use serde_json::Value;

use crate::ask::is_harmless;
use crate::form::relation_name;
use crate::fragment::named;
use crate::{ChangeError, Form, Planning};

/// A statement of the script, or of a block in it.
pub(crate) struct Listed {
    /// Which statement of the script, counted from 1.
    pub number: usize,
    pub statement: Statement,
    /// Conditions of errors by which nothing is done: `duplicate_object`.
    pub tolerates: Vec<String>,
}

/// What a block does, in its order.
enum Piece {
    Statement(String),
    /// The first where the condition holds, else the second.
    If(String, Vec<Piece>, Vec<Piece>),
    /// One statement, unless it fails for one of these conditions.
    Unless(String, Vec<String>),
}

/// Levels of RAISE beyond this are errors.
const WARNING: i64 = 19;
/// What names a thing of the database no more closely than any other.
const COMMON: [&str; 3] = ["public", "BASE TABLE", "VIEW"];

/// The statements, those of blocks among them where it is clear what these do.
pub(crate) async fn unwrapped(session: &mut Session, script: Script) -> Result<Vec<Listed>, ChangeError> {
    let mut listed = Vec::new();
    let mut earlier = String::new();
    for (at, statement) in script.statements.into_iter().enumerate() {
        let number = at + 1;
        let text = statement.text().to_owned();
        let pieces = match statement.node() {
            NodeEnum::DoStmt(_) => pieces(&text),
            _ => None,
        };
        let inner = match pieces {
            Some(pieces) => chosen(session, pieces, &earlier).await?,
            None => None,
        };
        match inner {
            Some(inner) => {
                for (text, tolerates) in inner {
                    for statement in howdah_sql::parse(&text, &Limits::default())?.statements {
                        listed.push(Listed {
                            number,
                            statement,
                            tolerates: tolerates.clone(),
                        });
                    }
                }
            }
            None => listed.push(Listed {
                number,
                statement,
                tolerates: Vec::new(),
            }),
        }
        earlier.push_str(&text);
    }
    Ok(listed)
}

/// What a block does; `None` where it does more than can be seen through.
fn pieces(block: &str) -> Option<Vec<Piece>> {
    let tree = plpgsql_tree(block).ok()?;
    let function = &tree.get(0)?["PLpgSQL_function"];
    let declared = function["datums"].as_array().into_iter().flatten();
    let own = declared.filter_map(|datum| datum["PLpgSQL_var"]["refname"].as_str());
    if own
        .into_iter()
        .any(|name| !["found", "sqlstate", "sqlerrm"].contains(&name))
    {
        return None;
    }
    let others = function["datums"].as_array().into_iter().flatten();
    if others.into_iter().any(|datum| {
        datum["PLpgSQL_var"].is_null() && datum.as_object().is_some_and(|datum| !datum.is_empty())
    }) {
        return None;
    }
    inside(&function["action"]["PLpgSQL_stmt_block"])
}

/// A block without or with an EXCEPTION part.
fn inside(block: &Value) -> Option<Vec<Piece>> {
    let body = body(&block["body"])?;
    let handlers = &block["exceptions"]["PLpgSQL_exception_block"]["exc_list"];
    let Some(handlers) = handlers.as_array() else {
        return block["exceptions"].is_null().then_some(body);
    };
    let mut tolerates = Vec::new();
    for handler in handlers {
        let handler = &handler["PLpgSQL_exception"];
        for condition in handler["conditions"].as_array()? {
            let name = condition["PLpgSQL_condition"]["condname"].as_str()?;
            if !name.starts_with("duplicate_") {
                return None;
            }
            tolerates.push(name.to_owned());
        }
        // What it does then: nothing but say so.
        let action = handler["action"].as_array().cloned().unwrap_or_default();
        if !action.is_empty() && !self::body(&Value::Array(action))?.is_empty() {
            return None;
        }
    }
    // With several, an error of the second would take back the first.
    match body.as_slice() {
        [Piece::Statement(statement)] => Some(vec![Piece::Unless(statement.clone(), tolerates)]),
        _ => None,
    }
}

fn body(statements: &Value) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    for statement in statements.as_array().into_iter().flatten() {
        let (kind, fields) = statement.as_object()?.iter().next()?;
        let query = |expression: &Value| expression["PLpgSQL_expr"]["query"].as_str().map(str::to_owned);
        match kind.as_str() {
            "PLpgSQL_stmt_execsql" if fields["into"].as_bool() != Some(true) => {
                pieces.push(Piece::Statement(query(&fields["sqlstmt"])?));
            }
            "PLpgSQL_stmt_if" if fields["elsif_list"].as_array().is_none_or(Vec::is_empty) => {
                pieces.push(Piece::If(
                    query(&fields["cond"])?,
                    body(&fields["then_body"])?,
                    body(&fields["else_body"])?,
                ));
            }
            "PLpgSQL_stmt_block" => pieces.extend(inside(fields)?),
            "PLpgSQL_stmt_raise"
                if fields["elog_level"]
                    .as_i64()
                    .is_some_and(|level| level <= WARNING) => {}
            // At the end, put there by the compiler.
            "PLpgSQL_stmt_return" if fields["expr"].is_null() => {}
            _ => return None,
        }
    }
    Some(pieces)
}

/// The statements that are carried out: conditions are asked now, where nothing before may change the answer.
async fn chosen(
    session: &mut Session,
    pieces: Vec<Piece>,
    earlier: &str,
) -> Result<Option<Vec<(String, Vec<String>)>>, ChangeError> {
    let mut chosen = Vec::new();
    let mut left = pieces;
    left.reverse();
    while let Some(piece) = left.pop() {
        match piece {
            Piece::Statement(text) => chosen.push((text, Vec::new())),
            Piece::Unless(text, tolerates) => chosen.push((text, tolerates)),
            Piece::If(condition, then, otherwise) => {
                let before: String = chosen
                    .iter()
                    .map(|(text, _): &(String, _)| text.as_str())
                    .chain([earlier])
                    .collect();
                if !is_settled(&condition, &before) {
                    return Ok(None);
                }
                // A plan may be made by whoever may but read, and so the condition is judged as a query is.
                let question = format!("SELECT coalesce(({condition}), false)");
                if !is_harmless(session, &question).await? {
                    return Ok(None);
                }
                session
                    .batch("BEGIN READ ONLY; SET LOCAL statement_timeout = '5s'")
                    .await?;
                let answer = session.query(&question, &[]).await;
                session.batch("ROLLBACK").await?;
                let holds = answer?.first().is_some_and(|row| row.is_true(0));
                left.extend((if holds { then } else { otherwise }).into_iter().rev());
            }
        }
    }
    Ok(Some(chosen))
}

/// Whether a condition asks the catalog alone, about what no earlier statement names.
fn is_settled(condition: &str, before: &str) -> bool {
    let Ok(script) = howdah_sql::parse(&format!("SELECT ({condition})"), &Limits::default()) else {
        return false;
    };
    let of_catalog = |relation: &RelationName| match relation.schema.as_deref() {
        Some(schema) => ["pg_catalog", "information_schema"].contains(&schema),
        None => relation.name.starts_with("pg_"),
    };
    let [statement] = script.statements.as_slice() else {
        return false;
    };
    if !statement
        .relations()
        .iter()
        .all(|used| of_catalog(&used.relation))
    {
        return false;
    }
    let Ok(scan) = howdah_sql::pg_query::scan(condition) else {
        return false;
    };
    let literals: Vec<&str> = scan
        .tokens
        .iter()
        .filter_map(|token| condition.get(token.start as usize..token.end as usize))
        .filter_map(|token| token.strip_prefix('\'')?.strip_suffix('\''))
        .collect();
    let mut words = before.split(|c: char| !c.is_alphanumeric() && c != '_');
    let named: Vec<&str> = literals
        .iter()
        .filter(|literal| !COMMON.contains(literal))
        .filter_map(|literal| last_word(literal))
        .collect();
    before.trim().is_empty() || !named.is_empty() && !words.any(|word| named.contains(&word))
}

/// The name in `'"s"."t"'`.
fn last_word(literal: &str) -> Option<&str> {
    literal
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .rfind(|word| !word.is_empty())
}

/// Whether one of the forms makes what is there already, for which the block has a handler; `None` where that
/// cannot be said.
pub(crate) async fn is_there(
    forms: &[Form<'_>],
    tolerates: &[String],
    planning: &mut Planning<'_>,
) -> Result<Option<bool>, ChangeError> {
    let mut found = false;
    for form in forms {
        let Some((condition, is_there)) = one_is_there(form, planning).await? else {
            return Ok(None);
        };
        found |= is_there && tolerates.iter().any(|handled| handled == condition);
    }
    Ok(Some(found))
}

/// The condition that PostgreSQL raises where it is there, and whether it is.
async fn one_is_there(
    form: &Form<'_>,
    planning: &mut Planning<'_>,
) -> Result<Option<(&'static str, bool)>, ChangeError> {
    const OBJECT: &str = "duplicate_object";
    let is_relation = |name: &RelationName, planning: &Planning<'_>| {
        planning.facts.relation(name).is_some() || planning.facts.is_created(name)
    };
    let asked = match &form.node {
        NodeEnum::CreateEnumStmt(made) => named(&made.type_name).map(|name| ("to_regtype", name.to_string())),
        NodeEnum::CreateRangeStmt(made) => {
            named(&made.type_name).map(|name| ("to_regtype", name.to_string()))
        }
        NodeEnum::CreateDomainStmt(made) => {
            named(&made.domainname).map(|name| ("to_regtype", name.to_string()))
        }
        NodeEnum::CompositeTypeStmt(made) => made
            .typevar
            .as_ref()
            .map(|range| ("to_regtype", relation_name(range).to_string())),
        NodeEnum::CreateRoleStmt(made) => Some(("to_regrole", quote_ident(&made.role))),
        NodeEnum::CreateStmt(made) => {
            return Ok(made
                .relation
                .as_ref()
                .map(|range| ("duplicate_table", is_relation(&relation_name(range), planning))));
        }
        NodeEnum::IndexStmt(index) => {
            let table = index.relation.as_ref().map(relation_name);
            let known = table.and_then(|table| planning.facts.relation(&table));
            return Ok((!index.idxname.is_empty()).then(|| {
                (
                    "duplicate_table",
                    known.is_some_and(|table| table.index(&index.idxname).is_some()),
                )
            }));
        }
        NodeEnum::CreateTrigStmt(made) => {
            let table = made.relation.as_ref().map(relation_name);
            let known = table.and_then(|table| planning.facts.relation(&table));
            return Ok(Some((
                OBJECT,
                known.is_some_and(|table| table.triggers.iter().any(|trigger| trigger.name == made.trigname)),
            )));
        }
        NodeEnum::CreatePolicyStmt(made) => {
            let table = made.table.as_ref().map(relation_name);
            let known = table.and_then(|table| planning.facts.relation(&table));
            return Ok(Some((
                OBJECT,
                known.is_some_and(|table| {
                    table
                        .policies
                        .iter()
                        .any(|policy| policy.name == made.policy_name)
                }),
            )));
        }
        NodeEnum::AlterTableStmt(_) => return Ok(of_table(form, planning)),
        _ => None,
    };
    let Some((asks, name)) = asked else {
        return Ok(None);
    };
    let oid = planning
        .ask(&format!("SELECT {asks}($1)::oid"), &[Some(&name)])
        .await?;
    let oid = oid.and_then(|oid| oid.parse::<u32>().ok());
    Ok(Some((
        OBJECT,
        oid.is_some_and(|oid| !planning.gone.objects.contains(&oid)),
    )))
}

/// A constraint or a column that is added.
fn of_table(form: &Form<'_>, planning: &Planning<'_>) -> Option<(&'static str, bool)> {
    let (_, subtype, cmd) = form.alter()?;
    let table = planning.facts.relation(&form.altered()?);
    match (subtype, cmd.def.as_ref()?.node.as_ref()?) {
        (AlterTableType::AtAddConstraint, NodeEnum::Constraint(constraint))
            if !constraint.conname.is_empty() =>
        {
            // Of a key it is the index whose name is taken.
            let is_key = matches!(
                constraint.contype(),
                ConstrType::ConstrPrimary | ConstrType::ConstrUnique | ConstrType::ConstrExclusion
            );
            let there = table.is_some_and(|table| table.constraint(&constraint.conname).is_some());
            Some((
                if is_key {
                    "duplicate_table"
                } else {
                    "duplicate_object"
                },
                there,
            ))
        }
        (AlterTableType::AtAddColumn, NodeEnum::ColumnDef(column)) => Some((
            "duplicate_column",
            table.is_some_and(|table| table.column(&column.colname).is_some()),
        )),
        _ => None,
    }
}
