//! The crates of the workspace as their Cargo.toml describe them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;

/// A crate of the workspace.
#[derive(Debug)]
pub(crate) struct Crate {
    /// The directory below crates/.
    pub(crate) directory: String,
    /// Its package name.
    pub(crate) name: String,
    /// What the program or library itself depends on: package names, without
    /// those that only tests need.
    pub(crate) dependencies: Vec<String>,
    /// Where its files are.
    pub(crate) path: PathBuf,
}

#[derive(Deserialize)]
struct Manifest {
    package: Package,
    #[serde(default)]
    dependencies: Table,
    #[serde(default, rename = "build-dependencies")]
    build_dependencies: Table,
    #[serde(default)]
    target: BTreeMap<String, Target>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
}

#[derive(Deserialize)]
struct Target {
    #[serde(default)]
    dependencies: Table,
}

type Table = BTreeMap<String, toml::Value>;

/// Every crate below crates/, in the order of their names.
pub(crate) fn crates(root: &Path) -> Result<Vec<Crate>> {
    let mut found = Vec::new();
    let directory = root.join("crates");
    for entry in fs::read_dir(&directory).with_context(|| format!("reading {}", directory.display()))? {
        let path = entry?.path();
        let manifest = path.join("Cargo.toml");
        if !manifest.exists() {
            continue;
        }
        let text =
            fs::read_to_string(&manifest).with_context(|| format!("reading {}", manifest.display()))?;
        let directory = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let parsed = parse(&text).with_context(|| format!("reading {}", manifest.display()))?;
        found.push(Crate {
            directory,
            path,
            ..parsed
        });
    }
    found.sort_by(|a, b| a.directory.cmp(&b.directory));
    Ok(found)
}

fn parse(text: &str) -> Result<Crate> {
    let manifest: Manifest = toml::from_str(text)?;
    let tables = [manifest.dependencies, manifest.build_dependencies];
    let of_targets = manifest.target.into_values().map(|target| target.dependencies);
    let dependencies = tables.into_iter().chain(of_targets).flatten();
    Ok(Crate {
        directory: String::new(),
        name: manifest.package.name,
        // A dependency may go by another name here than its package has.
        dependencies: dependencies
            .map(|(name, value)| {
                let package = value.get("package").and_then(toml::Value::as_str);
                package.map_or(name, str::to_owned)
            })
            .collect(),
        path: PathBuf::new(),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn dependencies_of_tests_are_left_out() {
        let text = r#"
            [package]
            name = "howdah-x"
            [dependencies]
            a.workspace = true
            b = { package = "c", version = "1" }
            [build-dependencies]
            d = "1"
            [dev-dependencies]
            e = "1"
            [target.'cfg(unix)'.dependencies]
            f = "1"
        "#;
        let parsed = parse(text).unwrap();
        assert_eq!(parsed.name, "howdah-x");
        assert_eq!(parsed.dependencies, ["a", "c", "d", "f"]);
    }
}
