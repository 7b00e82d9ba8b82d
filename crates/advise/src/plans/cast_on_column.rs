use super::{PlanFinding, PlanRule, Reading};
use crate::plan::{cast_columns, count};

/// Rows that are read.
const LEAST_ROWS: f64 = 1_000.0;
/// Rows thrown away for each that is kept.
const WASTE: f64 = 10.0;

inventory::submit! {
    PlanRule { code: "cast-on-column", title: "A column is compared as another type, which no index on it serves", guide: "Query Development", find }
}

fn find(reading: &Reading<'_>, found: &mut Vec<PlanFinding>) {
    for (at, node) in reading.nodes() {
        let is_table = matches!(
            node.kind.as_str(),
            "Seq Scan" | "Index Scan" | "Index Only Scan" | "Bitmap Heap Scan"
        );
        let Some(filter) = node.text("Filter").filter(|_| is_table) else {
            continue;
        };
        let casts = cast_columns(filter);
        let (removed, kept) = match node.actual {
            Some(_) => (node.removed("Rows Removed by Filter"), node.rows()),
            // Not run: what the table holds, where that is known.
            None => (reading.relation(node).map_or(0.0, |facts| facts.rows - node.plan_rows), node.plan_rows),
        };
        if casts.is_empty() || removed < LEAST_ROWS || removed < WASTE * kept {
            continue;
        }
        let names: Vec<String> = casts
            .iter()
            .map(|(name, cast)| format!("{} as {cast}", howdah_sql::quote_ident(name)))
            .collect();
        let message = format!(
            "{} compares {}, for {} rows.",
            node.name(),
            names.join(", "),
            count(removed + kept)
        );
        let saves = reading.own(at) * removed / (removed + kept).max(1.0);
        let advice = "Pass the value in the column's own type (an integer where the column is one, not a number with a point; a range of timestamps in place of a date), or index the expression.";
        found.push(
            reading
                .finding("cast-on-column", at, saves, message, advice.to_owned())
                .about(Some(filter))
                .by_an_index(),
        );
    }
}
