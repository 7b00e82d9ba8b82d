use crate::verdict::Verdict;
use crate::{Check, Family, Seen, TO_MAJOR};

inventory::submit! {
    Check {
        code: "column-types",
        title: "Columns of types that an upgrade refuses",
        guide: "Aurora Operations: Upgrades",
        family: Family::Upgrade,
        thresholds: &[TO_MAJOR],
        sql: include_str!("column_types.sql"),
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    for line in seen.lines() {
        let (relation, name) = (line.text("relation"), line.text("name"));
        let (kind, base) = (line.text("type"), line.text("base"));
        let why = match base {
            _ if line.is_true("is_row") => "the rows of system catalogs and views are others in each version",
            "aclitem" => "it is stored otherwise from 16 on",
            "unknown" => "no table can be made with it any more",
            _ => "it holds numbers of catalog entries, which are given anew",
        };
        let within = match kind == base {
            true => String::new(),
            false => format!(", which holds {base}"),
        };
        let problem = verdict
            .critical(format!("{relation}.{name} is {kind}{within}: {why}."))
            .object(format!("{relation}.{name}"))
            .figure("type", kind);
        match line.text("becomes") {
            "" => problem.next(match line.text("kind") {
                "m" => format!("DROP MATERIALIZED VIEW {relation}; make it again after the upgrade."),
                "i" => format!("DROP INDEX {relation}; make it again after the upgrade."),
                _ => format!("Change the column to a type without {base}, text for example, or drop it."),
            }),
            becomes => problem.unsafe_fix(format!(
                "ALTER TABLE {} ALTER COLUMN {name} TYPE {becomes} USING {name}::{becomes};",
                line.text("of")
            )),
        };
    }
    verdict.more(seen.first().map_or(0, |line| line.bytes("total")));
    verdict.say("Every column has a type that an upgrade carries over.");
}
