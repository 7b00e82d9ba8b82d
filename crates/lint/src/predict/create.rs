//! What is new, and what a new thing does to the old ones beside it.

use std::collections::HashSet;

use howdah_rehearse::LockMode;
use howdah_sql::pg_query::NodeEnum;
use howdah_sql::pg_query::protobuf::{
    AlterSeqStmt, CompositeTypeStmt, ConstrType, CreateDomainStmt, CreateEnumStmt, CreateFunctionStmt,
    CreatePolicyStmt, CreateSeqStmt, CreateStmt, CreateTableAsStmt, Node, RuleStmt, ViewStmt,
};

use super::columns::constraint;
use super::rows::is_true;
use super::{Body, Gathering, Place};
use crate::migration::{Key, relation_name, strings};

pub(super) fn table(create: &CreateStmt, to: &mut Gathering<'_>) {
    let Some(table) = &create.relation else { return };
    let foreign_keys = create.table_elts.iter().flat_map(|element| match &element.node {
        Some(NodeEnum::ColumnDef(column)) => column.constraints.iter().filter_map(constraint).collect(),
        _ => constraint(element).into_iter().collect::<Vec<_>>(),
    });
    let referenced: Vec<_> = foreign_keys
        .filter(|found| found.contype() == ConstrType::ConstrForeign)
        .filter_map(|found| found.pktable.clone())
        .collect();
    to.world.create(Key::of(table));
    for referenced in &referenced {
        to.lock(referenced, LockMode::ShareRowExclusive);
    }
    for parent in &create.inh_relations {
        let Some(NodeEnum::RangeVar(parent)) = &parent.node else {
            continue;
        };
        if create.partbound.is_some() {
            to.lock(parent, LockMode::AccessExclusive);
            if !to.is_new(parent) {
                to.unsure("A populated DEFAULT partition would be scanned while the parent is locked.");
            }
        } else {
            to.lock(parent, LockMode::ShareUpdateExclusive);
        }
    }
}

pub(super) fn table_as(create: &CreateTableAsStmt, to: &mut Gathering<'_>) {
    if let Some(NodeEnum::SelectStmt(select)) = create.query.as_deref().and_then(|query| query.node.as_ref())
    {
        super::rows::select(select, to);
    }
    if let Some(relation) = create.into.as_ref().and_then(|into| into.rel.as_ref()) {
        to.world.create(Key::of(relation));
    }
}

pub(super) fn view(view: &ViewStmt, to: &mut Gathering<'_>) {
    let Some(relation) = &view.view else { return };
    let key = Key::of(relation);
    if view.replace && !to.world.is_new(&key) {
        to.unsure("Whether the view is there, with these columns, is not in the script.");
    }
    to.world.create(key.clone());
    to.world.views.insert(key);
}

pub(super) fn function(function: &CreateFunctionStmt, place: &Place<'_>, to: &mut Gathering<'_>) {
    let option = |wanted: &str| {
        function.options.iter().find_map(|node| match &node.node {
            Some(NodeEnum::DefElem(option)) if option.defname == wanted => option.arg.as_deref(),
            _ => None,
        })
    };
    let word = |wanted: &str| match option(wanted).and_then(|arg| arg.node.as_ref()) {
        Some(NodeEnum::String(word)) => word.sval.clone(),
        _ => String::new(),
    };
    let key = Key::of_parts(&strings(&function.funcname));
    if word("language").eq_ignore_ascii_case("plpgsql") {
        match howdah_sql::plpgsql_tree(place.text) {
            Ok(tree) => {
                let mut body = Body::of(&tree);
                body.is_definer = option("security").is_some_and(is_on);
                to.world.bodies.insert(key.clone(), body);
            }
            Err(error) if error.message.contains("syntax error") => to.fail("42601", error.message),
            Err(_) => {}
        }
    }
    if word("language").eq_ignore_ascii_case("sql")
        && let Some(body) = option("as").and_then(text_of)
        && let Err(error) = howdah_sql::parse(&body, &howdah_sql::Limits::default())
        && error.message.contains("syntax error")
    {
        to.fail("42601", error.message);
    }
    let volatility = word("volatility");
    // A SQL function of one constant is inlined, and judged by what it is then.
    let inlined = word("language") == "sql" && {
        let body = option("as").map(|body| format!("{body:?}")).unwrap_or_default();
        !["random", "uuid", "clock_timestamp", "nextval"]
            .iter()
            .any(|name| body.contains(name))
    };
    let volatile = !matches!(volatility.as_str(), "immutable" | "stable") && !inlined;
    to.world.functions.insert(key, volatile);
}

/// The body of a function as a list of one string.
fn text_of(node: &Node) -> Option<String> {
    match &node.node {
        Some(NodeEnum::List(list)) => strings(&list.items).into_iter().next(),
        _ => None,
    }
}

fn is_on(node: &Node) -> bool {
    matches!(&node.node, Some(NodeEnum::Boolean(value)) if value.boolval)
}

/// A sequence that starts again gives numbers that are taken.
pub(super) fn alter_sequence(sequence: &AlterSeqStmt, to: &mut Gathering<'_>) {
    let Some(relation) = &sequence.sequence else {
        return;
    };
    let restarts = sequence
        .options
        .iter()
        .any(|node| matches!(&node.node, Some(NodeEnum::DefElem(option)) if option.defname == "restart"));
    if restarts && !to.is_new(relation) {
        to.break_clients(
            format!("INSERTs that take a number from {}", relation_name(relation)),
            "duplicate key value violates unique constraint",
            "23505",
        );
    }
}

pub(super) fn rule(rule: &RuleStmt, to: &mut Gathering<'_>) {
    let Some(table) = &rule.relation else { return };
    to.lock(table, LockMode::AccessExclusive);
    if rule.instead && !to.is_new(table) {
        to.break_clients(
            format!("writes to {}", relation_name(table)),
            "the rule does something else instead",
            "0A000",
        );
    }
}

pub(super) fn policy(policy: &CreatePolicyStmt, to: &mut Gathering<'_>) {
    if let Some(table) = &policy.table {
        to.lock(table, LockMode::AccessExclusive);
        to.world.policies.push((Key::of(table), lets_through(policy)));
    }
}

/// The commands that a policy lets every row through for.
pub(super) fn lets_through(policy: &CreatePolicyStmt) -> HashSet<&'static str> {
    let is_open = |condition: &Option<Box<Node>>| condition.as_deref().is_some_and(is_true);
    let reads = is_open(&policy.qual);
    let writes = match &policy.with_check {
        Some(check) => is_true(check),
        None => reads && policy.cmd_name != "insert",
    };
    let commands = ["select", "insert", "update", "delete"];
    let open = commands.into_iter().filter(|command| {
        let applies = policy.cmd_name == "all" || policy.cmd_name == *command;
        let lets = match *command {
            "insert" => writes,
            "update" => reads && writes,
            _ => reads,
        };
        policy.permissive && applies && lets
    });
    open.collect()
}

pub(super) fn enumeration(kind: &CreateEnumStmt, to: &mut Gathering<'_>) {
    let key = Key::of_parts(&strings(&kind.type_name));
    let transaction = to.world.transaction();
    to.world.enums.insert(key.clone(), transaction);
    to.world.types.insert(key);
}

pub(super) fn domain(domain: &CreateDomainStmt, to: &mut Gathering<'_>) {
    let key = Key::of_parts(&strings(&domain.domainname));
    let checks = |found: &&howdah_sql::pg_query::protobuf::Constraint| {
        matches!(
            found.contype(),
            ConstrType::ConstrCheck | ConstrType::ConstrNotnull
        )
    };
    if domain
        .constraints
        .iter()
        .filter_map(constraint)
        .any(|found| checks(&found))
    {
        to.world.constrained_domains.insert(key.clone());
    }
    to.world.types.insert(key);
}

pub(super) fn composite(kind: &CompositeTypeStmt, to: &mut Gathering<'_>) {
    if let Some(name) = &kind.typevar {
        to.world.types.insert(Key::of(name));
    }
}

pub(super) fn sequence(sequence: &CreateSeqStmt, to: &mut Gathering<'_>) {
    if let Some(relation) = &sequence.sequence {
        to.world.create(Key::of(relation));
    }
}
