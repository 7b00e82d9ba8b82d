use super::{PlanFinding, PlanRule, Reading};
use crate::plan::{Role, count};

/// Runs, as for loops.
const LOOPS: f64 = 1_000.0;
/// Of the whole.
const SHARE: f64 = 0.1;

inventory::submit! {
    PlanRule { code: "repeated-subplan", title: "A subquery runs again for every row", guide: "Query Development", find }
}

fn find(reading: &Reading<'_>, found: &mut Vec<PlanFinding>) {
    for (at, node) in reading.nodes() {
        let loops = node.loops() / reading.figures.processes[at];
        let took = reading.with_below(at);
        if node.role != Role::SubPlan || loops < LOOPS || reading.share(took) < SHARE {
            continue;
        }
        let name = node.subplan.as_deref().unwrap_or("The subquery");
        let relation = reading.only_relation(at).filter(|_| node.relation.is_none());
        let what = match &relation {
            Some(relation) => format!("{} of {relation}", node.name()),
            None => node.name(),
        };
        let message = format!("{name} ({what}) runs {} times, once for each row.", count(loops));
        let condition = ["Index Cond", "Filter", "Recheck Cond"].iter().find_map(|name| node.text(name));
        let advice = "Write it as a join (or LATERAL, or EXISTS in place of IN and count), so that the planner can compute it for all rows at once; if it stays, an index on what it asks for makes each run short.";
        let mut finding = reading.finding("repeated-subplan", at, took, message, advice.to_owned()).about(condition).by_an_index();
        finding.relation = finding.relation.or(relation);
        found.push(finding);
    }
}
