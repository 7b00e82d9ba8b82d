use howdah_pg::catalog::for_major;

use crate::need::Need;
use crate::seen::{Further, Seen};
use crate::verdict::Verdict;

/// A question to a server, and how its answer is judged.
///
/// One file in `src/health` (or `src/evidence`) registers one:
///
/// ```ignore
/// inventory::submit! { Check { code: "connections", title: "Connections", …, ..Check::NEW } }
/// ```
pub struct Check {
    /// The name of its file, with dashes.
    pub code: &'static str,
    /// What is looked at, as a heading says it.
    pub title: &'static str,
    /// The section of the guide that it comes from or corrects.
    pub guide: &'static str,
    /// Whether it is part of a person's health, or evidence for the sequences alone.
    pub family: Family,
    /// One statement, written for `search_path = pg_catalog`, whose `$1`… are the thresholds in
    /// their order. A line that ends in `--since 17` or `--before 17` is there on these major
    /// versions only, and `{name}` is the schema of the extension of that name.
    pub sql: &'static str,
    /// Figures from which on something is wrong; `howdah.toml` can change each.
    pub thresholds: &'static [Threshold],
    /// What the server and the role must have; else it is skipped.
    pub needs: &'static [Need],
    /// Whether the figures count since the statistics began, so that their age matters.
    pub counts: bool,
    /// Whether it asks about the server as a whole, so that to ask in one database is enough.
    pub server_wide: bool,
    /// Statements that the answer to the first gives rise to, each in a transaction of its own.
    pub further: fn(&Seen<'_>) -> Vec<Further>,
    /// Draws the verdict.
    pub judge: fn(&Seen<'_>, &mut Verdict),
}

/// What a check is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// A part of `howdah health`.
    Health,
    /// Asked by sequences alone.
    Evidence,
    /// Asked before an upgrade to another major version: what is critical is in its way.
    Upgrade,
}

/// The threshold of a check of [`Family::Upgrade`] whose answer depends on the major version that the server is to
/// become: see [`Settings::upgrading_to`](crate::Settings::upgrading_to). It is its `$1`.
pub const TO_MAJOR: Threshold = Threshold::new("to_major", 18.0);

/// A figure from which on something is wrong.
#[derive(Debug, Clone, Copy)]
pub struct Threshold {
    /// Its name, with the unit: `warn_percent`.
    pub name: &'static str,
    /// What it is where nothing else is said.
    pub default: f64,
}

impl Threshold {
    /// A threshold and its default.
    pub const fn new(name: &'static str, default: f64) -> Self {
        Self { name, default }
    }
}

impl Check {
    /// What most checks have in common.
    pub const NEW: Self = Self {
        code: "",
        title: "",
        guide: "",
        family: Family::Health,
        sql: "",
        thresholds: &[],
        needs: &[],
        counts: false,
        server_wide: false,
        further: |_| Vec::new(),
        judge: |_, _| {},
    };

    /// The statement for a server of that major version; `schema_of` gives the quoted schema of an
    /// extension.
    pub(crate) fn text(&self, major: u32, schema_of: impl Fn(&str) -> Option<String>) -> String {
        text_for(self.sql, major, schema_of)
    }

    /// How many of the thresholds the statement takes.
    pub(crate) fn parameters(&self) -> usize {
        (1..=self.thresholds.len())
            .rev()
            .find(|number| self.sql.contains(&format!("${number}")))
            .unwrap_or(0)
    }
}

/// See [`Check::sql`].
pub(crate) fn text_for(sql: &str, major: u32, schema_of: impl Fn(&str) -> Option<String>) -> String {
    let text = for_major(sql, major);
    let Some((name, _)) = text.split_once('{').and_then(|(_, rest)| rest.split_once('}')) else {
        return text;
    };
    match schema_of(name) {
        Some(schema) => text.replace(&format!("{{{name}}}"), &schema),
        None => text,
    }
}

inventory::collect!(Check);

/// Every check of a person's health, sorted by code.
pub fn health_checks() -> Vec<&'static Check> {
    of(Family::Health)
}

/// Every question that only sequences ask, sorted by code.
pub fn evidence_checks() -> Vec<&'static Check> {
    of(Family::Evidence)
}

/// Every check before an upgrade, sorted by code.
pub fn upgrade_checks() -> Vec<&'static Check> {
    of(Family::Upgrade)
}

/// The check of that code, of any family.
pub fn check_named(code: &str) -> Option<&'static Check> {
    inventory::iter::<Check>().find(|check| check.code == code)
}

fn of(family: Family) -> Vec<&'static Check> {
    let mut checks: Vec<&Check> = inventory::iter::<Check>()
        .filter(|check| check.family == family)
        .collect();
    checks.sort_by_key(|check| check.code);
    checks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_for_their_versions() {
        let sql = "SELECT 1\n, 2 --since 17\n, 3 --before 17\nFROM {pgstattuple}.f() -- for all";
        let schema = |name: &str| (name == "pgstattuple").then(|| "\"My S\"".to_owned());
        assert_eq!(
            text_for(sql, 17, schema),
            "SELECT 1\n, 2 --since 17\nFROM \"My S\".f() -- for all\n"
        );
        assert_eq!(
            text_for(sql, 16, |_| None),
            "SELECT 1\n, 3 --before 17\nFROM {pgstattuple}.f() -- for all\n"
        );
    }

    #[test]
    fn parameters_are_the_thresholds_that_are_used() {
        const CHECK: Check = Check {
            sql: "SELECT $2::float8",
            thresholds: &[
                Threshold::new("a", 1.0),
                Threshold::new("b", 2.0),
                Threshold::new("c", 3.0),
            ],
            ..Check::NEW
        };
        assert_eq!(CHECK.parameters(), 2);
        assert_eq!(Check::NEW.parameters(), 0);
    }
}
