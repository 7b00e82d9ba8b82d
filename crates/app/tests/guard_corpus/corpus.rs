//! Reads the corpus: see README.md beside this file for the format.

use std::path::{Path, PathBuf};

/// One statement of the corpus.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    /// `class/name`, unique.
    pub(crate) name: String,
    pub(crate) sql: String,
    pub(crate) only: Only,
    pub(crate) min: u16,
    pub(crate) max: u16,
    /// An extension that must be installable on the server.
    pub(crate) requires: Option<String>,
    pub(crate) judge: Judge,
}

/// Who may run an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Only {
    Both,
    Superuser,
    Plain,
}

/// How an item is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Judge {
    /// Attack: the probes differ. Harmless: the rows are those that the server gives.
    Effect,
    /// Denial of service: the next call must be answered, in time and within memory.
    Survives,
    /// Harmless, but the rows change from run to run: only their number is compared.
    Count,
    /// Harmless, and even the number of rows changes.
    Answered,
}

/// A block of SQL that a superuser runs beforehand.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    pub(crate) name: String,
    pub(crate) sql: String,
    pub(crate) min: u16,
    pub(crate) max: u16,
    pub(crate) requires: Option<String>,
}

/// One file.
#[derive(Clone, Debug)]
pub(crate) struct Class {
    pub(crate) name: String,
    /// Classes that poison a whole database live in one of their own.
    pub(crate) database: String,
    pub(crate) setup: Vec<Setup>,
    pub(crate) items: Vec<Item>,
}

/// One setup or statement, as the lines of its file bring it.
struct Block {
    setup: bool,
    headers: Vec<(String, String)>,
    sql: String,
}

/// The folder of the corpus.
pub(crate) fn folder() -> PathBuf {
    std::env::var_os("HOWDAH_CORPUS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/guard_corpus"),
        PathBuf::from,
    )
}

/// Reads all files of `attacks` or `harmless`, in the order of their names.
pub(crate) fn load(kind: &str) -> Vec<Class> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder().join(kind))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "sql"))
        .collect();
    files.sort();
    files.iter().map(|path| read(path)).collect()
}

fn read(path: &Path) -> Class {
    let text = std::fs::read_to_string(path).unwrap();
    let class = path.file_stem().unwrap().to_string_lossy().into_owned();
    let mut out = Class {
        name: class.clone(),
        database: "main".to_owned(),
        setup: Vec::new(),
        items: Vec::new(),
    };
    let mut block: Option<Block> = None;
    for line in text.lines().chain(["-- end:"]) {
        let header = line
            .strip_prefix("-- ")
            .and_then(|rest| rest.split_once(':'))
            .filter(|(key, _)| {
                matches!(
                    *key,
                    "name" | "setup" | "database" | "as" | "min" | "max" | "requires" | "judge" | "end"
                )
            });
        match header {
            Some(("database", value)) => out.database = value.trim().to_owned(),
            Some((key @ ("name" | "setup" | "end"), value)) => {
                if let Some(block) = block.take() {
                    finish(&mut out, &block);
                }
                if key != "end" {
                    block = Some(Block {
                        setup: key == "setup",
                        headers: vec![("name".to_owned(), value.trim().to_owned())],
                        sql: String::new(),
                    });
                }
            }
            Some((key, value)) if block.as_ref().is_some_and(|block| block.sql.trim().is_empty()) => {
                if let Some(block) = &mut block {
                    block.headers.push((key.to_owned(), value.trim().to_owned()));
                }
            }
            _ => {
                if let Some(block) = &mut block {
                    block.sql.push_str(line);
                    block.sql.push('\n');
                }
            }
        }
    }
    out
}

fn finish(class: &mut Class, block: &Block) {
    let headers = &block.headers;
    let get = |key: &str| headers.iter().find(|(k, _)| k == key).map(|(_, v)| v.clone());
    let number = |key: &str, default: u16| get(key).map_or(default, |v| v.parse().unwrap());
    let name = format!("{}/{}", class.name, get("name").unwrap_or_default());
    let (min, max, requires) = (number("min", 13), number("max", 99), get("requires"));
    let sql = block.sql.trim_end_matches('\n').to_owned();
    if block.setup {
        class.setup.push(Setup {
            name,
            sql,
            min,
            max,
            requires,
        });
        return;
    }
    let only = match get("as").as_deref() {
        None | Some("both") => Only::Both,
        Some("superuser") => Only::Superuser,
        Some("plain") => Only::Plain,
        Some(other) => panic!("{name}: as {other}?"),
    };
    let judge = match get("judge").as_deref() {
        None => Judge::Effect,
        Some("survives") => Judge::Survives,
        Some("count") => Judge::Count,
        Some("answered") => Judge::Answered,
        Some(other) => panic!("{name}: judge {other}?"),
    };
    class.items.push(Item {
        name,
        sql,
        only,
        min,
        max,
        requires,
        judge,
    });
}

/// Fills in `{{name}}` from `values`, and `{{repeat N text}}`, `{{nul}}`, `{{bom}}`.
pub(crate) fn expand(sql: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(sql.len());
    let mut rest = sql;
    while let Some(start) = rest.find("{{") {
        let Some(length) = rest[start..].find("}}") else {
            break;
        };
        out.push_str(&rest[..start]);
        let word = &rest[start + 2..start + length];
        match word {
            "nul" => out.push('\0'),
            "bom" => out.push('\u{feff}'),
            _ => {
                if let Some((count, text)) = word.strip_prefix("repeat ").and_then(|r| r.split_once(' ')) {
                    out.push_str(&text.repeat(count.parse().unwrap()));
                } else if let Some((_, value)) = values.iter().find(|(name, _)| *name == word) {
                    out.push_str(value);
                } else {
                    // A literal of a nested array.
                    assert!(
                        !word.starts_with(|c: char| c.is_ascii_alphabetic()),
                        "unknown placeholder {word}"
                    );
                    out.push_str("{{");
                    rest = &rest[start + 2..];
                    continue;
                }
            }
        }
        rest = &rest[start + length + 2..];
    }
    out.push_str(rest);
    out
}
