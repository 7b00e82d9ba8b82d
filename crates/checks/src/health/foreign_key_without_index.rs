use crate::verdict::Verdict;
use crate::words::count;
use crate::{Check, Seen, Threshold};

inventory::submit! {
    Check {
        code: "foreign-key-without-index",
        title: "Foreign keys without an index",
        guide: "Index Management",
        sql: include_str!("foreign_key_without_index.sql"),
        thresholds: &[Threshold::new("min_rows", 10_000.0)],
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    for line in seen.lines() {
        let (name, table, columns) = (line.text("name"), line.text("table"), line.text("columns"));
        let problem = verdict.warn(format!(
            "The foreign key {name} of {table} ({columns}, {} rows) has no index: each row that is deleted from {}, or whose key changes, is looked for in all of it.",
            count(line.number("rows")),
            line.text("referenced")
        ));
        problem
            .object(format!("{table}.{name}"))
            .figure("rows", line.bytes("rows"))
            .figure("deleted_from_referenced", line.bytes("deleted"));
        if line.is_true("is_partitioned") {
            problem.unsafe_fix(format!("CREATE INDEX ON {table} ({columns});")).next("howdah change run builds it on each partition without blocking writes.");
        } else {
            problem.safe_fix(format!("CREATE INDEX CONCURRENTLY ON {table} ({columns});"));
        }
    }
    verdict.more(seen.first().map_or(0, |line| line.bytes("total")));
    verdict.say("Every foreign key of a table of some size has an index.");
}
