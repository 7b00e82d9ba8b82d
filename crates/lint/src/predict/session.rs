//! Settings that decide what later statements do.

use howdah_sql::pg_query::NodeEnum;
use howdah_sql::pg_query::protobuf::{Node, VariableSetKind, a_const};

use super::Gathering;
use crate::migration::Transactions;

pub(super) fn read(node: &NodeEnum, transactions: &mut Transactions, to: &mut Gathering<'_>) {
    match node {
        NodeEnum::VariableSetStmt(set) => {
            let value = set.args.first().map(text).unwrap_or_default();
            match set.name.to_ascii_lowercase().as_str() {
                "lock_timeout" => {
                    let on = set.kind() == VariableSetKind::VarSetValue && !is_zero(&value);
                    transactions.set_lock_timeout(on, set.is_local);
                }
                "timezone" => to.world.time_zone = Some(value),
                "session_replication_role" if value.eq_ignore_ascii_case("replica") => {
                    denied("session_replication_role", to);
                }
                _ => {}
            }
        }
        // SELECT set_config('lock_timeout', '1s', false)
        NodeEnum::SelectStmt(select) => {
            for target in &select.target_list {
                if let Some(NodeEnum::ResTarget(target)) = &target.node
                    && let Some(NodeEnum::FuncCall(call)) =
                        target.val.as_deref().and_then(|value| value.node.as_ref())
                    && crate::migration::strings(&call.funcname)
                        .last()
                        .is_some_and(|name| name == "set_config")
                    && let [name, value, local, ..] = call.args.as_slice()
                    && text(name) == "lock_timeout"
                {
                    transactions.set_lock_timeout(!is_zero(&text(value)), text(local) == "true");
                }
            }
        }
        _ => {}
    }
}

/// What only a superuser may do, whom no migration should run as, and managed servers do not lend.
pub(super) fn denied(what: &str, to: &mut Gathering<'_>) {
    to.fail(
        "42501",
        format!("permission denied for {what}, unless a superuser runs this"),
    );
}

fn is_zero(value: &str) -> bool {
    value.chars().all(|c| !matches!(c, '1'..='9'))
}

fn text(node: &Node) -> String {
    match &node.node {
        Some(NodeEnum::AConst(constant)) => match &constant.val {
            Some(a_const::Val::Sval(value)) => value.sval.clone(),
            Some(a_const::Val::Ival(value)) => value.ival.to_string(),
            Some(a_const::Val::Fval(value)) => value.fval.clone(),
            Some(a_const::Val::Boolval(value)) => value.boolval.to_string(),
            _ => String::new(),
        },
        Some(NodeEnum::TypeCast(cast)) => cast.arg.as_deref().map(text).unwrap_or_default(),
        _ => String::new(),
    }
}
