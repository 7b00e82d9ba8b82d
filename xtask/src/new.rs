//! `xtask new`: one new file for one new thing.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

/// What can be begun. A further kind is a further entry.
const KINDS: &[Kind] = &[
    Kind {
        word: "tool",
        family: None,
        home: "crates/tools",
        files: &[(
            "crates/tools/src/{name}.rs",
            include_str!("../templates/tool.rs.txt"),
        )],
        next: "Write it, then run `cargo run -p xtask -- docs` for its pages in docs/reference.",
    },
    rule(
        "migration",
        &[
            (
                "crates/lint/src/rules/migration/{name}.rs",
                include_str!("../templates/migration_rule.rs.txt"),
            ),
            (
                "crates/lint/src/rules/migration/{name}.md",
                include_str!("../templates/rule.md.txt"),
            ),
        ],
    ),
    rule(
        "query",
        &[
            (
                "crates/lint/src/rules/query/{name}.rs",
                include_str!("../templates/query_rule.rs.txt"),
            ),
            (
                "crates/lint/src/rules/query/{name}.md",
                include_str!("../templates/rule.md.txt"),
            ),
        ],
    ),
    rule(
        "schema",
        &[
            (
                "crates/lint/src/rules/schema/{name}.rs",
                include_str!("../templates/schema_rule.rs.txt"),
            ),
            (
                "crates/lint/src/rules/schema/{name}.md",
                include_str!("../templates/rule.md.txt"),
            ),
        ],
    ),
    Kind {
        word: "check",
        family: None,
        home: "crates/checks",
        files: &[
            (
                "crates/checks/src/health/{name}.rs",
                include_str!("../templates/check.rs.txt"),
            ),
            (
                "crates/checks/src/health/{name}.sql",
                include_str!("../templates/check.sql.txt"),
            ),
            (
                "crates/checks/src/health/{name}.md",
                include_str!("../templates/check.md.txt"),
            ),
        ],
        next: "Write all three: the page's examples are the check's tests.",
    },
    Kind {
        word: "finding",
        family: None,
        home: "crates/advise",
        files: &[
            (
                "crates/advise/src/plans/{name}.rs",
                include_str!("../templates/finding.rs.txt"),
            ),
            (
                "crates/advise/src/plans/{name}.md",
                include_str!("../templates/finding.md.txt"),
            ),
        ],
        next: "Write both: the page's examples are the finding's tests.",
    },
    Kind {
        word: "template",
        family: None,
        home: "crates/generate",
        files: &[],
        next: "",
    },
];

/// A rule of a family: `xtask new rule query/select_star`.
const fn rule(family: &'static str, files: &'static [(&'static str, &'static str)]) -> Kind {
    Kind {
        word: "rule",
        family: Some(family),
        home: "crates/lint",
        files,
        next: "Write both: the page's examples are the rule's tests.",
    }
}

struct Kind {
    word: &'static str,
    /// What stands before the name, with a slash, where a word has several kinds.
    family: Option<&'static str>,
    /// The crate it lives in.
    home: &'static str,
    /// Paths and contents. `{name}` stands for the name, `{code}` for it with hyphens, `{Name}` for it in
    /// camel case, `{words}` for it with blanks, `{Words}` as a sentence begins.
    files: &'static [(&'static str, &'static str)],
    next: &'static str,
}

/// Writes the files of a new thing and says which.
pub(crate) fn new(root: &Path, word: &str, name: &str) -> Result<Vec<String>> {
    let (family, name) = match name.split_once('/') {
        Some((family, name)) => (Some(family), name),
        None => (None, name),
    };
    let of_word: Vec<_> = KINDS.iter().filter(|kind| kind.word == word).collect();
    let Some(first) = of_word.first() else {
        let mut words: Vec<_> = KINDS.iter().map(|kind| kind.word).collect();
        words.dedup();
        bail!("there is no kind {word:?}; there are {}", words.join(", "));
    };
    let Some(kind) = of_word.iter().find(|kind| kind.family == family) else {
        let families: Vec<_> = of_word.iter().filter_map(|kind| kind.family).collect();
        match families.is_empty() {
            true => bail!("a {} has no families: give its name alone", first.word),
            false => bail!(
                "a {word} is of a family: write {word} FAMILY/NAME, with {}",
                families.join(", ")
            ),
        }
    };
    if !root.join(kind.home).join("Cargo.toml").exists() {
        bail!("a {word} lives in {}, which does not exist yet", kind.home);
    }
    if kind.files.is_empty() {
        bail!("xtask/src/new.rs has no files for a {word} yet");
    }
    if !is_snake_case(name) {
        bail!("{name:?} is no name: write it in snake case, such as explain_query");
    }
    let filled: Vec<_> = kind
        .files
        .iter()
        .map(|(path, content)| (fill(path, name), fill(content, name)))
        .collect();
    if let Some((path, _)) = filled.iter().find(|(path, _)| root.join(path).exists()) {
        bail!("{path} is there already");
    }
    let mut lines = Vec::new();
    for (path, content) in filled {
        let file = root.join(&path);
        let directory = file.parent().unwrap_or(root);
        fs::create_dir_all(directory).with_context(|| format!("creating {}", directory.display()))?;
        fs::write(&file, content).with_context(|| format!("writing {path}"))?;
        lines.push(format!("wrote {path}"));
    }
    lines.push(kind.next.to_owned());
    Ok(lines)
}

fn is_snake_case(name: &str) -> bool {
    !name.is_empty()
        && name
            .split('_')
            .all(|word| word.starts_with(|c: char| c.is_ascii_lowercase()))
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

fn fill(text: &str, name: &str) -> String {
    let words = name.replace('_', " ");
    let camel: String = name.split('_').map(capitalised).collect();
    text.replace("{name}", name)
        .replace("{code}", &name.replace('_', "-"))
        .replace("{Name}", &camel)
        .replace("{words}", &words)
        .replace("{Words}", &capitalised(&words))
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map(|first| first.to_ascii_uppercase().to_string() + letters.as_str())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn house() -> tempfile::TempDir {
        let house = tempfile::tempdir().unwrap();
        fs::create_dir_all(house.path().join("crates/tools")).unwrap();
        fs::write(house.path().join("crates/tools/Cargo.toml"), "").unwrap();
        house
    }

    #[test]
    fn a_tool_is_one_file() {
        let house = house();
        new(house.path(), "tool", "advise_indexes").unwrap();
        let text = fs::read_to_string(house.path().join("crates/tools/src/advise_indexes.rs")).unwrap();
        assert!(text.contains("pub struct AdviseIndexes"));
        assert!(text.contains("howdah_core::tool!(AdviseIndexes);"));
        assert!(!text.contains('{') || !text.contains("{name}"));
        let again = new(house.path(), "tool", "advise_indexes").unwrap_err();
        assert_eq!(
            again.to_string(),
            "crates/tools/src/advise_indexes.rs is there already"
        );
    }

    #[test]
    fn a_rule_is_a_file_and_its_page_in_its_family() {
        let house = house();
        fs::create_dir_all(house.path().join("crates/lint")).unwrap();
        fs::write(house.path().join("crates/lint/Cargo.toml"), "").unwrap();
        new(house.path(), "rule", "query/select_star").unwrap();
        let rule = house.path().join("crates/lint/src/rules/query/select_star");
        let text = fs::read_to_string(rule.with_extension("rs")).unwrap();
        assert!(text.contains("\"query/select-star\""), "{text}");
        assert!(rule.with_extension("md").exists());
        for name in ["select_star", "cooking/select_star", "query/a/b"] {
            assert!(new(house.path(), "rule", name).is_err(), "{name}");
        }
    }

    #[test]
    fn a_kind_without_a_crate_says_so() {
        let house = house();
        let error = new(house.path(), "check", "x").unwrap_err();
        assert_eq!(
            error.to_string(),
            "a check lives in crates/checks, which does not exist yet"
        );
        let error = new(house.path(), "spaceship", "x").unwrap_err();
        assert!(error.to_string().contains("tool, rule, check, finding, template"));
    }

    #[test]
    fn a_name_is_in_snake_case() {
        let house = house();
        for name in ["", "Tool", "a-b", "_a", "a__b", "1a", "a.b", "../a"] {
            assert!(new(house.path(), "tool", name).is_err(), "{name}");
        }
    }

    #[test]
    fn every_kind_whose_crate_exists_has_files() {
        for kind in KINDS {
            let exists = crate::root().join(kind.home).exists();
            assert!(!exists || !kind.files.is_empty(), "{}", kind.word);
        }
    }
}
