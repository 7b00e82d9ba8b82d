use std::collections::BTreeSet;

use super::{PlanFinding, PlanRule, Reading};
use crate::plan::{Node, count};

/// Rows of each side.
const SIDE: f64 = 100.0;
/// Rows that come of it.
const PRODUCT: f64 = 10_000.0;

inventory::submit! {
    PlanRule { code: "cartesian-product", title: "Every row is joined with every other", guide: "Query Development", find }
}

fn find(reading: &Reading<'_>, found: &mut Vec<PlanFinding>) {
    for (at, node) in reading.nodes() {
        let Some((left, right, product)) = product(reading, at) else { continue };
        let message = format!(
            "{} joins each of {} rows with each of {}: {} rows.",
            node.name(),
            count(left),
            count(right),
            count(product)
        );
        let advice = "No condition joins the two: one may have been forgotten. If it is meant, filter both sides before.";
        found.push(reading.finding("cartesian-product", at, reading.with_below(at), message, advice.to_owned()));
    }
}

/// The rows of both sides of a join without a condition, and those that come of it.
pub(super) fn product(reading: &Reading<'_>, at: usize) -> Option<(f64, f64, f64)> {
    let node = &reading.plan.nodes[at];
    let join = node.text("Join Type").unwrap_or("Inner");
    let is_plain = match node.kind.as_str() {
        "Nested Loop" => matches!(join, "Inner" | "Left"),
        // FULL JOIN … ON true has no other way.
        "Merge Join" => node.text("Merge Cond").is_none(),
        _ => false,
    };
    if !is_plain || node.text("Join Filter").is_some() {
        return None;
    }
    let inputs: Vec<usize> = reading.plan.inputs(at).collect();
    let [outer, inner] = inputs.as_slice() else { return None };
    let rows = |at: usize| match reading.plan.nodes[at].actual {
        Some(actual) => actual.rows,
        None => reading.plan.nodes[at].plan_rows,
    };
    let (left, product) = (rows(*outer), rows(at));
    // A merge join goes through its inner side again and again, and counts the rows each time.
    let right = match node.kind.as_str() {
        "Merge Join" => product / left.max(1.0),
        _ => rows(*inner),
    };
    if left < SIDE || right < SIDE || product < PRODUCT || product < 0.99 * left * right {
        return None;
    }
    // An inner side that depends on the outer row gives other rows in each run: it is no product. Nor is one where
    // both sides were restricted to the same value, of which a.k = b.k AND a.k = 5 is made.
    let is_joined = depends(reading, *inner, *outer)
        || !equal_to(reading, *outer).is_disjoint(&equal_to(reading, *inner));
    (!is_joined).then_some((left, right, product))
}

/// The constants that columns below a node have to be equal to.
fn equal_to<'a>(reading: &Reading<'a>, from: usize) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    for node in below(reading, from) {
        let conditions = ["Index Cond", "Filter", "Recheck Cond"];
        for text in conditions.iter().filter_map(|name| node.text(name)) {
            for (at, equals) in text.match_indices(" = ") {
                let value = &text[at + equals.len()..];
                let value = &value[..value.find(')').unwrap_or(value.len())];
                let is_constant = value.starts_with(['\'', '$', '-', '(']) || value.starts_with(|c: char| c.is_ascii_digit());
                if is_constant || value.starts_with("ANY (") {
                    found.insert(value);
                }
            }
        }
    }
    found
}

/// A node and those below it.
fn below<'a>(reading: &Reading<'a>, from: usize) -> impl Iterator<Item = &'a Node> {
    let plan = reading.plan;
    let depth = plan.nodes[from].depth;
    let rest = plan.nodes[from + 1..].iter().take_while(move |node| node.depth > depth);
    std::iter::once(&plan.nodes[from]).chain(rest)
}

/// Whether something below `inner` names what is read below `outer`, or may do so: of a function a plan that is not
/// verbose does not tell what it is called with.
fn depends(reading: &Reading<'_>, inner: usize, outer: usize) -> bool {
    let aliases: Vec<String> = below(reading, outer)
        .filter_map(|node| node.alias.as_deref())
        .map(|alias| format!("{}.", howdah_sql::quote_ident(alias)))
        .collect();
    below(reading, inner).any(|node| {
        if node.kind.contains("Function Scan") && node.text("Function Call").is_none() {
            return true;
        }
        let conditions = ["Index Cond", "Filter", "Recheck Cond", "Cache Key", "Function Call", "TID Cond"];
        let texts = conditions.iter().filter_map(|name| node.text(name));
        texts
            .into_iter()
            .any(|text| aliases.iter().any(|alias| text.contains(alias.as_str())))
    })
}
