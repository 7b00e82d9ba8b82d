use howdah_core::Applicability;

use super::{PlanFinding, PlanRule, Reading, stale_statistics};
use crate::plan::{Node, columns, count, is_of_subqueries, misestimate, rows};

/// The first of the factors that PEV2 marks estimates by.
const FACTOR: f64 = 10.0;
/// Of fewer rows a wrong estimate does little (as pgexplain has it).
const LEAST_ROWS: f64 = 100.0;

inventory::submit! {
    PlanRule { code: "row-misestimate", title: "The planner expected other numbers of rows", guide: "Query Optimization", find }
}

fn find(reading: &Reading<'_>, found: &mut Vec<PlanFinding>) {
    for (at, node) in reading.nodes() {
        let Some(factor) = wrong_by(reading, at) else { continue };
        // It is told where it begins: what is above is wrong because of it.
        if begins_below(reading, at) {
            continue;
        }
        if stale_statistics::is_stale(reading, at) {
            continue;
        }
        let seen = node.actual.map_or(0.0, |actual| actual.rows);
        let message = format!(
            "{} gave {} where {} were expected, {}× {}.",
            node.name(),
            rows(seen),
            count(node.plan_rows),
            count(factor),
            if seen > node.plan_rows { "more" } else { "fewer" }
        );
        // What was planned on a wrong number is all that is above.
        let above = reading.above(at);
        let condition = ["Filter", "Index Cond", "Recheck Cond", "Hash Cond", "Merge Cond", "Join Filter"]
            .iter()
            .find_map(|name| node.text(name));
        let named = condition.map(|text| columns(text, node.alias.as_deref())).unwrap_or_default();
        let is_of_relation = node.is_scan() && node.relation.is_some() && node.text("Function Name").is_none();
        let mut finding = reading.finding("row-misestimate", at, above, message, String::new()).about(condition);
        finding.advice = match node.kind.as_str() {
            "Function Scan" => "The planner knows nothing of the function: say how many rows it gives (ALTER FUNCTION … ROWS n).".to_owned(),
            "CTE Scan" if is_recursive(reading, node) => "How often a recursion goes on cannot be known before. Where the plan above it suffers, keep its rows in a temporary table that is analysed.".to_owned(),
            "Foreign Scan" => "Of a foreign table only what ANALYZE fetched is known: analyse it now and then, or ask the other server for its estimates (use_remote_estimate).".to_owned(),
            _ if condition.is_some_and(is_of_subqueries) => "The planner knows nothing of what the subquery of the condition will give: written as a join (or EXISTS) its rows can be reckoned.".to_owned(),
            "CTE Scan" | "Subquery Scan" | "WorkTable Scan" => "Its rows come from a part of the statement that is planned by itself: let the planner see through it (NOT MATERIALIZED), or keep that part in a table that is analysed.".to_owned(),
            "Aggregate" | "Unique" => "The number of groups was guessed: statistics on the columns together (CREATE STATISTICS … (ndistinct)) tell it.".to_owned(),
            _ if is_of_relation && named.len() > 1 => {
                if let Some(relation) = node.relation_in_sql() {
                    let list: Vec<String> = named.iter().take(8).map(|name| howdah_sql::quote_ident(name)).collect();
                    let sql = format!("CREATE STATISTICS ON {} FROM {relation}; ANALYZE {relation};", list.join(", "));
                    finding = finding.mended_by(named_statistics(&sql, &named, node.relation.as_deref()), Applicability::Unsafe);
                }
                "The columns of the condition are likely to depend on each other, which only statistics on them together tell.".to_owned()
            }
            _ if is_of_relation => "Raise the statistics of the column (ALTER TABLE … ALTER COLUMN … SET STATISTICS 1000) and ANALYZE; of an expression, an index on it or CREATE STATISTICS on it lets ANALYZE count its values.".to_owned(),
            "ProjectSet" => "How many rows a function in the select list gives for each row is guessed: say it (ALTER FUNCTION … ROWS n), or call it in FROM.".to_owned(),
            "Append" | "Merge Append" | "SetOp" | "WindowAgg" | "Result" | "Group" => "The parts below were each nearly right, and together are not: see what the statement compares here.".to_owned(),
            _ => "The join gives other numbers than its columns let expect: they depend on each other, or on the filters below. Statistics on them together may tell.".to_owned(),
        };
        found.push(finding);
    }
}

/// Whether what is wrong here is so because of something below, which only passed its rows on.
fn begins_below(reading: &Reading<'_>, at: usize) -> bool {
    let mut open: Vec<usize> = reading.plan.inputs(at).collect();
    open.extend(cte_of(reading, &reading.plan.nodes[at]));
    while let Some(below) = open.pop() {
        if wrong_by(reading, below).is_some() {
            return true;
        }
        let node = &reading.plan.nodes[below];
        let passes_on = matches!(
            node.kind.as_str(),
            "Hash" | "Sort" | "Incremental Sort" | "Materialize" | "Memoize" | "Gather" | "Gather Merge" | "Limit" | "LockRows" | "ModifyTable"
        );
        if passes_on {
            open.extend(reading.plan.inputs(below));
        }
    }
    false
}

/// Whether a CTE is a recursive one.
pub(super) fn is_recursive(reading: &Reading<'_>, scan: &Node) -> bool {
    cte_of(reading, scan).is_some_and(|cte| reading.plan.nodes[cte].kind == "Recursive Union")
}

/// The CTE that a scan reads.
fn cte_of(reading: &Reading<'_>, scan: &Node) -> Option<usize> {
    let cte = scan.relation.as_deref().filter(|_| scan.kind == "CTE Scan")?;
    reading.figures.ctes.get(cte).copied()
}

/// Before version 16 statistics had to have a name.
fn named_statistics(sql: &str, columns: &[String], relation: Option<&str>) -> String {
    let mut name = relation.unwrap_or("howdah").to_owned();
    for column in columns.iter().take(8) {
        name.push('_');
        name.push_str(column);
    }
    // An identifier has 63 bytes.
    while name.len() > 58 {
        name.pop();
    }
    name.push_str("_stat");
    sql.replacen("CREATE STATISTICS ON", &format!("CREATE STATISTICS {} ON", howdah_sql::quote_ident(&name)), 1)
}

/// By what factor the rows of a node differ from those expected, where that is much and no accident.
pub(super) fn wrong_by(reading: &Reading<'_>, at: usize) -> Option<f64> {
    // These print no rows, or rows of another kind; a recursion's steps differ from each other.
    const NOT_COUNTED: &[&str] = &[
        "BitmapAnd",
        "BitmapOr",
        "Bitmap Index Scan",
        "ModifyTable",
        "Hash",
        "WorkTable Scan",
        "Recursive Union",
        "LockRows",
        // It gives what it was told to, and with ties more.
        "Limit",
    ];
    let node = &reading.plan.nodes[at];
    let factor = misestimate(node)?;
    let seen = node.actual?.rows;
    let is_much = factor >= FACTOR && seen.max(node.plan_rows) >= LEAST_ROWS;
    if !is_much || NOT_COUNTED.contains(&node.kind.as_str()) {
        return None;
    }
    let is_cut_short = seen < node.plan_rows && reading.figures.stops_early[at];
    let is_counted_again = seen > node.plan_rows && reading.plan.may_count_again(at);
    // Before its rows are few enough it gives more: the planner leaves its own condition out of account.
    let is_conditioned = seen < node.plan_rows && node.text("Run Condition").is_some();
    let is_step = reading.figures.is_recursive[at];
    (!is_cut_short && !is_counted_again && !is_conditioned && !is_step).then_some(factor)
}
