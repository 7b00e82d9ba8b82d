//! The constants of a statement, and others to plan it with.
//!
//! A statement is planned for one set of constants and runs with many: a tenant with a tenth of all rows misleads
//! (measured: 3.4 % of the work left with one constant, 0.8 % with several). So each is planned with a common, a
//! middling and a rare value of the columns that its constants are compared with.

use std::ops::Range;

use howdah_sql::quote_literal;

use super::access::Access;
use super::catalog::{Catalog, Column};
use super::deparsed::{Condition, Shape, Term, literals};

/// A constant or parameter in a statement's text.
#[derive(Debug, Clone)]
pub(crate) struct Slot {
    /// Where it stands, in bytes.
    span: Range<usize>,
    /// Its value, or what stands in for it.
    value: String,
    /// The word before the operator before it.
    beside: Option<String>,
    /// Whether it is a number in a list, in parentheses or behind an operator of containment: not that of a LIMIT.
    is_element: bool,
    /// The type that the server gave a parameter.
    parameter: Option<String>,
    /// Whether a parameter's value is one that it had.
    known: bool,
    quoted: bool,
}

impl Slot {
    pub(crate) fn is_parameter(&self) -> bool {
        self.parameter.is_some()
    }

    /// Whether a constant, as the server prints it, is what was made up for this parameter.
    fn made_up(&self, constant: &str) -> bool {
        let is_printed =
            || constant == self.value || (self.value.len() >= 8 && constant.starts_with(&self.value));
        self.is_parameter() && !self.known && is_printed()
    }
}

/// Whether an expression, as the server prints it, holds what was made up for a parameter: what the program puts there
/// is not known, so that nothing can be built on it.
pub(crate) fn is_made_up(sql: &str, slots: &[Slot]) -> bool {
    let has_unknown = slots.iter().any(|slot| slot.is_parameter() && !slot.known);
    has_unknown
        && literals(sql)
            .iter()
            .any(|constant| slots.iter().any(|slot| slot.made_up(constant)))
}

/// Whether true or false was made up for a parameter, which the server does not print.
pub(crate) fn has_made_up_truth(slots: &[Slot]) -> bool {
    let is_truth = |slot: &Slot| slot.parameter.as_deref() == Some("boolean") && !slot.known;
    slots.iter().any(is_truth)
}

/// The text with the kind of each constant in its place: what the server resolves names by. A function that reads the
/// name of a type in a text keeps its constants.
pub(crate) fn without_values(text: &str) -> String {
    let Ok(scanned) = howdah_sql::pg_query::scan(text) else {
        return text.to_owned();
    };
    if text.contains("pg_input_") {
        return text.to_owned();
    }
    let place = |at: i32| usize::try_from(at).unwrap_or(0);
    let mut plain = String::with_capacity(text.len());
    let mut copied = 0;
    for token in &scanned.tokens {
        let range = place(token.start)..place(token.end);
        let Some(word) = text.get(range.clone()) else {
            continue;
        };
        let kind = match word.as_bytes() {
            [b'$', b'0'..=b'9', ..] => "$1",
            [b'\'' | b'$', ..] => "''",
            [b'0'..=b'9' | b'.', ..] => match word.parse::<i64>() {
                Ok(number) if i32::try_from(number).is_ok() => "0",
                Ok(_) => "9999999999",
                Err(_) => "0.5",
            },
            _ => continue,
        };
        plain.push_str(&text[copied..range.start]);
        plain.push_str(kind);
        copied = range.end;
    }
    plain.push_str(&text[copied..]);
    plain
}

/// The type of a parameter, as the server infers it.
#[derive(Debug, Clone, Default)]
pub(crate) struct ParameterType {
    pub(crate) name: String,
    /// As in `pg_type.typcategory`.
    pub(crate) category: char,
    /// A label, where it is an enumeration.
    pub(crate) label: Option<String>,
}

/// The slots of a statement; `types` are those of its parameters, `values` what they were, as far as that is known.
pub(crate) fn slots(text: &str, types: &[ParameterType], values: &[Option<String>]) -> Vec<Slot> {
    let Ok(scanned) = howdah_sql::pg_query::scan(text) else {
        return Vec::new();
    };
    let place = |at: i32| usize::try_from(at).unwrap_or(0);
    let words: Vec<(Range<usize>, &str)> = scanned
        .tokens
        .iter()
        .map(|token| place(token.start)..place(token.end))
        .filter_map(|range| Some((range.clone(), text.get(range)?)))
        .filter(|(_, word)| !word.starts_with("--") && !word.starts_with("/*"))
        .collect();
    let mut slots = Vec::new();
    for (at, (span, word)) in words.iter().enumerate() {
        let first = word.bytes().next().unwrap_or(b' ');
        let beside = at
            .checked_sub(2)
            .map(|at| words[at].1.trim_matches('"').to_owned());
        let before = at.checked_sub(1).map(|at| words[at].1);
        let is_element =
            first.is_ascii_digit() && matches!(before, Some("[" | "(" | "," | "@>" | "<@" | "&&"));
        let mut known = false;
        let (value, parameter, quoted) = match first {
            b'\'' if word.len() >= 2 => (word[1..word.len() - 1].replace("''", "'"), None, true),
            b'0'..=b'9' => ((*word).to_owned(), None, false),
            b'$' => {
                let Some(number) = word[1..].parse::<usize>().ok().filter(|number| *number > 0) else {
                    continue;
                };
                let unknown = ParameterType {
                    name: "text".to_owned(),
                    category: 'S',
                    label: None,
                };
                let kind = types.get(number - 1).unwrap_or(&unknown);
                let value = values.get(number - 1).cloned().flatten();
                known = value.is_some();
                let value = value.unwrap_or_else(|| match role(&words, at) {
                    Some(value) if !kind.name.starts_with("interval") => value.to_owned(),
                    _ => stand_in(kind, number),
                });
                (value, Some(kind.name.clone()), true)
            }
            _ => continue,
        };
        slots.push(Slot {
            span: span.clone(),
            value,
            beside,
            is_element,
            parameter,
            known,
            quoted,
        });
    }
    slots
}

/// What stands in where few values make sense: units, zones, counts, and days and the like that are counted back, of
/// which a program asks for the last few.
fn role(words: &[(Range<usize>, &str)], at: usize) -> Option<&'static str> {
    let word = |at: Option<usize>| {
        at.map_or(String::new(), |at| {
            words
                .get(at)
                .map_or(String::new(), |word| word.1.to_ascii_lowercase())
        })
    };
    let before: Vec<String> = (1..=4).map(|back| word(at.checked_sub(back))).collect();
    let before: Vec<&str> = before.iter().map(String::as_str).collect();
    let after = word(Some(at + 1));
    match before.as_slice() {
        ["(", "date_trunc" | "date_part" | "extract", ..] => return Some("day"),
        ["(", "timezone", ..] | ["zone", "time", "at", ..] => return Some("UTC"),
        ["limit" | "offset", ..] | ["first" | "next", "fetch", ..] => return Some("20"),
        ["escape", ..] => return Some("#"),
        [
            "-" | "+",
            "current_date" | "current_timestamp" | "localtimestamp",
            ..,
        ]
        | ["-" | "+", ")", "(", "now"] => {
            return Some("7");
        }
        _ if after == "*" => return Some("7"),
        _ => {}
    }
    // The call that it is an argument of.
    let mut depth = 0;
    let open = (0..at).rev().find(|at| {
        match words[*at].1 {
            ")" => depth += 1,
            "(" => depth -= 1,
            _ => {}
        }
        depth < 0
    });
    match word(open.and_then(|open| open.checked_sub(1))).as_str() {
        "make_interval" => Some("7"),
        // A place, or a pattern and what escapes in it, which is one letter.
        "substring" => Some("1"),
        _ => None,
    }
}

/// A value that reads as the type and tells the parameter. Numbers are small enough to be days that are counted back.
fn stand_in(kind: &ParameterType, number: usize) -> String {
    if let Some(label) = &kind.label {
        return label.clone();
    }
    let day = || format!("2024-{:02}-{:02}", 1 + number % 12, 1 + number % 28);
    let clock = || format!("00:{:02}:{:02}", number / 60 % 60, number % 60);
    match kind.name.as_str() {
        "date" => day(),
        name if name.starts_with("timestamp") => format!("2024-01-01 {}", clock()),
        name if name.starts_with("time") => clock(),
        name if name.starts_with("interval") => format!("{number} days"),
        "uuid" => format!("00000000-0000-0000-0000-{number:012}"),
        "json" | "jsonb" => format!("{{\"k{number}\": 1}}"),
        "jsonpath" => format!("$.k{number}"),
        "xml" => format!("<k{number}/>"),
        "inet" | "cidr" => format!("10.0.0.{}", number % 256),
        "macaddr" => format!("08:00:2b:00:00:{:02x}", number % 256),
        "macaddr8" => format!("08:00:2b:00:00:00:00:{:02x}", number % 256),
        "bytea" => format!("\\x{number:08}"),
        "bit" | "bit varying" => "1".to_owned(),
        "regconfig" | "regdictionary" => "simple".to_owned(),
        "tsquery" | "tsvector" => format!("value{number}"),
        "point" => format!("({number},{number})"),
        "line" => format!("{{1,{number},0}}"),
        "box" | "lseg" | "path" | "polygon" => format!("(({number},{number}),({number},0))"),
        "circle" => format!("<({number},{number}),1>"),
        _ => match kind.category {
            'B' => "true".to_owned(),
            'A' => "{}".to_owned(),
            'R' if kind.name.ends_with("multirange") => "{}".to_owned(),
            'R' => "empty".to_owned(),
            'S' => format!("value{number}"),
            _ => format!("{}", 9_700 + number),
        },
    }
}

/// The statement with every parameter replaced by a value.
pub(crate) fn filled(text: &str, slots: &[Slot]) -> String {
    with_values(text, slots, |slot| {
        slot.parameter.as_ref().map(|_| slot.value.clone())
    })
}

/// A statement with one set of constants.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Filled {
    pub(crate) sql: String,
    /// Its share of the statement.
    pub(crate) share: f64,
    /// Whether it looks within texts, arrays or documents for what hardly any has.
    pub(crate) seeks_rare: bool,
}

/// The statement with other values, the first being as close to the original as can be.
pub(crate) fn variants(
    text: &str,
    slots: &[Slot],
    accesses: &[Access],
    catalog: &Catalog,
    several: bool,
) -> Vec<Filled> {
    let sought: Vec<bool> = slots.iter().map(|slot| is_sought(slot, accesses)).collect();
    let compared: Vec<Option<(&Column, Compared)>> = slots
        .iter()
        .map(|slot| column_of(slot, accesses, catalog))
        .collect();
    let value = |at: usize, which: Which| -> Option<String> {
        let slot = &slots[at];
        if which == Which::Rare && sought[at] {
            return Some(if slot.is_element {
                NUMBER_OF_NONE.to_owned()
            } else {
                unheard_of(&slot.value)
            });
        }
        if slot.known && which == Which::Own {
            return Some(slot.value.clone());
        }
        match (&slot.parameter, compared[at]) {
            (None, Some((column, Compared::Equal))) if which != Which::Own && !column.is_coded() => {
                which.of(column)
            }
            // A program names the states that are rare; what is about as frequent as the others it may be given.
            (None, Some((column, Compared::Equal)))
                if which == Which::Common && !column.is_named(&slot.value) =>
            {
                which.of(column)
            }
            // What is asked from some point on is asked from further away as well.
            (None, Some((column, Compared::Open))) if which == Which::Common => {
                column.spread.get(column.spread.len() / 2).cloned()
            }
            (None, _) => None,
            (Some(_), Some((column, _))) => {
                let which = if which == Which::Own { Which::Middle } else { which };
                Some(which.of(column).unwrap_or_else(|| slot.value.clone()))
            }
            // LIMIT, OFFSET and what is computed with.
            (Some(_), None) if is_limit(slot) => Some("20".to_owned()),
            (Some(_), None) => Some(slot.value.clone()),
        }
    };
    let text_of = |which: Which| {
        let mut at = 0;
        with_values(text, slots, |_| {
            at += 1;
            value(at - 1, which)
        })
    };
    let own = text_of(Which::Own);
    let mut found = vec![Filled {
        sql: own,
        share: 0.4,
        seeks_rare: false,
    }];
    if several {
        for (which, share) in [(Which::Common, 0.3), (Which::Rare, 0.3)] {
            let sql = text_of(which);
            match found.iter_mut().find(|known| known.sql == sql) {
                Some(known) => known.share += share,
                None => {
                    let seeks_rare = which == Which::Rare && sought.contains(&true);
                    found.push(Filled {
                        sql,
                        share,
                        seeks_rare,
                    });
                }
            }
        }
    }
    let sum: f64 = found.iter().map(|one| one.share).sum();
    for one in &mut found {
        one.share /= sum;
    }
    found
}

/// Whether the value is looked for within texts, arrays or documents.
fn is_sought(slot: &Slot, accesses: &[Access]) -> bool {
    let seeks = |condition: &&Condition| match &condition.shape {
        Shape::Like { pattern, .. } => super::pattern::has_trigram(pattern),
        Shape::Contains(operator) => matches!(operator.as_str(), "@>" | "@@" | "&&"),
        _ => false,
    };
    (slot.quoted || slot.is_element)
        && !slot.value.contains('{')
        && slot.value.chars().any(char::is_alphanumeric)
        && accesses
            .iter()
            .flat_map(|access| flat(&access.conditions))
            .filter(seeks)
            .any(|condition| {
                let speaks = |constant: &str| match slot.is_element {
                    true => holds_number(constant, &slot.value),
                    false => speaks_of(constant, &slot.value),
                };
                let value = condition.value.as_ref();
                value.is_some_and(|value| value.columns.is_empty() && speaks(&value.sql))
            })
}

/// Whether a constant, as the server prints it, holds a word of what the statement says: of a text search it prints each
/// word apart, without its ending.
fn speaks_of(constant: &str, said: &str) -> bool {
    let constant = constant.to_lowercase();
    let stem = |word: &str| word.to_lowercase().chars().take(STEM).collect::<String>();
    let words = said.split(|c: char| !c.is_alphanumeric());
    let mut stems = words.filter(|word| word.chars().count() >= STEM).map(stem);
    constant.contains(&said.to_lowercase()) || stems.any(|stem| constant.contains(&stem))
}

/// Whether a constant, as the server prints it, holds that number among others.
fn holds_number(constant: &str, number: &str) -> bool {
    constant
        .split(|c: char| !(c.is_ascii_digit() || c == '.'))
        .any(|word| word == number)
}

/// A number that hardly any array holds; it fits into the smallest type.
const NUMBER_OF_NONE: &str = "31991";

/// Letters of a word that its endings leave alone.
const STEM: usize = 3;

/// The same with words that hardly any text has.
fn unheard_of(value: &str) -> String {
    let mut changed = String::new();
    let mut in_word = false;
    for c in value.chars() {
        if !c.is_alphanumeric() {
            changed.push(c);
        } else if !in_word {
            changed.push_str("qzxjv");
        }
        in_word = c.is_alphanumeric();
    }
    changed
}

fn is_limit(slot: &Slot) -> bool {
    matches!(slot.parameter.as_deref(), Some("bigint"))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    Own,
    Common,
    Middle,
    Rare,
}

impl Which {
    fn of(self, column: &Column) -> Option<String> {
        let (common, spread) = (&column.common, &column.spread);
        let found = match self {
            Self::Common | Self::Own => common.first().or_else(|| spread.get(spread.len() / 4)),
            Self::Middle => common
                .get(common.len() / 2)
                .or_else(|| spread.get(spread.len() / 2)),
            Self::Rare => spread.get(spread.len() * 3 / 4).or_else(|| common.last()),
        };
        // One that was cut by reading it is no value of the column.
        found.filter(|value| value.chars().count() < 200).cloned()
    }
}

/// How a value is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Compared {
    Equal,
    /// The one end of a range that has no other.
    Open,
    /// One of the ends of a range.
    Within,
}

/// The column that a slot's value is compared with, and how.
fn column_of<'a>(slot: &Slot, accesses: &[Access], catalog: &'a Catalog) -> Option<(&'a Column, Compared)> {
    let mut found: Vec<(&Column, Compared)> = Vec::new();
    let mut named: Option<(&Column, Compared)> = None;
    for access in accesses {
        let Some(relation) = catalog.relations.get(&access.relation) else {
            continue;
        };
        let conditions = flat(&access.conditions);
        for condition in &conditions {
            let constant = condition.value.as_ref().and_then(Term::constant);
            if !constant.is_some_and(|constant| is_same(&constant, &slot.value)) {
                continue;
            }
            let how = match condition.shape {
                Shape::Equal => Compared::Equal,
                Shape::Range => {
                    let ends = conditions
                        .iter()
                        .filter(|other| other.shape == Shape::Range && other.key == condition.key);
                    if ends.count() == 1 {
                        Compared::Open
                    } else {
                        Compared::Within
                    }
                }
                _ => continue,
            };
            let name = relation.plain(&condition.key).or(condition.key.column_as_text());
            let Some(column) = name.and_then(|name| relation.column(name)) else {
                continue;
            };
            if slot.beside.as_deref() == Some(column.name.as_str()) {
                named = named.or(Some((column, how)));
            }
            found.push((column, how));
        }
    }
    let alone = match found.as_slice() {
        [first, rest @ ..] if rest.iter().all(|(column, _)| column.name == first.0.name) => Some(*first),
        _ => None,
    };
    named.or(alone)
}

/// Whether a constant, as the server prints it, is what the statement says: of a day it prints the time as well.
fn is_same(constant: &str, said: &str) -> bool {
    let midnight = constant.strip_prefix(said).filter(|_| said.len() >= 8);
    constant == said || midnight.is_some_and(|rest| rest.starts_with(" 00:00:00"))
}

fn flat(conditions: &[Condition]) -> Vec<&Condition> {
    let mut found = Vec::new();
    for condition in conditions {
        match &condition.shape {
            Shape::Either(arms) => found.extend(arms.iter().flat_map(|arm| flat(arm))),
            _ => found.push(condition),
        }
    }
    found
}

fn with_values(text: &str, slots: &[Slot], mut value: impl FnMut(&Slot) -> Option<String>) -> String {
    let mut replaced = String::with_capacity(text.len());
    let mut copied = 0;
    for slot in slots {
        let Some(value) = value(slot) else { continue };
        replaced.push_str(&text[copied..slot.span.start]);
        let literal = match slot.quoted {
            true => quote_literal(&value),
            // A number of the statement stays one, unless the column holds something else.
            false if value.parse::<f64>().is_ok() && !value.starts_with('-') => value,
            false => quote_literal(&value),
        };
        // In parentheses a cast may stand wherever a parameter may: behind FETCH FIRST, before a subscript.
        match &slot.parameter {
            Some(kind) => replaced.push_str(&format!("({literal}::{kind})")),
            None => replaced.push_str(&literal),
        }
        copied = slot.span.end;
    }
    replaced.push_str(&text[copied..]);
    replaced
}

/// The values that a constant holds: its elements where it is an array.
pub(crate) fn values_of(constant: &str) -> Vec<&str> {
    let inner = constant.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    inner.map_or_else(
        || vec![constant],
        |inner| inner.split(',').map(|word| word.trim_matches('"')).collect(),
    )
}
