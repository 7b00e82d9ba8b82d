use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use howdah_core::{Finding, Severity};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Profile;

/// Section `[lint]` of `howdah.toml`: how `howdah lint` and `review_sql` judge where nothing else is said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The major version of the server, 13 to 18.
    #[schemars(range(min = 13, max = 18))]
    pub pg: Option<u16>,
    /// Whether each script runs in one transaction, whatever tool it looks like.
    pub in_transaction: Option<bool>,
    /// From which severity on the exit code is 1; danger if not given.
    pub fail_on: Option<Severity>,
    /// Tables of no more rows are small: what happens to them is a note. 1000 if not given.
    pub small_table_rows: Option<u32>,
    /// Whose opinion counts where opinions differ, in the review of a schema too.
    pub profile: Option<Profile>,
    /// Codes that are not reported, such as `migration/lock-hazard`.
    pub ignore: Vec<String>,
    /// Other severities than the rules' own, by code.
    pub severity: BTreeMap<String, Severity>,
    /// Files and directories that are left out where a directory is read, from the directory of
    /// `howdah.toml` on.
    pub exclude: Vec<PathBuf>,
    /// The file of findings that are known, from the directory of `howdah.toml` on.
    pub baseline: Option<PathBuf>,
}

impl Settings {
    /// The JSON schema of the section, for editors.
    pub fn schema() -> serde_json::Value {
        let section = schemars::schema_for!(Self).to_value();
        serde_json::json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "howdah.toml",
            "type": "object",
            "properties": { "lint": section },
        })
    }

    /// Leaves out what is not to be reported, and gives the rest the severities that were chosen.
    pub fn apply(&self, findings: Vec<Finding>) -> Vec<Finding> {
        let mut findings = findings;
        findings.retain(|finding| !self.ignore.iter().any(|code| is(&finding.code, code)));
        for finding in &mut findings {
            let chosen = self.severity.iter().find(|(code, _)| is(&finding.code, code));
            if let Some((_, severity)) = chosen {
                finding.severity = *severity;
            }
        }
        findings
    }

    /// Whether a file of a directory is left out; both paths count from the same directory.
    pub fn excludes(&self, path: &Path) -> bool {
        self.exclude.iter().any(|left_out| path.starts_with(left_out))
    }
}

/// Codes may be written without their family.
fn is(code: &str, written: &str) -> bool {
    let family = code.strip_suffix(written);
    family.is_some_and(|family| family.is_empty() || family.ends_with('/'))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn finding(code: &str) -> Finding {
        Finding {
            code: code.to_owned(),
            severity: Severity::Warning,
            object: None,
            span: None,
            message: String::new(),
            evidence: Vec::new(),
            fix: None,
            guide: None,
        }
    }

    #[test]
    fn findings_are_left_out_or_weighed_otherwise() {
        let settings: Settings = toml::from_str(
            "pg = 15\nignore = ['lock-hazard']\nexclude = ['db/old']\n[severity]\n'migration/cannot-know' = 'warning'\n'hazard' = 'danger'",
        )
        .unwrap();
        let left = settings.apply(vec![
            finding("migration/lock-hazard"),
            finding("migration/cannot-know"),
            finding("migration/key-hazard"),
        ]);
        let left: Vec<_> = left
            .iter()
            .map(|finding| (finding.code.as_str(), finding.severity))
            .collect();
        assert_eq!(
            left,
            [
                ("migration/cannot-know", Severity::Warning),
                ("migration/key-hazard", Severity::Warning)
            ]
        );
        assert!(settings.excludes(Path::new("db/old/1.sql")));
        assert!(!settings.excludes(Path::new("db/older.sql")));
    }

    #[test]
    fn a_slip_of_the_pen_is_told_and_the_schema_knows_every_key() {
        assert!(toml::from_str::<Settings>("smal_table_rows = 3").is_err());
        let schema = Settings::schema();
        let keys: Vec<&String> = schema["properties"]["lint"]["properties"]
            .as_object()
            .unwrap()
            .keys()
            .collect();
        assert_eq!(keys.len(), 9);
    }
}
