use super::{PlanFinding, PlanRule, Reading};
use crate::plan::{count, milliseconds};

/// Of the whole.
const SHARE: f64 = 0.1;
/// Less is nobody's trouble.
const LEAST_MS: f64 = 1.0;

inventory::submit! {
    PlanRule { code: "trigger-time", title: "Triggers take a good part of the time", guide: "Query Optimization", find }
}

fn find(reading: &Reading<'_>, found: &mut Vec<PlanFinding>) {
    for trigger in &reading.plan.triggers {
        if trigger.ms < LEAST_MS || reading.share(trigger.ms) < SHARE {
            continue;
        }
        let what = if trigger.is_constraint { "The constraint" } else { "The trigger" };
        let message = format!(
            "{what} {} took {} in {} calls, {:.0} % of the whole.",
            howdah_sql::quote_ident(&trigger.name),
            milliseconds(trigger.ms),
            count(trigger.calls),
            100.0 * reading.share(trigger.ms)
        );
        let advice = match trigger.is_constraint {
            true => "For each row the other table of the foreign key is searched: when rows are deleted or keys changed, an index on the referencing columns lets it find them (howdah index problems lists foreign keys without one).",
            false => "Do less for each row: a statement-level trigger with transition tables works on all rows at once, and WHEN (…) keeps it from being called for nothing.",
        };
        let mut finding = reading.finding_of_all("trigger-time", trigger.ms, message, advice.to_owned());
        finding.relation.clone_from(&trigger.relation);
        found.push(finding);
    }
}
