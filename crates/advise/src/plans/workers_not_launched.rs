use super::{PlanFinding, PlanRule, Reading};

inventory::submit! {
    PlanRule { code: "workers-not-launched", title: "Parallel workers were planned and not to be had", guide: "Query Optimization", find }
}

fn find(reading: &Reading<'_>, found: &mut Vec<PlanFinding>) {
    for (at, node) in reading.nodes() {
        let gathers = matches!(node.kind.as_str(), "Gather" | "Gather Merge");
        let (planned, launched) = (node.number("Workers Planned"), node.number("Workers Launched"));
        if !gathers || node.loops() == 0.0 || launched >= planned {
            continue;
        }
        let message = format!("{} planned with {planned} workers and had {launched}.", node.name());
        // With all of them the work below would have been divided among more.
        let saves = reading.with_below(at) * (1.0 - (launched + 1.0) / (planned + 1.0));
        let advice = "All of max_parallel_workers (or max_worker_processes) were busy: raise them if there are processors to spare, or plan with fewer (max_parallel_workers_per_gather).";
        found.push(reading.finding("workers-not-launched", at, saves, message, advice.to_owned()));
    }
}
