//! What the house asks of every Rust file.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::manifest::Crate;

/// No file is longer than this, in lines.
const MOST_LINES: usize = 600;

/// Where `unsafe` may be, and why.
const UNSAFE_ALLOWED: &[(&str, &str)] = &[
    ("crates/sql/src/ffi.rs", "the C functions of libpg_query"),
    (
        "crates/app/src/mcp/resident.rs",
        "unmapping pages that read the same from their file",
    ),
];

/// What stands for work that was not done. Written in two parts, so that this
/// file does not find itself.
const UNFINISHED: &[&str] = &[
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("unimple", "mented!"),
    concat!("to", "do!"),
    concat!("#[ig", "nore"),
];

/// What breaks the rules, a line each.
pub(crate) fn problems(root: &Path, crates: &[Crate]) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for krate in crates {
        let mut lines_of_code = 0;
        for file in rust_files(&krate.path)? {
            let text = fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
            let name = file.strip_prefix(root).unwrap_or(&file).display().to_string();
            problems.extend(problems_of(&name, &text));
            if file.starts_with(krate.path.join("src")) {
                lines_of_code += text.lines().filter(|line| is_code(line)).count();
            }
        }
        if lines_of_code < 10 {
            problems.push(format!(
                "crates/{}: a crate appears when it has content",
                krate.directory
            ));
        }
    }
    for file in rust_files(&root.join("xtask"))? {
        let text = fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
        let name = file.strip_prefix(root).unwrap_or(&file).display().to_string();
        problems.extend(problems_of(&name, &text));
    }
    Ok(problems)
}

fn problems_of(name: &str, text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let lines = text.lines().count();
    if lines > MOST_LINES {
        problems.push(format!(
            "{name}: {lines} lines; {MOST_LINES} is the most: a file holds one idea"
        ));
    }
    for (number, line) in (1..).zip(text.lines()) {
        if is_process_of_a_test(line) {
            continue;
        }
        for mark in UNFINISHED.iter().filter(|mark| has_word(line, mark)) {
            problems.push(format!("{name}:{number}: {mark}"));
        }
        if uses_unsafe(line) && !UNSAFE_ALLOWED.iter().any(|(file, _)| *file == name) {
            problems.push(format!(
                "{name}:{number}: unsafe code is for xtask's list of files alone"
            ));
        }
    }
    problems
}

/// What a test runs as another process, to kill it, is a test by form only: it
/// is run by the test that its attribute names.
fn is_process_of_a_test(line: &str) -> bool {
    line.trim().starts_with(concat!("#[ign", "ore = \"run by "))
}

fn is_code(line: &str) -> bool {
    let line = line.trim();
    !line.is_empty() && !line.starts_with("//")
}

/// Whether the text stands there and not as a part of a longer word.
fn has_word(line: &str, word: &str) -> bool {
    let word_like = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        !before.is_some_and(word_like) && !after.filter(|_| !word.ends_with('!')).is_some_and(word_like)
    })
}

/// Whether the line opens unsafe code, or allows it; not where a comment speaks of it.
fn uses_unsafe(line: &str) -> bool {
    let code = line.split("//").next().unwrap_or_default();
    if code.contains(concat!("allow(unsafe", "_code")) {
        return true;
    }
    code.split(concat!("uns", "afe")).skip(1).any(|rest| {
        let rest = rest.trim_start();
        rest.starts_with('{')
            || ["fn ", "impl ", "impl<", "extern ", "trait "]
                .iter()
                .any(|next| rest.starts_with(next))
    })
}

fn rust_files(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut rest = vec![directory.to_owned()];
    while let Some(directory) = rest.pop() {
        for entry in fs::read_dir(&directory).with_context(|| format!("reading {}", directory.display()))? {
            let path = entry?.path();
            if path.is_dir() {
                rest.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unfinished_work_is_found() {
        for line in [
            concat!("// TO", "DO: later"),
            concat!("    to", "do!()"),
            concat!("unimple", "mented!(\"x\")"),
            concat!("#[ig", "nore = \"slow\"]"),
        ] {
            assert_eq!(problems_of("x.rs", line).len(), 1, "{line}");
        }
        assert!(problems_of("x.rs", concat!("let MASTO", "DON = auto", "do;")).is_empty());
    }

    #[test]
    fn unsafe_code_is_found_and_talk_of_it_is_not() {
        for line in [
            concat!("let x = uns", "afe { f() };"),
            concat!("pub uns", "afe fn f() {}"),
            concat!("uns", "afe extern \"C\" {"),
            concat!("#![allow(uns", "afe_code)]"),
        ] {
            assert_eq!(problems_of("crates/pg/src/x.rs", line).len(), 1, "{line}");
            assert!(problems_of("crates/sql/src/ffi.rs", line).is_empty());
        }
        assert!(problems_of("x.rs", concat!("// uns", "afe { } is not used")).is_empty());
        assert!(problems_of("x.rs", concat!("/// an uns", "afe function")).is_empty());
        assert!(problems_of("x.rs", concat!("let uns", "afe_name = 1;")).is_empty());
    }

    #[test]
    fn long_files_are_found() {
        assert!(problems_of("x.rs", &"a\n".repeat(600)).is_empty());
        assert_eq!(problems_of("x.rs", &"a\n".repeat(601)).len(), 1);
    }
}
