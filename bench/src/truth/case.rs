//! A script of the truth set: one file, whose first lines say how it is run.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// The versions whose servers give the verdicts.
pub(crate) const VERSIONS: [u16; 3] = [15, 17, 18];

/// One script.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    /// The file's name without `.sql`.
    pub(crate) name: String,
    /// The file, as the linter gets it.
    pub(crate) path: PathBuf,
    /// All of the file.
    pub(crate) script: String,
    /// Whether its runner puts one transaction around it; otherwise each
    /// statement is sent by itself, and the first error ends the run.
    pub(crate) in_transaction: bool,
    /// On which versions it is judged.
    pub(crate) versions: Vec<u16>,
    /// What is done to the common database before, by its owner: statements,
    /// and whether each is to fail and leave what only a failure leaves.
    pub(crate) setup: Vec<(String, bool)>,
}

impl Case {
    fn parse(path: &Path, script: String) -> Result<Self> {
        let name = path
            .file_stem()
            .context("no name")?
            .to_string_lossy()
            .into_owned();
        let (mut in_transaction, mut versions, mut setup) = (None, VERSIONS.to_vec(), Vec::new());
        for line in script.lines() {
            let Some((key, value)) = line.strip_prefix("-- ").and_then(|line| line.split_once(':')) else {
                break;
            };
            let value = value.trim();
            match key {
                "in_transaction" if value == "yes" || value == "no" => in_transaction = Some(value == "yes"),
                "versions" => {
                    versions = value
                        .split_whitespace()
                        .map(|version| version.parse().context("versions: 15 17 18"))
                        .collect::<Result<_>>()?;
                }
                "setup" | "setup_fails" => setup.push((value.to_owned(), key == "setup_fails")),
                "in_transaction" => bail!("in_transaction: {value}: it is yes or no"),
                // The script's own first comment.
                _ => break,
            }
        }
        Ok(Self {
            name,
            path: path.to_owned(),
            script,
            in_transaction: in_transaction.context("the header lacks in_transaction: yes|no")?,
            versions,
            setup,
        })
    }
}

/// `bench/truth`.
pub(crate) fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("truth")
}

/// All cases, by name.
pub(crate) fn all() -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    for entry in std::fs::read_dir(directory().join("cases"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "sql") {
            let script = std::fs::read_to_string(&path)?;
            cases.push(Case::parse(&path, script).with_context(|| path.display().to_string())?);
        }
    }
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(cases)
}

/// Those that are named, by their whole name or its beginning; all where none is.
pub(crate) fn chosen(names: &[String]) -> Result<Vec<Case>> {
    let mut cases = all()?;
    if let Some(unknown) = names
        .iter()
        .find(|name| !cases.iter().any(|case| case.name.starts_with(name.as_str())))
    {
        bail!("no case is called {unknown}: see bench/truth/cases");
    }
    cases.retain(|case| names.is_empty() || names.iter().any(|name| case.name.starts_with(name.as_str())));
    Ok(cases)
}
