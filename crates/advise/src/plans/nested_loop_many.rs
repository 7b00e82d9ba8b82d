use super::{PlanFinding, PlanRule, Reading, cartesian_product};
use crate::plan::{count, misestimate};

/// Runs of the inner side (the field's threshold).
const LOOPS: f64 = 1_000.0;
/// Where the runs take less than this share of the whole they are nobody's trouble.
const SHARE: f64 = 0.1;

inventory::submit! {
    PlanRule { code: "nested-loop-many", title: "The inner side of a loop runs very often", guide: "Query Optimization", find }
}

fn find(reading: &Reading<'_>, found: &mut Vec<PlanFinding>) {
    for (at, node) in reading.nodes() {
        if node.kind != "Nested Loop" {
            continue;
        }
        let mut inputs = reading.plan.inputs(at);
        let (Some(outer), Some(inner)) = (inputs.next(), inputs.next()) else {
            continue;
        };
        let below = &reading.plan.nodes[inner];
        // What is run again in each process is run as often by one of them.
        let loops = below.loops() / reading.figures.processes[inner];
        // Where the whole join is run again and again, as in a subquery, that is told there.
        let runs = (node.loops() / reading.figures.processes[at]).max(1.0);
        let loops = loops / runs;
        let took = reading.with_below(inner);
        // What is remembered from before costs next to nothing.
        let is_remembered = below.number("Cache Hits") > below.number("Cache Misses");
        if loops < LOOPS || reading.share(took) < SHARE || is_remembered {
            continue;
        }
        // Of a loop without a condition another finding tells.
        if cartesian_product::product(reading, at).is_some() {
            continue;
        }
        // Of the steps of a recursion there is no estimate that could be mended.
        let is_recursion = reading.plan.nodes[outer..inner].iter().any(|node| node.kind == "WorkTable Scan");
        let wrong = misestimate(&reading.plan.nodes[outer]).filter(|factor| *factor >= 10.0 && !is_recursion);
        let expected = match wrong {
            Some(_) => format!(" The planner expected {}.", count(reading.plan.nodes[outer].plan_rows)),
            None => String::new(),
        };
        let message = format!("{} runs {} times for {}.{expected}", below.name(), count(loops), node.name());
        let advice = match (below.kind.as_str(), wrong) {
            (_, Some(_)) => "With a right estimate of the outer rows the planner would likely take a hash join: mend the estimate.",
            ("Index Scan" | "Index Only Scan" | "Memoize", _) => "So many look-ups take longer than one pass, if the inner table is not much larger than what is looked up: a hash join may be quicker. See whether random_page_cost is lower than the storage deserves, and work_mem large enough for the hash table.",
            _ => "An index on the join's columns of the inner side, or a condition by equality that a hash join can use, saves the runs.",
        };
        let condition = ["Index Cond", "Filter", "Recheck Cond"].iter().find_map(|name| below.text(name));
        let mut finding = reading
            .finding("nested-loop-many", inner, took / 2.0, message, advice.to_owned())
            .about(condition.or(node.text("Join Filter")));
        finding.wants_index = below.index.is_none();
        found.push(finding);
    }
}
