use super::{PlanFinding, PlanRule, Reading};
use crate::plan::count;

/// Rows of each side.
const SIDE: f64 = 100.0;
/// Rows that come of it.
const PRODUCT: f64 = 10_000.0;

inventory::submit! {
    PlanRule { code: "cartesian-product", title: "Every row is joined with every other", guide: "Query Development", find }
}

fn find(reading: &Reading<'_>, found: &mut Vec<PlanFinding>) {
    for (at, node) in reading.nodes() {
        let is_plain = node.kind == "Nested Loop" && node.text("Join Type").unwrap_or("Inner") == "Inner";
        if !is_plain || node.text("Join Filter").is_some() {
            continue;
        }
        let inputs: Vec<usize> = reading.plan.inputs(at).collect();
        let [outer, inner] = inputs.as_slice() else { continue };
        let rows = |at: usize| match reading.plan.nodes[at].actual {
            Some(actual) => actual.rows,
            None => reading.plan.nodes[at].plan_rows,
        };
        let (left, right, product) = (rows(*outer), rows(*inner), rows(at));
        if left < SIDE || right < SIDE || product < PRODUCT || product < 0.99 * left * right {
            continue;
        }
        // An inner side that depends on the outer row gives other rows in each run: it is no product.
        if depends(reading, *inner, *outer) {
            continue;
        }
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

/// Whether something below `inner` names what is read below `outer`, or may do so: of a function a plan that is not
/// verbose does not tell what it is called with.
fn depends(reading: &Reading<'_>, inner: usize, outer: usize) -> bool {
    let below = |from: usize| {
        let depth = reading.plan.nodes[from].depth;
        let rest = reading.plan.nodes[from + 1..].iter().take_while(move |node| node.depth > depth);
        std::iter::once(&reading.plan.nodes[from]).chain(rest)
    };
    let aliases: Vec<String> = below(outer)
        .filter_map(|node| node.alias.as_deref())
        .map(|alias| format!("{}.", howdah_sql::quote_ident(alias)))
        .collect();
    below(inner).any(|node| {
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
