//! Indexes, and what rebuilds or locks tables for their upkeep.

use howdah_rehearse::{LockMode, WorkKind};
use howdah_sql::pg_query::NodeEnum;
use howdah_sql::pg_query::protobuf::{
    ClusterStmt, IndexStmt, LockStmt, Node, RangeVar, RefreshMatViewStmt, ReindexObjectType, ReindexStmt,
    VacuumStmt,
};

use super::expression::is_mutable;
use super::{Gathering, Place};
use crate::migration::{Key, relation_name};

pub(super) fn create_index(index: &IndexStmt, place: &Place<'_>, to: &mut Gathering<'_>) {
    let Some(table) = &index.relation else { return };
    if index.concurrent {
        to.fail_in_block(
            place,
            "CREATE INDEX CONCURRENTLY cannot run inside a transaction block",
        );
        to.lock(table, LockMode::ShareUpdateExclusive);
        if index.if_not_exists {
            to.unsure(
                "An invalid index of that name, left by an attempt that failed, would be taken for done.",
            );
        }
    } else {
        to.lock(table, LockMode::Share);
    }
    let expressions = index.index_params.iter().filter_map(|node| match &node.node {
        Some(NodeEnum::IndexElem(element)) => element.expr.as_deref(),
        _ => None,
    });
    if expressions
        .chain(index.where_clause.as_deref())
        .any(|expr| is_mutable(expr, to.world))
    {
        to.fail("42P17", "functions in index expression must be marked IMMUTABLE");
    }
    // ON ONLY a partitioned table makes an entry in the catalog, and builds nothing.
    if table.inh {
        to.work_with(
            table,
            WorkKind::IndexBuild,
            Some(index.idxname.clone()).filter(|name| !name.is_empty()),
        );
    }
    if !index.idxname.is_empty() {
        to.world.create(Key::new(&table.schemaname, &index.idxname));
    }
}

pub(super) fn reindex(reindex: &ReindexStmt, place: &Place<'_>, to: &mut Gathering<'_>) {
    let concurrent = has_option(&reindex.params, "concurrently");
    let whole = !matches!(
        reindex.kind(),
        ReindexObjectType::ReindexObjectIndex | ReindexObjectType::ReindexObjectTable
    );
    if concurrent || whole {
        to.fail_in_block(place, "REINDEX cannot run inside a transaction block like this");
    }
    let relation = reindex.relation.clone().unwrap_or_else(|| RangeVar {
        relname: format!("every table of {}", reindex.name),
        relpersistence: "p".to_owned(),
        ..RangeVar::default()
    });
    let mode = match (concurrent, reindex.kind()) {
        (true, _) => LockMode::ShareUpdateExclusive,
        // The index itself is locked as well, and every plan of the table looks at it.
        (false, ReindexObjectType::ReindexObjectIndex) => LockMode::AccessExclusive,
        (false, _) => LockMode::Share,
    };
    to.lock(&relation, mode);
    to.work(&relation, WorkKind::IndexBuild);
}

pub(super) fn vacuum(vacuum: &VacuumStmt, place: &Place<'_>, to: &mut Gathering<'_>) {
    if !vacuum.is_vacuumcmd {
        return;
    }
    to.fail_in_block(place, "VACUUM cannot run inside a transaction block");
    if !has_option(&vacuum.options, "full") {
        return;
    }
    let named = vacuum.rels.iter().filter_map(|node| match &node.node {
        Some(NodeEnum::VacuumRelation(relation)) => relation.relation.clone(),
        _ => None,
    });
    let mut relations: Vec<RangeVar> = named.collect();
    if relations.is_empty() {
        relations.push(RangeVar {
            relname: "every table".to_owned(),
            relpersistence: "p".to_owned(),
            ..RangeVar::default()
        });
    }
    for relation in &relations {
        to.lock(relation, LockMode::AccessExclusive);
        to.work(relation, WorkKind::Rewrite);
    }
}

pub(super) fn cluster(cluster: &ClusterStmt, to: &mut Gathering<'_>) {
    let relation = cluster.relation.clone().unwrap_or_else(|| RangeVar {
        relname: "every clustered table".to_owned(),
        relpersistence: "p".to_owned(),
        ..RangeVar::default()
    });
    to.lock(&relation, LockMode::AccessExclusive);
    to.work(&relation, WorkKind::Rewrite);
}

pub(super) fn refresh(refresh: &RefreshMatViewStmt, to: &mut Gathering<'_>) {
    let Some(relation) = &refresh.relation else { return };
    if refresh.concurrent {
        // It keeps out other refreshes, and nobody else writes to a materialized view.
        to.lock(relation, LockMode::ShareUpdateExclusive);
        return;
    }
    to.lock(relation, LockMode::AccessExclusive);
    if !refresh.skip_data {
        to.work(relation, WorkKind::Rewrite);
    } else if !to.is_new(relation) {
        to.break_clients(
            format!("SELECT from {}", relation_name(relation)),
            "the materialized view has not been populated",
            "55000",
        );
    }
}

pub(super) fn lock(lock: &LockStmt, place: &Place<'_>, to: &mut Gathering<'_>) {
    if !place.in_block {
        to.fail("25P01", "LOCK TABLE can only be used in transaction blocks");
        return;
    }
    // The modes are numbered as in the server's lock table, from 1.
    const MODES: [LockMode; 8] = [
        LockMode::AccessShare,
        LockMode::RowShare,
        LockMode::RowExclusive,
        LockMode::ShareUpdateExclusive,
        LockMode::Share,
        LockMode::ShareRowExclusive,
        LockMode::Exclusive,
        LockMode::AccessExclusive,
    ];
    let number = usize::try_from(lock.mode).unwrap_or(8).clamp(1, 8);
    for node in &lock.relations {
        if let Some(NodeEnum::RangeVar(table)) = &node.node {
            to.lock(table, MODES[number - 1]);
        }
    }
}

fn has_option(options: &[Node], wanted: &str) -> bool {
    options.iter().any(|node| match &node.node {
        Some(NodeEnum::DefElem(option)) => {
            let off = match option.arg.as_deref().and_then(|arg| arg.node.as_ref()) {
                Some(NodeEnum::String(word)) => matches!(word.sval.as_str(), "false" | "off" | "0"),
                Some(NodeEnum::Integer(number)) => number.ival == 0,
                Some(NodeEnum::Boolean(value)) => !value.boolval,
                _ => false,
            };
            option.defname == wanted && !off
        }
        _ => false,
    })
}
