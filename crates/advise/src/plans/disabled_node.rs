use super::{PlanFinding, PlanRule, Reading};
use crate::plan::Role;

/// What the planner adds for a way that a setting forbids, before version 18.
const DISABLE_COST: f64 = 1e10;

inventory::submit! {
    PlanRule { code: "disabled-node", title: "A way was taken that a setting forbids", guide: "Query Optimization", find }
}

fn find(reading: &Reading<'_>, found: &mut Vec<PlanFinding>) {
    for (at, node) in reading.nodes() {
        let below: f64 = node
            .children
            .iter()
            .filter_map(|child| reading.plan.nodes[*child].cost)
            .map(|(_, end)| end)
            .sum();
        // What is run again for each row costs as much each time: there it is not known whose the cost is.
        let is_dear_below = node.children.iter().any(|child| {
            let below = &reading.plan.nodes[*child];
            let is_again = below.role == Role::SubPlan || node.kind == "Nested Loop";
            is_again && below.cost.is_some_and(|(_, end)| end >= DISABLE_COST)
        });
        let is_dear = !is_dear_below && node.cost.is_some_and(|(_, end)| end >= DISABLE_COST && end - below >= DISABLE_COST);
        if node.text("Disabled") != Some("true") && !is_dear {
            continue;
        }
        let message = format!("{} is forbidden by a setting (enable_…), and there was no other way.", node.name());
        let advice = "The setting only hides what is missing here, such as an index. Reset it, and see what the planner does.";
        found.push(reading.finding("disabled-node", at, 0.0, message, advice.to_owned()));
    }
}
