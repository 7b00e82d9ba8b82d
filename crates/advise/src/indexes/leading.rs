//! The same statement with another of its relations first.
//!
//! The extension that pretends indexes leaves their expressions and predicates numbered for the first relation of a
//! query (hypopg 1.3), so that the planner recognises neither in any other: an index on `lower(email)` would seem of no
//! use to `FROM orders JOIN customers`. Inner and outer joins may be written from either side, and what they cost stays.

use std::collections::BTreeSet;

use howdah_core::Result;
use howdah_pg::PgError;
use howdah_sql::pg_query::protobuf::{JoinType, Node, SelectStmt, a_const, node};
use howdah_sql::pg_query::{DeparseOptions, NodeEnum};
use howdah_sql::{Limits, parse};

use super::access::number;
use super::catalog::Catalog;
use super::planner::{Answer, Manner, Planner, Question};
use super::reading::Examined;
use super::selection::{Choice, Variant};

/// A statement with a relation first in each of its queries that read it.
#[derive(Debug, Clone)]
pub(crate) struct Leading {
    /// The OID of the relation.
    pub(crate) relation: u32,
    pub(crate) sql: String,
}

/// Depth up to which a tree is copied: deeper ones would use up the stack where the code is not optimised.
const DEPTH_MAX: usize = 48;
/// Relations of a statement that are put first.
const LEADING_MAX: usize = 6;
/// How far the cost may be off without any index: past `join_collapse_limit` the order as written counts.
const SAME_COST: f64 = 0.01;

/// Gives each variant what puts the relations first whose indexes would not be seen. Only what the server takes, and
/// plans at the same cost, is kept.
pub(crate) async fn put_first(
    planner: &mut Planner<'_>,
    examined: &mut Examined,
    variants: &mut [Variant],
    choices: &[Choice],
    catalog: &Catalog,
) -> Result<()> {
    let mut wanted: Vec<BTreeSet<u32>> = vec![BTreeSet::new(); variants.len()];
    for choice in choices.iter().filter(|choice| choice.counts_first()) {
        for at in &choice.serves {
            wanted[*at].insert(choice.definition.relation);
        }
    }
    let mut tried: Vec<(usize, Leading)> = Vec::new();
    for (at, relations) in wanted.iter().enumerate().filter(|(_, wanted)| !wanted.is_empty()) {
        let of = |(name, sql): (String, String)| {
            let relation = catalog.of_plain_name(&name).map(|relation| relation.oid)?;
            relations
                .contains(&relation)
                .then_some((at, Leading { relation, sql }))
        };
        tried.extend(leading(&variants[at].sql).into_iter().filter_map(of));
    }
    let texts: Vec<&str> = tried.iter().map(|(_, leading)| leading.sql.as_str()).collect();
    examined.judge(planner.session(), &texts).await?;
    tried.retain(|(_, leading)| examined.refuses(&leading.sql).is_none());
    let mut texts: Vec<&str> = Vec::new();
    for (at, leading) in &tried {
        texts.extend([variants[*at].sql.as_str(), leading.sql.as_str()]);
    }
    let questions: Vec<Question<'_>> = texts.iter().map(|sql| Question { sql, indexes: &[] }).collect();
    let answers = planner.ask(Manner::Usual, &questions).await?;
    let same: Vec<bool> = answers
        .chunks(2)
        .map(|pair| match pair {
            [Answer::Plan(plain, _), Answer::Plan(other, _)] => {
                let (plain, other) = (number(plain, "Total Cost"), number(other, "Total Cost"));
                (plain - other).abs() <= plain * SAME_COST
            }
            _ => false,
        })
        .collect();
    for ((at, leading), _) in tried.into_iter().zip(same).filter(|(_, same)| *same) {
        variants[at].leading.push(leading);
    }
    Ok(())
}

/// The best plan of each variant with the choices, written as it is and with each relation first that has one of them
/// which would not be seen else.
pub(crate) async fn ask(
    planner: &mut Planner<'_>,
    choices: &[Choice],
    variants: &[Variant],
    asked: &[(Vec<usize>, usize)],
) -> std::result::Result<Vec<Answer>, PgError> {
    let indexes: Vec<Vec<(usize, &[String])>> = asked
        .iter()
        .map(|(set, _)| {
            let each = set.iter();
            each.map(|one| (*one, choices[*one].creations.as_slice()))
                .collect()
        })
        .collect();
    let mut questions: Vec<Question<'_>> = Vec::new();
    let mut owners: Vec<usize> = Vec::new();
    for (at, (set, variant)) in asked.iter().enumerate() {
        let variant = &variants[*variant];
        let unseen = |leading: &&Leading| {
            let mut of = set.iter().map(|one| &choices[*one]);
            of.any(|choice| choice.counts_first() && choice.definition.relation == leading.relation)
        };
        let ways = variant.leading.iter().filter(unseen).map(|leading| &leading.sql);
        for sql in std::iter::once(&variant.sql).chain(ways) {
            questions.push(Question {
                sql,
                indexes: &indexes[at],
            });
            owners.push(at);
        }
    }
    let mut best: Vec<Option<Answer>> = vec![None; asked.len()];
    for (at, answer) in owners
        .into_iter()
        .zip(planner.ask(Manner::Usual, &questions).await?)
    {
        let is_better = match (&best[at], &answer) {
            (None, _) | (Some(Answer::Failed(_)), Answer::Plan(..)) => true,
            (Some(Answer::Plan(known, _)), Answer::Plan(plan, _)) => {
                number(plan, "Total Cost") < number(known, "Total Cost")
            }
            _ => false,
        };
        if is_better {
            best[at] = Some(answer);
        }
    }
    let asked = best.into_iter();
    Ok(asked
        .map(|answer| answer.unwrap_or_else(|| Answer::Failed(String::new())))
        .collect())
}

/// The name of each relation that is not first where it is read, with the statement in which it is.
fn leading(sql: &str) -> Vec<(String, String)> {
    let limits = Limits {
        max_depth: DEPTH_MAX,
        ..Limits::default()
    };
    let Ok(script) = parse(sql, &limits) else {
        return Vec::new();
    };
    let [statement] = script.statements.as_slice() else {
        return Vec::new();
    };
    let NodeEnum::SelectStmt(select) = statement.node() else {
        return Vec::new();
    };
    let mut names = BTreeSet::new();
    behind(select, &mut names);
    let with_first = |leaf: Leaf| {
        let mut turned = select.as_ref().clone();
        bring(&mut turned, &leaf);
        let node = NodeEnum::SelectStmt(Box::new(turned));
        let sql = node.deparse(DeparseOptions::default()).ok()?;
        Some((leaf.0, sql))
    };
    names
        .into_iter()
        .take(LEADING_MAX)
        .filter_map(with_first)
        .collect()
}

/// The name of a relation, and what it is called where it is read.
type Leaf = (String, String);

/// The relations that are not first where they are read.
fn behind(select: &SelectStmt, found: &mut BTreeSet<Leaf>) {
    if is_turnable(select) {
        let mut leaves = Vec::new();
        select.from_clause.iter().for_each(|item| leaf(item, &mut leaves));
        found.extend(leaves.into_iter().skip(1).flatten());
    }
    queries(select, &mut |below| behind(below, found));
}

/// Whether the order of its relations changes what it costs only: columns that `*` gives may be counted by place.
fn is_turnable(select: &SelectStmt) -> bool {
    let is_star = |target: &Node| {
        let Some(NodeEnum::ResTarget(target)) = &target.node else {
            return false;
        };
        let Some(NodeEnum::ColumnRef(column)) = target.val.as_ref().and_then(|value| value.node.as_ref())
        else {
            return false;
        };
        matches!(
            column.fields.as_slice(),
            [Node {
                node: Some(NodeEnum::AStar(_))
            }]
        )
    };
    let is_place = |node: &Node| {
        let value = match &node.node {
            Some(NodeEnum::SortBy(sort)) => sort.node.as_ref().and_then(|node| node.node.as_ref()),
            other => other.as_ref(),
        };
        matches!(value, Some(NodeEnum::AConst(constant)) if matches!(constant.val, Some(a_const::Val::Ival(_))))
    };
    let counted = select.sort_clause.iter().chain(&select.group_clause);
    !(select.target_list.iter().any(is_star) && counted.into_iter().any(is_place))
}

/// What a FROM item reads, in the order in which the server numbers it; none for what is no relation.
fn leaf(item: &Node, found: &mut Vec<Option<Leaf>>) {
    match &item.node {
        Some(NodeEnum::RangeVar(range)) => {
            let alias = range.alias.as_ref().map(|alias| alias.aliasname.clone());
            let name = range.relname.clone();
            found.push(Some((name.clone(), alias.unwrap_or(name))));
        }
        Some(NodeEnum::JoinExpr(join)) => {
            for side in [&join.larg, &join.rarg].into_iter().flatten() {
                leaf(side, found);
            }
        }
        _ => found.push(None),
    }
}

/// Every query directly within one: arms, common table expressions, derived tables.
fn queries(select: &SelectStmt, each: &mut dyn FnMut(&SelectStmt)) {
    fn derived(item: &Node, each: &mut dyn FnMut(&SelectStmt)) {
        match &item.node {
            Some(NodeEnum::RangeSubselect(range)) => {
                if let Some(NodeEnum::SelectStmt(below)) =
                    range.subquery.as_ref().and_then(|node| node.node.as_ref())
                {
                    each(below);
                }
            }
            Some(NodeEnum::JoinExpr(join)) => {
                for side in [&join.larg, &join.rarg].into_iter().flatten() {
                    derived(side, each);
                }
            }
            _ => {}
        }
    }
    for arm in [&select.larg, &select.rarg].into_iter().flatten() {
        each(arm);
    }
    for cte in select.with_clause.iter().flat_map(|with| &with.ctes) {
        if let Some(NodeEnum::CommonTableExpr(cte)) = &cte.node
            && let Some(NodeEnum::SelectStmt(below)) =
                cte.ctequery.as_ref().and_then(|node| node.node.as_ref())
        {
            each(below);
        }
    }
    select.from_clause.iter().for_each(|item| derived(item, each));
}

/// Puts a relation first wherever it is read.
fn bring(select: &mut SelectStmt, wanted: &Leaf) {
    let holds = |item: &Node| {
        let mut leaves = Vec::new();
        leaf(item, &mut leaves);
        leaves.iter().flatten().any(|one| one == wanted)
    };
    if is_turnable(select)
        && let Some(at) = select.from_clause.iter().position(holds)
    {
        let mut item = select.from_clause.remove(at);
        turn(&mut item, &holds);
        select.from_clause.insert(0, item);
    }
    for arm in [&mut select.larg, &mut select.rarg].into_iter().flatten() {
        bring(arm, wanted);
    }
    for cte in select.with_clause.iter_mut().flat_map(|with| &mut with.ctes) {
        if let Some(NodeEnum::CommonTableExpr(cte)) = &mut cte.node
            && let Some(NodeEnum::SelectStmt(below)) =
                cte.ctequery.as_mut().and_then(|node| node.node.as_mut())
        {
            bring(below, wanted);
        }
    }
    select
        .from_clause
        .iter_mut()
        .for_each(|item| bring_derived(item, wanted));
}

fn bring_derived(item: &mut Node, wanted: &Leaf) {
    match &mut item.node {
        Some(node::Node::RangeSubselect(range)) => {
            if let Some(NodeEnum::SelectStmt(below)) =
                range.subquery.as_mut().and_then(|node| node.node.as_mut())
            {
                bring(below, wanted);
            }
        }
        Some(node::Node::JoinExpr(join)) => {
            for side in [&mut join.larg, &mut join.rarg].into_iter().flatten() {
                bring_derived(side, wanted);
            }
        }
        _ => {}
    }
}

/// Writes joins from the other side, down to what is wanted first.
fn turn(item: &mut Node, holds: &impl Fn(&Node) -> bool) {
    let Some(node::Node::JoinExpr(join)) = &mut item.node else {
        return;
    };
    if join.larg.as_deref().is_some_and(holds) {
        join.larg.iter_mut().for_each(|side| turn(side, holds));
        return;
    }
    std::mem::swap(&mut join.larg, &mut join.rarg);
    join.jointype = match join.jointype() {
        JoinType::JoinLeft => JoinType::JoinRight,
        JoinType::JoinRight => JoinType::JoinLeft,
        other => other,
    } as i32;
    join.larg.iter_mut().for_each(|side| turn(side, holds));
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn with_first(sql: &str, name: &str) -> Option<String> {
        let all = leading(sql);
        all.into_iter().find(|(of, _)| of == name).map(|(_, sql)| sql)
    }

    #[test]
    fn joins_are_written_from_the_other_side() {
        let sql = "SELECT c.a FROM o LEFT JOIN c ON c.id = o.c JOIN p ON p.o = o.id WHERE lower(c.e) = 'x'";
        assert_eq!(
            with_first(sql, "c").unwrap(),
            "SELECT c.a FROM c RIGHT JOIN o ON c.id = o.c JOIN p ON p.o = o.id WHERE lower(c.e) = 'x'"
        );
        assert_eq!(
            with_first(sql, "p").unwrap(),
            "SELECT c.a FROM p JOIN (o LEFT JOIN c ON c.id = o.c) ON p.o = o.id WHERE lower(c.e) = 'x'"
        );
        // It is first already.
        assert_eq!(with_first(sql, "o"), None);
    }

    #[test]
    fn lists_and_what_is_within_are_turned_too() {
        let sql = "WITH w AS (SELECT count(*) FROM a, b WHERE a.x = b.x) SELECT 1 FROM w, (SELECT 2 FROM a, b LIMIT 1) AS d";
        assert_eq!(
            with_first(sql, "b").unwrap(),
            "WITH w AS (SELECT count(*) FROM b, a WHERE a.x = b.x) SELECT 1 FROM w, (SELECT 2 FROM b, a LIMIT 1) d"
        );
    }

    #[test]
    fn columns_that_are_counted_by_place_keep_their_places() {
        assert_eq!(with_first("SELECT * FROM a, b ORDER BY 2", "b"), None);
        assert!(with_first("SELECT * FROM a, b ORDER BY a.x", "b").is_some());
        assert!(with_first("SELECT a.x FROM a, b ORDER BY 1", "b").is_some());
    }
}
