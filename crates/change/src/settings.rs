//! Settings with which a script begins: every session of the change has them.

use howdah_sql::pg_query::NodeEnum;
use howdah_sql::pg_query::protobuf::a_const::Val;
use howdah_sql::pg_query::protobuf::{Node, SelectStmt, VariableSetKind, VariableSetStmt};
use howdah_sql::{Script, quote_ident, quote_literal};

use crate::ChangeError;
use crate::form::deparse;

/// What names, times and texts of a script mean. Others concern how it is carried out, which is the change's
/// business, or whose rights it has, on which the journal hangs.
const MEANING: [&str; 10] = [
    "search_path",
    "timezone",
    "datestyle",
    "intervalstyle",
    "check_function_bodies",
    "default_text_search_config",
    "bytea_output",
    "extra_float_digits",
    "default_toast_compression",
    "xmlbinary",
];

/// A setting of the script's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Setting {
    /// Which statement, counted from 1.
    pub statement: usize,
    /// Its name, in small letters.
    pub name: String,
    /// Sets it for a session.
    pub sql: String,
}

impl Setting {
    /// Whether it is an extension's or the application's own.
    pub(crate) fn is_custom(&self) -> bool {
        self.name.contains('.')
    }
}

/// Those that come before any statement which does something.
pub(crate) fn leading(script: &Script) -> Result<Vec<Setting>, ChangeError> {
    let mut settings = Vec::new();
    for (at, statement) in script.statements.iter().enumerate() {
        let found = match statement.node() {
            NodeEnum::VariableSetStmt(set) => variable(set)?,
            NodeEnum::SelectStmt(select) => match function(select) {
                Some(setting) => Some(setting),
                None => break,
            },
            NodeEnum::TransactionStmt(_) | NodeEnum::VariableShowStmt(_) => None,
            _ => break,
        };
        if let Some((name, sql)) = found {
            settings.push(Setting {
                statement: at + 1,
                name,
                sql,
            });
        }
    }
    Ok(settings)
}

/// The settings at the end of a script, which nothing is left to heed.
pub(crate) fn unheeded(script: &Script) -> Vec<usize> {
    let about_the_session = |node: &NodeEnum| {
        matches!(
            node,
            NodeEnum::VariableSetStmt(_) | NodeEnum::TransactionStmt(_) | NodeEnum::VariableShowStmt(_)
        )
    };
    let numbered = script.statements.iter().enumerate().rev();
    numbered
        .take_while(|(_, statement)| about_the_session(statement.node()))
        .filter(|(_, statement)| matches!(statement.node(), NodeEnum::VariableSetStmt(_)))
        .map(|(at, _)| at + 1)
        .collect()
}

fn has_meaning(name: &str) -> bool {
    MEANING.contains(&name) || name.contains('.')
}

fn variable(set: &VariableSetStmt) -> Result<Option<(String, String)>, ChangeError> {
    let name = set.name.to_lowercase();
    let sets = matches!(
        set.kind(),
        VariableSetKind::VarSetValue | VariableSetKind::VarSetDefault
    );
    if !sets || !has_meaning(&name) {
        return Ok(None);
    }
    let sql = deparse(&NodeEnum::VariableSetStmt(VariableSetStmt {
        is_local: false,
        ..set.clone()
    }))?;
    Ok(Some((name, sql)))
}

/// `SELECT pg_catalog.set_config('search_path', '', false)`, as dumps begin.
fn function(select: &SelectStmt) -> Option<(String, String)> {
    let [
        Node {
            node: Some(NodeEnum::ResTarget(target)),
        },
    ] = select.target_list.as_slice()
    else {
        return None;
    };
    let Some(NodeEnum::FuncCall(call)) = target.val.as_ref()?.node.as_ref() else {
        return None;
    };
    if crate::planner::names(&call.funcname).last().map(String::as_str) != Some("set_config")
        || !select.from_clause.is_empty()
    {
        return None;
    }
    let texts: Vec<&str> = call.args.iter().filter_map(text).collect();
    let [name, value] = texts.as_slice() else {
        return None;
    };
    let name = name.to_lowercase();
    let sql = format!(
        "SELECT pg_catalog.set_config({}, {}, false)",
        quote_literal(&name),
        quote_literal(value)
    );
    has_meaning(&name).then_some((name, sql))
}

fn text(node: &Node) -> Option<&str> {
    match &node.node {
        Some(NodeEnum::AConst(constant)) => match &constant.val {
            Some(Val::Sval(text)) => Some(&text.sval),
            _ => None,
        },
        _ => None,
    }
}

/// Takes a setting back for those who have the session next.
pub(crate) fn reset(setting: &Setting) -> String {
    let parts: Vec<String> = setting.name.split('.').map(quote_ident).collect();
    format!("RESET {}", parts.join("."))
}
