use crate::verdict::Verdict;
use crate::words::tenth;
use crate::{Check, Seen, Threshold};

inventory::submit! {
    Check {
        code: "integer-key-exhaustion",
        title: "Integer keys that no sequence feeds",
        guide: "Schema Design: Keys",
        sql: include_str!("integer_key_exhaustion.sql"),
        thresholds: &[
            Threshold::new("warn_percent", 75.0),
            Threshold::new("critical_percent", 90.0),
        ],
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    for line in seen.lines() {
        let Some(highest) = line.maybe::<f64>("highest") else {
            continue;
        };
        let used = 100.0 * highest / line.number("max");
        if used < seen.limit("warn_percent") {
            continue;
        }
        verdict
            .weigh(
                used,
                seen.limit("critical_percent"),
                match line.text("refers_to") {
                    "" => format!(
                        "The key {} ({}) has reached {used:.1} % of what its type holds, by its statistics.",
                        line.text("name"),
                        line.text("type")
                    ),
                    key => format!(
                        "{} ({}) refers to {key}, which is wider, and has reached {used:.1} % of what its own type holds, by its statistics.",
                        line.text("name"),
                        line.text("type")
                    ),
                },
            )
            .object(line.text("name"))
            .figure("used_percent", tenth(used))
            .figure("highest", highest)
            .unsafe_fix(format!(
                "-- howdah change run does this without blocking writes:\nALTER TABLE {} ALTER COLUMN {} TYPE bigint;",
                line.text("table"),
                line.text("column")
            ));
    }
    let keys = seen.first().map_or(0, |line| line.integer("keys"));
    verdict.figure("keys", keys);
    verdict.say(match keys {
        0 => "There are no such keys.".to_owned(),
        _ => format!("None of {keys} is near its end, as far as statistics tell."),
    });
}
