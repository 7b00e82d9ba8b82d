use crate::verdict::Verdict;
use crate::{Check, Seen};

inventory::submit! {
    Check {
        code: "collation-version",
        title: "Collations whose library has changed",
        guide: "Operational Triggers",
        sql: include_str!("collation_version.sql"),
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    for line in seen.lines() {
        let (kind, name) = (line.text("kind"), line.text("name"));
        let (what, refresh) = match kind {
            "database" => (
                "The collation of the database",
                format!("REINDEX DATABASE {name};\nALTER DATABASE {name} REFRESH COLLATION VERSION;"),
            ),
            _ => (
                "The collation",
                format!("{}ALTER COLLATION {name} REFRESH VERSION;", reindex(line.text("indexes"))),
            ),
        };
        verdict
            .warn(format!(
                "{what} {name} was recorded at version {} and the library is now at {}: indexes on text may be out of order, and miss rows or let duplicates in.",
                line.text("recorded"),
                line.text("actual")
            ))
            .object(name)
            .figure("recorded", line.text("recorded"))
            .figure("actual", line.text("actual"))
            .unsafe_fix(refresh);
    }
    verdict.more(seen.first().map_or(0, |line| line.bytes("total")));
    verdict.say("Collations are those of the libraries.");
}

/// Indexes that a fix names; of more, all are rebuilt with their tables.
const INDEXES_MAX: usize = 20;

fn reindex(indexes: &str) -> String {
    let indexes: Vec<String> = serde_json::from_str(indexes).unwrap_or_default();
    match indexes.len() {
        0 => String::new(),
        1..=INDEXES_MAX => indexes.iter().map(|name| format!("REINDEX INDEX CONCURRENTLY {name};\n")).collect(),
        number => format!("-- after REINDEX of the {number} indexes that use it:\n"),
    }
}
