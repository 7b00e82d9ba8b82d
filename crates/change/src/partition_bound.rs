//! The bound of a partition as a condition, so that a CHECK can prove it before the partition is attached.

use howdah_sql::pg_query::NodeEnum;
use howdah_sql::pg_query::protobuf::{Node, PartitionBoundSpec, PartitionElem, PartitionStrategy};
use howdah_sql::{quote_ident, quote_literal};

use crate::ask::is_harmless;
use crate::fragment::{expression, strings};
use crate::planner::parse;
use crate::{ChangeError, Planning, Relation};

/// A column of a partition key.
struct Key {
    name: String,
    type_name: String,
}

/// The condition that the server derives from a bound, in the form in which it recognises it;
/// or why there is none.
pub(crate) async fn condition(
    planning: &mut Planning<'_>,
    parent: &Relation,
    bound: &PartitionBoundSpec,
) -> Result<Result<String, String>, ChangeError> {
    let definition = parent.partition_key.clone().unwrap_or_default();
    let (strategy, elements) = key_of(&definition)?;
    let mut keys = Vec::new();
    for element in elements {
        let column = parent.column(&element.name);
        match column {
            Some(column)
                if element.expr.is_none() && element.collation.is_empty() && element.opclass.is_empty() =>
            {
                keys.push(Key {
                    name: quote_ident(&column.name),
                    type_name: column.type_name.clone(),
                });
            }
            _ => {
                return Ok(Err(format!(
                    "the partition key {definition} is no plain list of columns"
                )));
            }
        }
    }
    if bound.is_default {
        return Ok(Err(
            "a DEFAULT partition takes what all others leave, which no CHECK says".to_owned(),
        ));
    }
    // A bound may call functions, and whoever may but read may have a plan made.
    for datum in [&bound.listdatums, &bound.lowerdatums, &bound.upperdatums]
        .into_iter()
        .flatten()
    {
        if !is_open(datum)
            && !is_harmless(planning.connection, &format!("SELECT ({})", expression(datum)?)).await?
        {
            return Ok(Err(
                "a value of the bound calls what the guard of queries does not let run".to_owned(),
            ));
        }
    }
    match strategy {
        PartitionStrategy::List => list(planning, &keys, bound).await,
        PartitionStrategy::Range => range(planning, &keys, bound).await,
        PartitionStrategy::Hash => {
            let names: Vec<&str> = keys.iter().map(|key| key.name.as_str()).collect();
            Ok(Ok(format!(
                "pg_catalog.satisfies_hash_partition('{}'::oid, {}, {}, {})",
                parent.oid,
                bound.modulus,
                bound.remainder,
                names.join(", ")
            )))
        }
        PartitionStrategy::Undefined => Ok(Err(format!("the partition key {definition} is not known"))),
    }
}

/// `RANGE (a, b)`, read.
fn key_of(definition: &str) -> Result<(PartitionStrategy, Vec<PartitionElem>), ChangeError> {
    let script = parse(&format!("CREATE TABLE t () PARTITION BY {definition}"))?;
    let Some(NodeEnum::CreateStmt(create)) = script.statements.first().map(|statement| statement.node())
    else {
        return Ok((PartitionStrategy::Undefined, Vec::new()));
    };
    let Some(spec) = &create.partspec else {
        return Ok((PartitionStrategy::Undefined, Vec::new()));
    };
    let elements = spec
        .part_params
        .iter()
        .filter_map(|param| match &param.node {
            Some(NodeEnum::PartitionElem(element)) => Some((**element).clone()),
            _ => None,
        })
        .collect();
    Ok((spec.strategy(), elements))
}

/// The value of a bound, as a literal of the key's type.
async fn literal(
    planning: &mut Planning<'_>,
    datum: &Node,
    key: &Key,
) -> Result<Option<String>, ChangeError> {
    let text = expression(datum)?;
    let value = planning
        .ask(&format!("SELECT (({text})::{})::text", key.type_name), &[])
        .await?;
    Ok(value.map(|value| format!("{}::{}", quote_literal(&value), key.type_name)))
}

async fn list(
    planning: &mut Planning<'_>,
    keys: &[Key],
    bound: &PartitionBoundSpec,
) -> Result<Result<String, String>, ChangeError> {
    let [key] = keys else {
        return Ok(Err("a list has one key".to_owned()));
    };
    let (mut values, mut null) = (Vec::new(), false);
    for datum in &bound.listdatums {
        match literal(planning, datum, key).await? {
            Some(value) => values.push(value),
            None => null = true,
        }
    }
    let name = &key.name;
    let among = match values.as_slice() {
        [] => None,
        [one] => Some(format!("{name} = {one}")),
        many => Some(format!("{name} = ANY (ARRAY[{}])", many.join(", "))),
    };
    Ok(Ok(match (among, null) {
        (Some(among), true) => format!("{name} IS NULL OR {among}"),
        (Some(among), false) => format!("{name} IS NOT NULL AND {among}"),
        (None, _) => format!("{name} IS NULL"),
    }))
}

/// MINVALUE or MAXVALUE.
fn is_open(datum: &Node) -> bool {
    matches!(&datum.node, Some(NodeEnum::ColumnRef(column))
        if matches!(strings(&column.fields).as_slice(), [name] if name == "minvalue" || name == "maxvalue"))
}

/// One side of a range: its values, and whether it ends in MINVALUE or MAXVALUE.
async fn side(
    planning: &mut Planning<'_>,
    keys: &[Key],
    datums: &[Node],
) -> Result<(Vec<String>, bool), ChangeError> {
    let mut values = Vec::new();
    for (datum, key) in datums.iter().zip(keys) {
        if is_open(datum) {
            return Ok((values, true));
        }
        match literal(planning, datum, key).await? {
            Some(value) => values.push(value),
            None => return Ok((values, true)),
        }
    }
    Ok((values, false))
}

async fn range(
    planning: &mut Planning<'_>,
    keys: &[Key],
    bound: &PartitionBoundSpec,
) -> Result<Result<String, String>, ChangeError> {
    if bound.lowerdatums.len() != keys.len() || bound.upperdatums.len() != keys.len() {
        return Ok(Err(
            "the bound has another number of values than the key".to_owned()
        ));
    }
    let (lower, lower_open) = side(planning, keys, &bound.lowerdatums).await?;
    let (upper, upper_open) = side(planning, keys, &bound.upperdatums).await?;
    let mut parts: Vec<String> = keys
        .iter()
        .map(|key| format!("{} IS NOT NULL", key.name))
        .collect();
    // What both sides begin with is said once.
    let common = lower.iter().zip(&upper).take_while(|(a, b)| a == b).count();
    for (key, value) in keys.iter().zip(&lower).take(common) {
        parts.push(format!("{} = {value}", key.name));
    }
    parts.extend(beyond(&keys[common..], &lower[common..], lower_open, ">", ">="));
    parts.extend(beyond(
        &keys[common..],
        &upper[common..],
        upper_open,
        "<",
        if upper_open { "<=" } else { "<" },
    ));
    Ok(Ok(parts.join(" AND ")))
}

/// `(a > 1) OR (a = 1 AND b >= 2)`: the rows beyond one side, compared column by column.
fn beyond(keys: &[Key], values: &[String], open: bool, strictly: &str, at_last: &str) -> Option<String> {
    let mut ways = Vec::new();
    for (at, (key, value)) in keys.iter().zip(values).enumerate() {
        let mut way: Vec<String> = keys
            .iter()
            .zip(values)
            .take(at)
            .map(|(key, value)| format!("{} = {value}", key.name))
            .collect();
        let last = at + 1 == values.len();
        // Where MINVALUE or MAXVALUE follows, equality is within (below MAXVALUE) or not at all.
        let operator = if last && (!open || strictly == ">" || at_last == "<=") {
            at_last
        } else {
            strictly
        };
        way.push(format!("{} {operator} {value}", key.name));
        ways.push(format!("({})", way.join(" AND ")));
    }
    match ways.len() {
        0 => None,
        1 => ways.pop(),
        _ => Some(format!("({})", ways.join(" OR "))),
    }
}
