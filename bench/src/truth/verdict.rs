//! What the servers said, as it is kept in `bench/truth/verdicts`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Context, Result};

use super::case::directory;

const HEADER: &str =
    "case\tverdict\tletters\tread_small_ms\tread_large_ms\twrite_small_ms\twrite_large_ms\tevidence";

/// The verdict on one case by one version.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Verdict {
    /// R, W, C, L, F, X, in this order; empty where it is safe.
    pub(crate) letters: String,
    /// For how long the longest read waited, on the small and the large database.
    pub(crate) read_ms: [f64; 2],
    /// The same of writes.
    pub(crate) write_ms: [f64; 2],
    /// What the letters stand for: relations, errors, columns.
    pub(crate) evidence: String,
}

impl Verdict {
    /// Whether the script is dangerous.
    pub(crate) fn dangerous(&self) -> bool {
        !self.letters.is_empty()
    }

    fn line(&self, case: &str) -> String {
        let [read_small, read_large] = self.read_ms;
        let [write_small, write_large] = self.write_ms;
        format!(
            "{case}\t{}\t{}\t{read_small:.0}\t{read_large:.0}\t{write_small:.0}\t{write_large:.0}\t{}",
            if self.dangerous() { "dangerous" } else { "safe" },
            if self.dangerous() { &self.letters } else { "-" },
            self.evidence.replace(['\t', '\n'], " ")
        )
    }

    fn parse(line: &str) -> Option<(String, Self)> {
        let mut fields = line.split('\t');
        let mut next = || fields.next();
        let (case, verdict, letters) = (next()?, next()?, next()?);
        let mut figures = [0.0; 4];
        for figure in &mut figures {
            *figure = next()?.parse().ok()?;
        }
        let letters = if verdict == "safe" { "" } else { letters };
        let parsed = Self {
            letters: letters.to_owned(),
            read_ms: [figures[0], figures[1]],
            write_ms: [figures[2], figures[3]],
            evidence: next()?.to_owned(),
        };
        Some((case.to_owned(), parsed))
    }
}

/// The verdicts of a version, by case; none where it has not judged yet.
pub(crate) fn load(version: u16) -> Result<BTreeMap<String, Verdict>> {
    let path = directory().join(format!("verdicts/{version}.tsv"));
    let Ok(text) = std::fs::read_to_string(&path) else {
        return Ok(BTreeMap::new());
    };
    text.lines()
        .skip(1)
        .map(|line| Verdict::parse(line).with_context(|| format!("{}: {line}", path.display())))
        .collect()
}

/// Writes them all.
pub(crate) fn save(version: u16, verdicts: &BTreeMap<String, Verdict>) -> Result<()> {
    let mut text = format!("{HEADER}\n");
    for (case, verdict) in verdicts {
        writeln!(text, "{}", verdict.line(case))?;
    }
    let path = directory().join(format!("verdicts/{version}.tsv"));
    std::fs::write(&path, text).with_context(|| path.display().to_string())
}
