//! Links between the Markdown files of the checkout.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result};

/// Directories that hold what others made.
const NOT_OURS: &[&str] = &["target", "node_modules", ".git", ".dev"];

/// Links that lead nowhere, a line each.
pub(crate) fn problems(root: &Path) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for file in markdown_files(root)? {
        let text = fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
        let name = file.strip_prefix(root).unwrap_or(&file).display().to_string();
        for (line, link) in links(&text) {
            if let Some(problem) = problem(root, &file, &text, link) {
                problems.push(format!("{name}:{line}: {problem}"));
            }
        }
    }
    Ok(problems)
}

fn problem(root: &Path, file: &Path, text: &str, link: &str) -> Option<String> {
    // Another protocol, or a page of this repository's host.
    if link.contains("://") || link.starts_with("mailto:") {
        return None;
    }
    let (path, anchor) = link
        .split_once('#')
        .map_or((link, None), |(path, anchor)| (path, Some(anchor)));
    if path.starts_with('/') {
        return Some(format!("{link} is no relative link"));
    }
    let (target, text) = if path.is_empty() {
        (file.to_owned(), text.to_owned())
    } else {
        let target = normal(&file.parent()?.join(path));
        if !target.starts_with(root) {
            return Some(format!("{link} leads out of the checkout"));
        }
        if !target.exists() {
            return Some(format!("{link} does not exist"));
        }
        let text = fs::read_to_string(&target).unwrap_or_default();
        (target, text)
    };
    let anchor = anchor.filter(|_| target.extension().is_some_and(|extension| extension == "md"))?;
    (!anchors(&text).contains(anchor)).then(|| format!("{link} has no such heading"))
}

/// A path without `.` and `..`, which need not exist on the way.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                normal.pop();
            }
            other => normal.push(other),
        }
    }
    normal
}

/// The targets of `[text](target)` and `[name]: target`, with their lines;
/// those in code are none.
fn links(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for (number, line) in lines_outside_of_code(text) {
        let mut rest = line;
        let mut in_code = false;
        while let Some(at) = rest.find(['`', ']']) {
            let (mark, after) = rest[at..].split_at(1);
            rest = after;
            if mark == "`" {
                in_code = !in_code;
            } else if let Some(target) = after.strip_prefix('(').filter(|_| !in_code) {
                let end = target.find([')', ' ']).unwrap_or(target.len());
                found.push((number, &target[..end]));
            } else if let Some(target) = after
                .strip_prefix(": ")
                .filter(|_| !in_code && line.starts_with('['))
            {
                found.push((number, target.split(' ').next().unwrap_or_default()));
            }
        }
    }
    found
}

/// The anchors that a page's headings have, as GitHub makes them.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = lines_outside_of_code(text).filter_map(|(_, line)| {
        let heading = line.trim_start_matches('#');
        (heading.len() < line.len() && heading.starts_with(' ')).then(|| heading.trim())
    });
    headings
        .map(|heading| {
            let kept = heading
                .chars()
                .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
            let anchor: String = kept.map(|c| if c == ' ' { '-' } else { c }).collect();
            anchor.to_lowercase()
        })
        .collect()
}

fn lines_outside_of_code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    (1..).zip(text.lines()).filter(move |(_, line)| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        !fenced && !fence
    })
}

fn markdown_files(root: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut rest = vec![root.to_owned()];
    while let Some(directory) = rest.pop() {
        for entry in fs::read_dir(&directory).with_context(|| format!("reading {}", directory.display()))? {
            let path = entry?.path();
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            if path.is_dir() {
                if !NOT_OURS.contains(&name.as_str()) {
                    rest.push(path);
                }
            } else if name.ends_with(".md") {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn links_are_found_outside_of_code() {
        let text =
            "[a](b.md) `[c](d)` [e](f.md#g \"title\")\n```\n[h](i)\n```\n[j]: k.md\n![l](m.png) [n] (o)";
        assert_eq!(
            links(text),
            [(1, "b.md"), (1, "f.md#g"), (5, "k.md"), (6, "m.png")]
        );
    }

    #[test]
    fn headings_have_anchors() {
        let found = anchors("# One\n## `run_query`: the, Second!\n```\n# no\n```\n#no");
        let expected = ["one", "run_query-the-second"].map(str::to_owned);
        assert_eq!(found, expected.into());
    }

    #[test]
    fn links_that_lead_nowhere_are_problems() {
        let house = tempfile::tempdir().unwrap();
        let path = |name: &str| house.path().join(name);
        fs::create_dir(path("docs")).unwrap();
        fs::write(
            path("README.md"),
            "# Top\n[a](docs/a.md#sub-title) [b](docs/b.md) [top](#top) [c](#c)",
        )
        .unwrap();
        fs::write(
            path("docs/a.md"),
            "## Sub title\n[up](../README.md) [dir](.) [web](https://example.org/x) [x](../../x) [abs](/etc)\n[no](a.md#no)",
        )
        .unwrap();
        assert_eq!(
            problems(house.path()).unwrap(),
            [
                "README.md:2: docs/b.md does not exist",
                "README.md:2: #c has no such heading",
                "docs/a.md:2: ../../x leads out of the checkout",
                "docs/a.md:2: /etc is no relative link",
                "docs/a.md:3: a.md#no has no such heading",
            ]
        );
    }
}
