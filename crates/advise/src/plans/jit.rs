use howdah_core::Applicability;

use super::{PlanFinding, PlanRule, Reading};
use crate::plan::{count, milliseconds};

/// Of the whole.
const SHARE: f64 = 0.1;
/// Less is nobody's trouble.
const LEAST_MS: f64 = 1.0;

inventory::submit! {
    PlanRule { code: "jit", title: "Compiling the statement takes longer than it is worth", guide: "Query Optimization", find }
}

fn find(reading: &Reading<'_>, found: &mut Vec<PlanFinding>) {
    let (Some(jit), Some(total)) = (reading.plan.jit, reading.plan.total_ms()) else {
        return;
    };
    // Of parallel workers the server adds up what each took, and they did it at a time.
    let workers = reading.nodes().map(|(_, node)| node.number("Workers Launched")).fold(0.0, f64::max);
    let took = jit.ms / (workers + 1.0);
    if took < LEAST_MS || took < SHARE * total {
        return;
    }
    let message = format!(
        "{} of {} went into compiling {} functions (JIT).",
        milliseconds(took),
        milliseconds(total),
        count(jit.functions)
    );
    let advice = "Compiling pays for statements of many seconds. Turn it off for this role or database, or raise jit_above_cost; a cost that is much too high is a wrong estimate.";
    found.push(
        reading
            .finding_of_all("jit", took, message, advice.to_owned())
            .mended_by("SET jit = off;".to_owned(), Applicability::Unsafe),
    );
}
