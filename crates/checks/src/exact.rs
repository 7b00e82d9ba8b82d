//! Which relations a check of bloat measures exactly, by pgstattuple, behind its estimate.

use crate::{Further, Seen};

/// Relations that are measured exactly, at most.
const MOST: usize = 20;

/// `sql` for each relation that the estimate makes suspect, or that it knows nothing of, as far as the
/// threshold `exact_mib` goes: what may be read of all of them together. Nothing without the extension, or where
/// the caller wants no table to be scanned.
pub(crate) fn suspects(seen: &Seen<'_>, sql: &'static str) -> Vec<Further> {
    if seen.place.extension_schema("pgstattuple").is_none() || !seen.place.scans_tables {
        return Vec::new();
    }
    let mut budget = seen.limit("exact_mib") * 1_048_576.0;
    let suspect = seen.lines().filter(|line| {
        line.maybe::<f64>("percent")
            .is_none_or(|percent| percent >= seen.limit("warn_percent") / 2.0)
    });
    let within = suspect.filter(|line| {
        let fits = line.number("bytes") <= budget;
        budget -= if fits { line.number("bytes") } else { 0.0 };
        fits
    });
    within
        .take(MOST)
        .map(|line| Further {
            sql: sql.into(),
            params: vec![line.text("oid").to_owned()],
        })
        .collect()
}
