//! Findings that are known and are to be mended later: only new ones count.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use howdah_core::{Error, ErrorKind, Finding, Result};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The findings of some scripts, as a file keeps them: by script, code and statement, so that they
/// are known again when lines are added before them or blanks change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// How many of each kind there are, by script, from the directory of the baseline's file on.
    findings: BTreeMap<String, BTreeMap<String, u32>>,
    /// That directory.
    #[serde(skip)]
    directory: PathBuf,
}

impl Baseline {
    /// An empty one, to be written to that file.
    pub fn at(file: &Path) -> Self {
        Self {
            findings: BTreeMap::new(),
            directory: directory_of(file),
        }
    }

    /// Reads a file that [`write`](Self::write) wrote.
    ///
    /// # Errors
    /// If it cannot be read or is no such file.
    pub fn read(file: &Path) -> Result<Self> {
        let failed = |error: &dyn std::fmt::Display| {
            Error::new(
                ErrorKind::Local,
                format!("The baseline {} cannot be read: {error}", file.display()),
            )
            .hint("--write-baseline writes one from what is found now.")
        };
        let text = std::fs::read_to_string(file).map_err(|error| failed(&error))?;
        let mut read: Self = serde_json::from_str(&text).map_err(|error| failed(&error))?;
        read.directory = directory_of(file);
        Ok(read)
    }

    /// Writes it, sorted, so that a version control system shows what changed.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(&self, file: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self)?;
        std::fs::write(file, text + "\n").map_err(|error| {
            Error::new(
                ErrorKind::Local,
                format!("The baseline {} cannot be written: {error}", file.display()),
            )
        })
    }

    /// Takes note of a finding in a script with that text.
    pub fn add(&mut self, script: &Path, text: &str, finding: &Finding) {
        let script = self.name(script);
        *self
            .findings
            .entry(script)
            .or_default()
            .entry(key(text, finding))
            .or_default() += 1;
    }

    /// Leaves what is new among the findings of a script; each that is known counts once. Says as
    /// well how many are not shown.
    pub fn take_known(&mut self, script: &Path, text: &str, findings: Vec<Finding>) -> (Vec<Finding>, usize) {
        let name = self.name(script);
        let Some(known) = self.findings.get_mut(&name) else {
            return (findings, 0);
        };
        let before = findings.len();
        let is_new = |finding: &Finding| match known.get_mut(&key(text, finding)) {
            Some(left) if *left > 0 => {
                *left -= 1;
                false
            }
            _ => true,
        };
        let new: Vec<Finding> = findings.into_iter().filter(is_new).collect();
        let hidden = before - new.len();
        (new, hidden)
    }

    /// The script's path from the baseline's directory on, where it lies below it.
    fn name(&self, script: &Path) -> String {
        let script = absolute(script);
        let below = script.strip_prefix(&self.directory).unwrap_or(&script);
        let parts = below
            .components()
            .filter(|part| !matches!(part, Component::RootDir));
        let parts: Vec<_> = parts.map(|part| part.as_os_str().to_string_lossy()).collect();
        parts.join("/")
    }
}

fn directory_of(file: &Path) -> PathBuf {
    let file = absolute(file);
    file.parent().map(Path::to_owned).unwrap_or_default()
}

/// Whether the file exists or not, and links resolved where it does.
fn absolute(path: &Path) -> PathBuf {
    if let Ok(real) = path.canonicalize() {
        return real;
    }
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let parent = absolute.parent().and_then(|parent| parent.canonicalize().ok());
    match (parent, absolute.file_name()) {
        (Some(parent), Some(name)) => parent.join(name),
        _ => absolute,
    }
}

/// The code, what it is about, and the statement with its blanks as one.
fn key(text: &str, finding: &Finding) -> String {
    let statement = finding.span.and_then(|span| text.get(span.start..span.end));
    let words: Vec<&str> = statement.unwrap_or_default().split_whitespace().collect();
    let digest = Sha256::digest(words.join(" "));
    let short: String = digest[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    let object = finding.object.as_deref().unwrap_or_default();
    format!("{} {short} {object}", finding.code).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use howdah_core::{Severity, Span};

    use super::*;

    fn finding(code: &str, start: usize, end: usize) -> Finding {
        Finding {
            code: code.to_owned(),
            severity: Severity::Danger,
            object: Some("orders".to_owned()),
            span: Some(Span { start, end }),
            message: String::new(),
            evidence: Vec::new(),
            fix: None,
            guide: None,
        }
    }

    #[test]
    fn what_is_known_is_not_new() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("baseline.json");
        let script = directory.path().join("db/a.sql");
        std::fs::create_dir(directory.path().join("db")).unwrap();
        std::fs::write(&script, "").unwrap();
        let text = "DROP  TABLE a;DROP TABLE b";
        let mut written = Baseline::at(&file);
        written.add(&script, text, &finding("migration/fails", 0, 13));
        written.write(&file).unwrap();
        assert!(std::fs::read_to_string(&file).unwrap().contains("\"db/a.sql\""));

        let mut read = Baseline::read(&file).unwrap();
        let later = "SELECT 1;\nDROP\n TABLE a; DROP TABLE b; DROP TABLE a";
        let findings = vec![
            finding("migration/fails", 10, 23),
            finding("migration/fails", 25, 37),
            finding("migration/other", 10, 23),
            finding("migration/fails", 39, 51),
        ];
        let (new, hidden) = read.take_known(&script, later, findings.clone());
        assert_eq!((new, hidden), (findings[1..].to_vec(), 1));
        let other = directory.path().join("db/b.sql");
        let (new, hidden) = read.take_known(&other, later, findings.clone());
        assert_eq!((new.len(), hidden), (4, 0));
    }

    #[test]
    fn a_file_that_is_none_is_told() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("baseline.json");
        assert!(
            Baseline::read(&file)
                .unwrap_err()
                .hint
                .unwrap()
                .contains("--write-baseline")
        );
        std::fs::write(&file, "{\"found\": 1}").unwrap();
        assert!(
            Baseline::read(&file)
                .unwrap_err()
                .message
                .contains("baseline.json")
        );
    }
}
