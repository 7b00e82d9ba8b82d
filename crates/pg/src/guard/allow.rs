//! What is known of the C code behind functions: `allow/symbols.txt`, loaded when first asked.

use std::collections::HashMap;
use std::sync::LazyLock;

/// A section of the list: functions that do the same sort of thing.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Class {
    /// Its short name, such as `files`.
    pub(crate) name: &'static str,
    /// What its functions do, as the predicate of a sentence: "reads or writes files on the server".
    pub(crate) does: &'static str,
    /// Whether a guarded statement may call them.
    pub(crate) allowed: bool,
}

struct Known {
    classes: Vec<Class>,
    /// Symbol → class, for the server's own code.
    internal: HashMap<&'static str, u16>,
    /// Library → symbol → class; the symbol `*` is the rest of the library.
    libraries: HashMap<&'static str, HashMap<&'static str, u16>>,
}

static KNOWN: LazyLock<Known> = LazyLock::new(|| parse(include_str!("allow/symbols.txt")));

/// The class of a function of LANGUAGE internal, by its `prosrc`.
pub(crate) fn internal(symbol: &str) -> Option<&'static Class> {
    let known = &*KNOWN;
    known
        .internal
        .get(symbol)
        .map(|class| &known.classes[usize::from(*class)])
}

/// The class of a function of LANGUAGE c, by its `probin` and `prosrc`. Only what the
/// server installs by itself counts: a library of the same name elsewhere is another one.
pub(crate) fn library(probin: &str, symbol: &str) -> Option<&'static Class> {
    let known = &*KNOWN;
    let symbols = known.libraries.get(probin.strip_prefix("$libdir/")?)?;
    let class = symbols.get(symbol).or_else(|| symbols.get("*"))?;
    Some(&known.classes[usize::from(*class)])
}

/// The libraries that were read as a whole and are harmless, as `probin` names them.
pub(crate) fn whole_libraries() -> impl Iterator<Item = &'static str> {
    WHOLE.iter().map(String::as_str)
}

static WHOLE: LazyLock<Vec<String>> = LazyLock::new(|| {
    let known = &*KNOWN;
    let allowed = |class: &u16| known.classes[usize::from(*class)].allowed;
    let whole = known
        .libraries
        .iter()
        .filter(|(_, symbols)| symbols.contains_key("*") && symbols.values().all(allowed));
    let mut whole: Vec<String> = whole.map(|(library, _)| format!("$libdir/{library}")).collect();
    whole.sort_unstable();
    whole
});

/// Reads the list. It is part of the program, and a test reads every line of it, so a
/// line that makes no sense is passed over.
fn parse(text: &'static str) -> Known {
    let mut known = Known {
        classes: Vec::new(),
        internal: HashMap::with_capacity(4096),
        libraries: HashMap::new(),
    };
    let mut library = "";
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        if let Some((name, rest)) = line.strip_prefix('[').and_then(|line| line.split_once("] ")) {
            let (head, does) = rest.split_once(": ").unwrap_or((rest, ""));
            let (word, of) = head.split_once(' ').unwrap_or((head, ""));
            library = of;
            known.classes.push(Class {
                name,
                does,
                allowed: word == "allow",
            });
            continue;
        }
        let Some(class) = u16::try_from(known.classes.len())
            .ok()
            .and_then(|n| n.checked_sub(1))
        else {
            continue;
        };
        for symbol in line.split_whitespace() {
            if library == "internal" {
                known.internal.insert(symbol, class);
            } else {
                known.libraries.entry(library).or_default().insert(symbol, class);
            }
        }
    }
    known
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_list_is_well_formed_and_names_nothing_twice() {
        let mut seen = HashSet::new();
        let mut library = "";
        for line in include_str!("allow/symbols.txt").lines() {
            if line.starts_with('#') || line.is_empty() {
                continue;
            }
            if let Some(head) = line.strip_prefix('[') {
                let (_, rest) = head.split_once("] ").unwrap();
                let (words, does) = rest.split_once(": ").unwrap();
                let (word, of) = words.split_once(' ').unwrap();
                assert!(matches!(word, "allow" | "refuse"), "{line}");
                assert!(!does.is_empty() && !of.is_empty(), "{line}");
                library = of;
                continue;
            }
            for symbol in line.split_whitespace() {
                assert!(seen.insert((library, symbol)), "{library} {symbol} twice");
            }
        }
    }

    #[test]
    fn code_is_known_by_its_symbol() {
        assert!(internal("int4pl").unwrap().allowed);
        assert_eq!(internal("pg_read_file_v2").unwrap().name, "files");
        assert!(internal("no_such_symbol").is_none());
        assert!(library("$libdir/pg_trgm", "similarity").unwrap().allowed);
        assert!(!library("$libdir/pg_trgm", "set_limit").unwrap().allowed);
        assert!(!library("$libdir/dblink", "anything").unwrap().allowed);
        assert!(library("/tmp/pg_trgm", "similarity").is_none());
        assert!(library("$libdir/../tmp/pg_trgm", "similarity").is_none());
    }
}
