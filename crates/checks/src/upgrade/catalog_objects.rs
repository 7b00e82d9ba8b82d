use crate::verdict::Verdict;
use crate::{Check, Family, Seen, TO_MAJOR};

inventory::submit! {
    Check {
        code: "catalog-objects",
        title: "Views of system columns, functions and operators that the new version has no more",
        guide: "Aurora Operations: Upgrades",
        family: Family::Upgrade,
        thresholds: &[TO_MAJOR],
        sql: include_str!("catalog_objects.sql"),
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    for line in seen.lines() {
        let (relation, what, major) = (line.text("relation"), line.text("what"), line.integer("major"));
        let drop = match line.text("kind") {
            "m" => format!("DROP MATERIALIZED VIEW {relation};"),
            "v" => format!("DROP VIEW {relation};"),
            _ => String::new(),
        };
        let problem = match line.is_true("is_sure") {
            true => verdict.critical(format!(
                "{relation} uses {what}, which PostgreSQL {major} and later have no more: the upgrade fails when it makes it anew."
            )),
            false => verdict.warn(format!(
                "{relation} seems to use {what}, which PostgreSQL {major} and later have no more; if so, the upgrade fails."
            )),
        };
        problem.object(relation).figure("gone_since", major);
        match drop.as_str() {
            "" => problem.next(format!("Drop the rule on {relation} that uses it.")),
            drop => problem.unsafe_fix(format!("-- make it without, before or after the upgrade:\n{drop}")),
        };
    }
    verdict.more(seen.first().map_or(0, |line| line.bytes("total")));
    verdict.say("No view uses what the new version has no more of the system's own.");
}
