//! What of the findings is reported: not what a comment silences, the settings leave out or a
//! baseline knows.

use std::ops::Range;
use std::path::{Path, PathBuf};

use howdah_core::{Finding, Result};
use howdah_lint::Settings;
use howdah_lint::baseline::Baseline;
use howdah_lint::suppression::heed;

use super::files::Source;

/// Decides it, for one script after another.
pub(super) struct Reported {
    settings: Settings,
    known: Option<Baseline>,
    /// Where a new baseline is to be written, and what is in it so far.
    written: Option<(PathBuf, Baseline)>,
    /// How many findings comments silenced.
    pub(super) silenced: usize,
    /// How many findings the baseline knows.
    pub(super) hidden: usize,
}

impl Reported {
    /// With the file of a baseline, which is read, or written anew.
    pub(super) fn new(settings: &Settings, baseline: Option<&Path>, write: bool) -> Result<Self> {
        let (known, written) = match (baseline, write) {
            (Some(file), true) => (None, Some((file.to_owned(), Baseline::at(file)))),
            (Some(file), false) => (Some(Baseline::read(file)?), None),
            (None, _) => (None, None),
        };
        Ok(Self {
            settings: settings.clone(),
            known,
            written,
            silenced: 0,
            hidden: 0,
        })
    }

    /// What is reported of the findings in a script with these statements.
    pub(super) fn of(&mut self, source: &Source, statements: &[Range<usize>], findings: Vec<Finding>) -> Vec<Finding> {
        let heard = heed(&source.text, statements, findings);
        self.silenced += heard.silenced.len();
        let findings = self.settings.apply(heard.findings);
        let path = source.path.as_deref().unwrap_or(Path::new("-"));
        if let Some((_, written)) = &mut self.written {
            for finding in &findings {
                written.add(path, &source.text, finding);
            }
            self.hidden += findings.len();
            return Vec::new();
        }
        let Some(known) = &mut self.known else { return findings };
        let (new, hidden) = known.take_known(path, &source.text, findings);
        self.hidden += hidden;
        new
    }

    /// Writes the baseline, where one is to be written; says what is not reported, and why.
    pub(super) fn finish(self) -> Result<Vec<String>> {
        let mut notes = Vec::new();
        if self.silenced > 0 {
            notes.push(format!("{} silenced by comments.", count(self.silenced)));
        }
        match &self.written {
            Some((file, baseline)) => {
                baseline.write(file)?;
                notes.push(format!("{} written to the baseline {}.", count(self.hidden), file.display()));
            }
            None if self.hidden > 0 => notes.push(format!("{} known to the baseline.", count(self.hidden))),
            None => {}
        }
        Ok(notes)
    }
}

fn count(findings: usize) -> String {
    match findings {
        1 => "1 finding is".to_owned(),
        _ => format!("{findings} findings are"),
    }
}
