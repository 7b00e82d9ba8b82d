//! The configuration file: whether there is one, and whether all of it is read
//! by something. What nobody reads is most often a slip of the pen.

use howdah_core::{Config, Context, Result};
use howdah_pg::Targets;

use super::{Check, Who};

/// Every section that something reads, with its keys; those of a target are
/// checked where targets are read.
const SECTIONS: &[(&str, &[&str])] = &[
    ("howdah", &["default_target"]),
    ("targets", &[]),
    ("clusters", &["mode"]),
    ("mcp", &["toolsets", "output_schemas", "results"]),
    ("audit", &["literals"]),
    ("health", &["ignore", "thresholds"]),
    ("history", &["store", "schema"]),
    ("triggers", &[]),
    ("notify", &[]),
    (
        "review",
        &[
            "profile",
            "only",
            "ignore",
            "large_table_rows",
            "evidence_rows",
            "many_columns",
            "many_indexes",
            "never_read_days",
            "sample",
            "sample_rows",
            "sample_budget_ms",
        ],
    ),
    (
        "lint",
        &[
            "pg",
            "in_transaction",
            "fail_on",
            "small_table_rows",
            "profile",
            "ignore",
            "severity",
            "exclude",
            "baseline",
        ],
    ),
];

/// Names at least this alike, from 0 to 1, are taken for one that was meant.
const ALIKE: f64 = 0.7;

pub(super) fn checks(cx: &Context) -> Result<Vec<Check>> {
    let config = cx.get::<Config>()?;
    let targets = cx.get::<Targets>()?;
    let origin = config.origin();
    let mut checks: Vec<Check> = strangers(&config)
        .into_iter()
        .map(|(what, known)| {
            let check = Check::warn("configuration", format!("{origin}: nothing reads {what}."));
            match known {
                Some(known) => check.fix(Who::You, format!("write {known} instead")),
                None => check.fix(
                    Who::You,
                    "remove it, or look it up in the book: howdah://book/targets",
                ),
            }
        })
        .collect();
    for (name, error) in targets.broken() {
        let check = Check::missing(format!("target {name}"), error.message.trim_end());
        checks.push(match error.hint {
            Some(hint) => check.fix(Who::You, hint),
            None => check.fix(Who::You, format!("correct [targets.{name}]")),
        });
    }
    if checks.is_empty() {
        checks.push(if origin.is_empty() {
            Check::ok("configuration", "no howdah.toml, and none is needed.")
        } else {
            Check::ok("configuration", format!("{origin} is read, all of it."))
        });
    }
    Ok(checks)
}

/// Sections and keys that nothing reads, with what was probably meant.
fn strangers(config: &Config) -> Vec<(String, Option<String>)> {
    let mut found = Vec::new();
    for section in config.sections() {
        let Some((_, keys)) = SECTIONS.iter().find(|(known, _)| *known == section) else {
            let known = SECTIONS.iter().map(|(known, _)| *known);
            found.push((
                format!("[{section}]"),
                near(section, known).map(|known| format!("[{known}]")),
            ));
            continue;
        };
        // What is directly in these has names of its own.
        if ["targets", "triggers", "notify"].contains(&section) {
            continue;
        }
        for key in config.keys(section).filter(|key| !keys.contains(key)) {
            found.push((
                format!("{key} in [{section}]"),
                near(key, keys.iter().copied()).map(str::to_owned),
            ));
        }
    }
    found
}

fn near<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let alike = |known: &'a str| (strsim::normalized_damerau_levenshtein(name, known), known);
    known
        .map(alike)
        .filter(|(alike, _)| *alike >= ALIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, known)| known)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_nothing_reads_is_found_with_what_was_meant() {
        let text =
            "[howdah]\ndefalt_target = \"x\"\n[target.shop]\nurl = \"\"\n[zebra]\n[mcp]\ntoolsets = []\n";
        let config = Config::parse(text, "howdah.toml").unwrap();
        let found = strangers(&config);
        let expected = [
            ("defalt_target in [howdah]", Some("default_target")),
            ("[target]", Some("[targets]")),
            ("[zebra]", None),
        ];
        let expected: Vec<_> = expected
            .into_iter()
            .map(|(what, meant)| (what.to_owned(), meant.map(str::to_owned)))
            .collect();
        assert_eq!(found, expected);
    }
}
