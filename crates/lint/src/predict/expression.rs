//! What an expression says about itself: whether it is volatile, what it proves, how many rows it leaves.

use howdah_sql::pg_query::NodeEnum;
use howdah_sql::pg_query::protobuf::{AExprKind, BoolExprType, Node, NullTestType, TypeName, a_const};

use crate::migration::{Key, World, strings};

/// Functions that give another value at every call. What is not here and not made by the script
/// is taken for a built-in one that does not.
const VOLATILE: &[&str] = &[
    "random",
    "random_normal",
    "gen_random_uuid",
    "uuidv4",
    "uuidv7",
    "uuid_generate_v1",
    "uuid_generate_v1mc",
    "uuid_generate_v4",
    "gen_random_bytes",
    "gen_salt",
    "clock_timestamp",
    "timeofday",
    "nextval",
    "currval",
    "lastval",
    "setval",
    "txid_current",
    "pg_current_xact_id",
];

/// Whether a value differs from row to row, so that old rows must be written.
pub(super) fn is_volatile(node: &Node, world: &World) -> bool {
    any(node, &mut |node| match node {
        NodeEnum::FuncCall(call) => {
            let name = strings(&call.funcname);
            let Some(last) = name.last() else { return false };
            match world.functions.get(&Key::of_parts(&name)) {
                Some(volatile) => *volatile,
                None => VOLATILE.contains(&last.as_str()),
            }
        }
        _ => false,
    })
}

/// Functions that give another value in another session or at another time, beside [`VOLATILE`]:
/// an index cannot be built on them.
const STABLE: &[&str] = &[
    "now",
    "statement_timestamp",
    "transaction_timestamp",
    "to_char",
    "to_timestamp",
    "to_date",
    "concat",
    "concat_ws",
    "format",
    "array_to_string",
    "unaccent",
    "current_setting",
];

/// Whether an expression cannot stand in an index.
pub(super) fn is_mutable(node: &Node, world: &World) -> bool {
    any(node, &mut |node| match node {
        NodeEnum::SqlvalueFunction(_) => true,
        NodeEnum::FuncCall(call) => {
            let name = strings(&call.funcname);
            let is_own = world.functions.contains_key(&Key::of_parts(&name));
            let last = name.last().map(String::as_str).unwrap_or_default();
            // A number of seconds since 1970 is the same everywhere.
            let of_number = last == "to_timestamp" && call.args.len() == 1;
            !is_own && !of_number && (STABLE.contains(&last) || VOLATILE.contains(&last))
        }
        _ => false,
    })
}

/// The text of a string constant, whatever it is cast to.
pub(super) fn constant_text(node: &Node) -> Option<String> {
    match &node.node {
        Some(NodeEnum::AConst(constant)) => match &constant.val {
            Some(a_const::Val::Sval(text)) => Some(text.sval.clone()),
            _ => None,
        },
        Some(NodeEnum::TypeCast(cast)) => cast.arg.as_deref().and_then(constant_text),
        _ => None,
    }
}

/// Whether an expression is the constant NULL.
pub(super) fn is_null(node: &Node) -> bool {
    match &node.node {
        Some(NodeEnum::AConst(constant)) => constant.isnull,
        Some(NodeEnum::TypeCast(cast)) => cast.arg.as_deref().is_some_and(is_null),
        _ => false,
    }
}

/// The columns that a CHECK proves to be not null, as SET NOT NULL takes it: `c IS NOT NULL`,
/// `NOT c IS NULL`, `c IS DISTINCT FROM NULL`, and such conditions joined by AND.
pub(super) fn proven_not_null(node: &Node) -> Vec<String> {
    match &node.node {
        Some(NodeEnum::NullTest(test)) if test.nulltesttype() == NullTestType::IsNotNull => {
            test.arg.as_deref().and_then(column).into_iter().collect()
        }
        Some(NodeEnum::BoolExpr(expr)) => match expr.boolop() {
            BoolExprType::AndExpr => expr.args.iter().flat_map(proven_not_null).collect(),
            BoolExprType::NotExpr => match expr.args.first().and_then(|arg| arg.node.as_ref()) {
                Some(NodeEnum::NullTest(test)) if test.nulltesttype() == NullTestType::IsNull => {
                    test.arg.as_deref().and_then(column).into_iter().collect()
                }
                _ => Vec::new(),
            },
            _ => Vec::new(),
        },
        Some(NodeEnum::AExpr(expr)) if expr.kind() == AExprKind::AexprDistinct => {
            let sides = [expr.lexpr.as_deref(), expr.rexpr.as_deref()];
            match sides.iter().flatten().any(|side| is_null(side)) {
                true => sides.iter().flatten().filter_map(|side| column(side)).collect(),
                false => Vec::new(),
            }
        }
        _ => Vec::new(),
    }
}

/// The column that an expression is.
pub(super) fn column(node: &Node) -> Option<String> {
    match &node.node {
        Some(NodeEnum::ColumnRef(column)) => strings(&column.fields).pop(),
        Some(NodeEnum::TypeCast(cast)) => cast.arg.as_deref().and_then(column),
        _ => None,
    }
}

/// Names of columns that identify a row, or nearly so, wherever they stand.
fn identifies(column: &str) -> bool {
    matches!(
        column,
        "id" | "uuid"
            | "guid"
            | "pk"
            | "key"
            | "code"
            | "slug"
            | "email"
            | "sku"
            | "token"
            | "ctid"
            | "version"
    )
}

/// Whether a condition leaves few rows, whatever the size of the table: a key is compared with
/// constants, or with a bounded list of them.
pub(super) fn is_selective(node: Option<&Node>) -> bool {
    let Some(node) = node else { return false };
    match &node.node {
        Some(NodeEnum::BoolExpr(expr)) => match expr.boolop() {
            BoolExprType::AndExpr => {
                expr.args.iter().any(|arg| is_selective(Some(arg))) || is_range(&expr.args)
            }
            BoolExprType::OrExpr => expr.args.iter().all(|arg| is_selective(Some(arg))),
            _ => false,
        },
        Some(NodeEnum::AExpr(expr)) => {
            let key = expr
                .lexpr
                .as_deref()
                .and_then(column)
                .is_some_and(|column| identifies(&column));
            let right = expr.rexpr.as_deref();
            match expr.kind() {
                AExprKind::AexprOp if strings(&expr.name) == ["="] => {
                    let reversed = right.and_then(column).is_some_and(|column| identifies(&column));
                    (key && right.is_some_and(is_given))
                        || (reversed && expr.lexpr.as_deref().is_some_and(is_given))
                }
                AExprKind::AexprIn => key,
                AExprKind::AexprOpAny => key && right.is_some_and(is_given),
                AExprKind::AexprBetween => key && right.is_some_and(is_given),
                _ => false,
            }
        }
        Some(NodeEnum::SubLink(link)) => {
            let key = link
                .testexpr
                .as_deref()
                .and_then(column)
                .is_some_and(|column| identifies(&column));
            key && link.subselect.as_deref().is_some_and(is_limited)
        }
        Some(NodeEnum::CurrentOfExpr(_)) => true,
        Some(NodeEnum::AConst(constant)) => {
            matches!(constant.val, Some(a_const::Val::Boolval(ref value)) if !value.boolval)
        }
        _ => false,
    }
}

/// Whether conditions bound a key from both sides.
fn is_range(args: &[Node]) -> bool {
    let bound = |signs: [&str; 2]| {
        args.iter().any(|arg| match &arg.node {
            Some(NodeEnum::AExpr(expr)) => {
                expr.lexpr
                    .as_deref()
                    .and_then(column)
                    .is_some_and(|column| identifies(&column))
                    && strings(&expr.name)
                        .first()
                        .is_some_and(|sign| signs.contains(&sign.as_str()))
                    && expr.rexpr.as_deref().is_some_and(is_given)
            }
            _ => false,
        })
    };
    bound([">", ">="]) && bound(["<", "<="])
}

/// Whether a subquery gives a bounded number of rows.
pub(super) fn is_limited(node: &Node) -> bool {
    match &node.node {
        Some(NodeEnum::SelectStmt(select)) => {
            select.limit_count.as_deref().is_some_and(|limit| !is_null(limit))
                || is_selective(select.where_clause.as_deref())
        }
        _ => false,
    }
}

/// Whether a value does not depend on a row of the table.
fn is_given(node: &Node) -> bool {
    !any(node, &mut |node| matches!(node, NodeEnum::SubLink(_)))
        && match &node.node {
            Some(NodeEnum::ColumnRef(column)) => strings(&column.fields).len() == 1,
            _ => true,
        }
}

/// Whether a node of an expression is as asked for.
pub(super) fn any(node: &Node, test: &mut dyn FnMut(&NodeEnum) -> bool) -> bool {
    let Some(inner) = &node.node else { return false };
    if test(inner) {
        return true;
    }
    let below: Vec<&Node> = match inner {
        NodeEnum::FuncCall(call) => call.args.iter().collect(),
        NodeEnum::TypeCast(cast) => cast.arg.as_deref().into_iter().collect(),
        NodeEnum::AExpr(expr) => expr
            .lexpr
            .as_deref()
            .into_iter()
            .chain(expr.rexpr.as_deref())
            .collect(),
        NodeEnum::BoolExpr(expr) => expr.args.iter().collect(),
        NodeEnum::CoalesceExpr(expr) => expr.args.iter().collect(),
        NodeEnum::MinMaxExpr(expr) => expr.args.iter().collect(),
        NodeEnum::AArrayExpr(expr) => expr.elements.iter().collect(),
        NodeEnum::List(list) => list.items.iter().collect(),
        NodeEnum::RowExpr(row) => row.args.iter().collect(),
        NodeEnum::NullTest(expr) => expr.arg.as_deref().into_iter().collect(),
        NodeEnum::CollateClause(expr) => expr.arg.as_deref().into_iter().collect(),
        NodeEnum::CaseExpr(expr) => expr
            .arg
            .as_deref()
            .into_iter()
            .chain(&expr.args)
            .chain(expr.defresult.as_deref())
            .collect(),
        NodeEnum::CaseWhen(when) => when
            .expr
            .as_deref()
            .into_iter()
            .chain(when.result.as_deref())
            .collect(),
        _ => Vec::new(),
    };
    below.into_iter().any(|node| any(node, test))
}

/// The name of a type without its schema, as the grammar has it (`int8`, `varchar`, `serial`).
pub(super) fn type_word(name: &TypeName) -> String {
    strings(&name.names).pop().unwrap_or_default()
}
