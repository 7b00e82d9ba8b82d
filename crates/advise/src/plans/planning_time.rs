use super::{PlanFinding, PlanRule, Reading};
use crate::plan::milliseconds;

/// Less is nobody's trouble.
const LEAST_MS: f64 = 10.0;

inventory::submit! {
    PlanRule { code: "planning-time", title: "Planning takes longer than the statement", guide: "Query Optimization", find }
}

fn find(reading: &Reading<'_>, found: &mut Vec<PlanFinding>) {
    let (Some(planning), Some(execution)) = (reading.plan.planning_ms, reading.plan.total_ms()) else {
        return;
    };
    if planning < LEAST_MS || planning <= execution {
        return;
    }
    let message = format!(
        "Planning took {}, running {}.",
        milliseconds(planning),
        milliseconds(execution)
    );
    let advice = "Prepare the statement once and run it often; have fewer partitions, or conditions that let the planner leave them out by constants; join fewer relations at once. The first plan of a connection also fills its caches.";
    found.push(reading.finding_of_all("planning-time", planning, message, advice.to_owned()));
}
