//! `xtask docs`: the reference pages, written from the program itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::book::Book;
use crate::page;

/// Everything below it is written by this module, and nothing else may be there.
const DIRECTORY: &str = "docs/reference";

/// Brings the pages up to date and says which were not.
pub(crate) fn write(root: &Path) -> Result<Vec<String>> {
    let pages = pages(&Book::of_the_program(root)?)?;
    let mut lines = Vec::new();
    for (name, text) in &pages {
        let file = root.join(DIRECTORY).join(name);
        if fs::read_to_string(&file).is_ok_and(|old| old == *text) {
            continue;
        }
        let directory = file.parent().unwrap_or(root);
        fs::create_dir_all(directory).with_context(|| format!("creating {}", directory.display()))?;
        fs::write(&file, text).with_context(|| format!("writing {}", file.display()))?;
        lines.push(format!("wrote {DIRECTORY}/{name}"));
    }
    for name in present(root)? {
        if !pages.contains_key(&name) {
            fs::remove_file(root.join(DIRECTORY).join(&name)).with_context(|| format!("removing {name}"))?;
            lines.push(format!("removed {DIRECTORY}/{name}"));
        }
    }
    Ok(lines)
}

/// The pages that differ from what [`write()`] would make of them.
pub(crate) fn drift(root: &Path) -> Result<Vec<String>> {
    let pages = pages(&Book::of_the_program(root)?)?;
    let present = present(root)?;
    let mut problems = Vec::new();
    for (name, text) in &pages {
        let old = fs::read_to_string(root.join(DIRECTORY).join(name));
        let what = match old {
            Ok(old) if old == *text => continue,
            Ok(_) => "is not what the program says",
            Err(_) => "is missing",
        };
        problems.push(format!(
            "{DIRECTORY}/{name}: {what}: run `cargo run -p xtask -- docs`"
        ));
    }
    let stale = present.iter().filter(|name| !pages.contains_key(*name));
    problems.extend(stale.map(|name| format!("{DIRECTORY}/{name}: is about nothing that exists")));
    Ok(problems)
}

/// The names below the directory, with their texts.
fn pages(book: &Book) -> Result<BTreeMap<String, String>> {
    let mut pages = BTreeMap::new();
    pages.insert("index.md".to_owned(), page::index(book));
    for tool in &book.tools {
        anyhow::ensure!(
            !tool.doc.trim().is_empty(),
            "the tool {} has no doc comment",
            tool.name
        );
        pages.insert(format!("tools/{}.md", tool.name), page::tool(book, tool));
    }
    for command in &book.commands {
        pages.insert(format!("commands/{}.md", command.file()), page::command(command));
    }
    Ok(pages)
}

fn present(root: &Path) -> Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    for below in ["", "tools/", "commands/"] {
        let Ok(entries) = fs::read_dir(root.join(DIRECTORY).join(below)) else {
            continue;
        };
        for entry in entries {
            let entry = entry?;
            if entry.path().is_file() {
                names.insert(format!("{below}{}", entry.file_name().to_string_lossy()));
            }
        }
    }
    Ok(names)
}
