//! `xtask check`: everything that must hold and that no compiler sees.

use std::path::Path;

use anyhow::Result;

use crate::{docs, layers, links, manifest, sources};

/// What does not hold, a line each.
pub(crate) fn check(root: &Path) -> Result<Vec<String>> {
    let crates = manifest::crates(root)?;
    let mut problems = layers::problems(&crates);
    problems.extend(sources::problems(root, &crates)?);
    problems.extend(docs::drift(root)?);
    problems.extend(links::problems(root)?);
    Ok(problems)
}
