//! Statements as pg_stat_statements writes them, made statements again: where a constant stood it writes `$1`, also
//! where the grammar takes nothing but a constant.

use std::ops::Range;

use howdah_sql::pg_query::protobuf::KeywordKind;

/// A word of a statement, in lower case unless it is quoted.
struct Word<'a> {
    range: Range<usize>,
    text: &'a str,
    lower: String,
    is_keyword: bool,
}

impl Word<'_> {
    fn is_parameter(&self) -> bool {
        self.text.starts_with('$') && self.text[1..].bytes().all(|byte| byte.is_ascii_digit())
    }

    fn is_name(&self) -> bool {
        !self.is_keyword
            && self
                .text
                .starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '"')
    }
}

/// Keywords that are the names of types, before whose literals they may stand.
const TYPES: &[&str] = &[
    "int",
    "integer",
    "bigint",
    "smallint",
    "real",
    "float",
    "decimal",
    "dec",
    "numeric",
    "boolean",
    "bit",
    "char",
    "character",
    "varchar",
    "nchar",
    "time",
    "timestamp",
    "interval",
    "json",
    "text",
    "name",
];
/// What may follow the literal of an interval.
const FIELDS: &[&str] = &["year", "month", "day", "hour", "minute", "second"];
/// What ends the list behind GROUP BY and ORDER BY.
const ENDS: &[&str] = &[
    "having",
    "window",
    "order",
    "limit",
    "offset",
    "fetch",
    "for",
    "union",
    "intersect",
    "except",
    "rows",
    "range",
    "groups",
    "returning",
    ";",
];

/// A constant may have its type before it, a parameter may not: `timestamp $1` is `$1::timestamp`. `EXTRACT($1 FROM x)`
/// is a call. What is grouped by was the same as what is selected, whatever numbers they have.
pub(crate) fn repaired(text: &str) -> String {
    if !text.contains('$') {
        return text.to_owned();
    }
    let words = words(text);
    let mut changes = grouped(&words);
    for (at, word) in words.iter().enumerate() {
        // What is a constant again needs no more.
        let is_constant = changes
            .iter()
            .any(|(range, by)| *range == word.range && !by.starts_with('$'));
        if !word.is_parameter() || is_constant {
            continue;
        }
        if let Some(start) = type_before(&words, at) {
            let kind = &text[words[start].range.start..words[at - 1].range.end];
            let end = behind_interval(&words, at, kind);
            let range = words[start].range.start..words[end].range.end;
            changes.push((range, format!("{}::{kind}", word.text)));
        }
        // Two constants that are compared, as in 1 = 1, are the same more often than not.
        let begins = at.checked_sub(1).is_some_and(|at| {
            matches!(
                words[at].lower.as_str(),
                "where" | "and" | "or" | "on" | "not" | "when" | "("
            )
        });
        let is_compared = begins && words.get(at + 1).is_some_and(|word| word.text == "=");
        if let Some(other) = words
            .get(at + 2)
            .filter(|other| is_compared && other.is_parameter())
        {
            changes.push((other.range.clone(), word.text.to_owned()));
        }
        let before = |back: usize| at.checked_sub(back).map_or("", |at| words[at].lower.as_str());
        let after = words.get(at + 1).map_or("", |word| word.lower.as_str());
        if before(1) == "(" && before(2) == "extract" && after == "from" {
            changes.push((words[at - 2].range.clone(), "pg_catalog.date_part".to_owned()));
            changes.push((words[at + 1].range.clone(), ",".to_owned()));
        }
    }
    changes.sort_by_key(|(range, _)| range.start);
    let mut repaired = String::with_capacity(text.len());
    let mut copied = 0;
    for (range, by) in changes {
        if range.start < copied {
            continue;
        }
        repaired.push_str(&text[copied..range.start]);
        repaired.push_str(&by);
        copied = range.end;
    }
    repaired.push_str(&text[copied..]);
    repaired
}

fn words(text: &str) -> Vec<Word<'_>> {
    let Ok(scanned) = howdah_sql::pg_query::scan(text) else {
        return Vec::new();
    };
    let place = |at: i32| usize::try_from(at).unwrap_or(0);
    let word = |token: &howdah_sql::pg_query::protobuf::ScanToken| {
        let range = place(token.start)..place(token.end);
        let found = text.get(range.clone())?;
        Some(Word {
            range,
            text: found,
            lower: found.to_ascii_lowercase(),
            is_keyword: token.keyword_kind() != KeywordKind::NoKeyword,
        })
    };
    let found = scanned.tokens.iter().filter_map(word);
    found
        .filter(|word| !word.text.starts_with("--") && !word.text.starts_with("/*"))
        .collect()
}

/// Where the name of a type begins that stands right before a word.
fn type_before(words: &[Word<'_>], at: usize) -> Option<usize> {
    let word = |at: usize| words.get(at).map_or("", |word| word.lower.as_str());
    let mut last = at.checked_sub(1)?;
    if word(last) == ")" {
        // The precision of `interval(3)`, `numeric(10, 2)`.
        let open = (0..last).rev().find(|at| word(*at) == "(")?;
        let is_number = |at: usize| word(at) == "," || word(at).bytes().all(|byte| byte.is_ascii_digit());
        if !(open + 1..last).all(is_number) {
            return None;
        }
        last = open.checked_sub(1)?;
    }
    let back = |by: usize| last.checked_sub(by).map_or("", |at| word(at));
    let start = match (back(2), back(1), word(last)) {
        ("with" | "without", "time", "zone") => {
            let mut first = last.checked_sub(3)?;
            if word(first) == ")" {
                first = first.checked_sub(3)?;
            }
            matches!(word(first), "time" | "timestamp").then_some(first)?
        }
        (_, "double", "precision") | (_, "character" | "char" | "nchar" | "bit", "varying") => last - 1,
        (_, _, word) if TYPES.contains(&word) => last,
        _ if words[last].is_name() => match last.checked_sub(2) {
            Some(schema) if word(schema + 1) == "." && words[schema].is_name() => schema,
            _ => last,
        },
        _ => return None,
    };
    let before = start.checked_sub(1).map_or("", |at| word(at));
    (!matches!(before, "::" | "as" | ".")).then_some(start)
}

/// The last word that belongs to the literal at `at`: that of an interval may have fields behind it.
fn behind_interval(words: &[Word<'_>], at: usize, kind: &str) -> usize {
    let word = |at: usize| words.get(at).map_or("", |word| word.lower.as_str());
    if !kind.to_ascii_lowercase().starts_with("interval") || !FIELDS.contains(&word(at + 1)) {
        return at;
    }
    let mut end = at + 1;
    if word(end + 1) == "to" && FIELDS.contains(&word(end + 2)) {
        end += 2;
    }
    if word(end) == "second" && word(end + 1) == "(" && word(end + 3) == ")" {
        end += 3;
    }
    end
}

/// What a statement groups and orders by is what it selects where they differ in nothing but parameters and constants.
/// Of the two the constant is taken, which stays where the server finds the expression again, else the first parameter.
fn grouped(words: &[Word<'_>]) -> Vec<(Range<usize>, String)> {
    let mut changes = Vec::new();
    for at in 0..words.len().saturating_sub(1) {
        let is_list = matches!(words[at].lower.as_str(), "group" | "order") && words[at + 1].lower == "by";
        if !is_list {
            continue;
        }
        for item in items(words, at + 2).into_iter().filter(|item| item.len() > 1) {
            let own = |place: usize| &words[item.start + place];
            let is_constant = |place: usize| {
                let is_field = || place > 1 && own(place - 2).lower == "extract";
                own(place)
                    .text
                    .starts_with(|c: char| c == '\'' || c.is_ascii_digit())
                    || is_field()
            };
            let same =
                |place: usize, other: &Word<'_>| match (own(place).is_parameter(), other.is_parameter()) {
                    (true, both) => both,
                    (false, true) => is_constant(place),
                    (false, false) => own(place).lower == other.lower,
                };
            for from in 0..at.saturating_sub(item.len() - 1) {
                let others = &words[from..from + item.len()];
                if !others.iter().enumerate().all(|(place, other)| same(place, other)) {
                    continue;
                }
                let mut is_first = false;
                for (place, other) in others
                    .iter()
                    .enumerate()
                    .filter(|(_, other)| other.is_parameter())
                {
                    is_first = true;
                    match own(place).is_parameter() {
                        true if own(place).text != other.text => {
                            changes.push((own(place).range.clone(), other.text.to_owned()));
                        }
                        true => {}
                        false => changes.push((other.range.clone(), own(place).text.to_owned())),
                    }
                }
                if is_first {
                    break;
                }
            }
        }
    }
    changes
}

/// The items of a list that begins at a word, without what says in which direction they go.
fn items(words: &[Word<'_>], from: usize) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let (mut depth, mut start) = (0_i32, from);
    let mut at = from;
    while let Some(word) = words.get(at) {
        match word.lower.as_str() {
            "(" | "[" => depth += 1,
            ")" | "]" if depth == 0 => break,
            ")" | "]" => depth -= 1,
            "," if depth == 0 => {
                found.push(start..at);
                start = at + 1;
            }
            end if depth == 0 && ENDS.contains(&end) => break,
            _ => {}
        }
        at += 1;
    }
    found.push(start..at);
    for item in &mut found {
        let directions =
            |word: &Word<'_>| matches!(word.lower.as_str(), "asc" | "desc" | "nulls" | "first" | "last");
        while item.end > item.start && directions(&words[item.end - 1]) {
            item.end -= 1;
        }
    }
    found.retain(|item| !item.is_empty());
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_go_behind_parameters() {
        for (written, expected) in [
            (
                "SELECT 1 FROM t WHERE at > timestamp $1 - INTERVAL  $12 AND b = $2",
                "SELECT 1 FROM t WHERE at > $1::timestamp - $12::INTERVAL AND b = $2",
            ),
            ("SELECT '$', $1, x.date, a$b", "SELECT '$', $1, x.date, a$b"),
            (
                "SELECT 1 FROM t WHERE $1=$2 AND a % $3 = $4",
                "SELECT 1 FROM t WHERE $1=$1 AND a % $3 = $4",
            ),
            (
                "SELECT timestamp with time zone $1, time(3) without time zone $2",
                "SELECT $1::timestamp with time zone, $2::time(3) without time zone",
            ),
            (
                "SELECT a AT TIME ZONE $1 FROM t",
                "SELECT a AT TIME ZONE $1 FROM t",
            ),
            (
                "SELECT interval $1 day to second(3), interval(0) $2 hour, numeric(10, 2) $3",
                "SELECT $1::interval, $2::interval(0), $3::numeric(10, 2)",
            ),
            (
                "SELECT uuid $1, app.\"Mood\" $2, double precision $3, x::date, $4::date",
                "SELECT $1::uuid, $2::app.\"Mood\", $3::double precision, x::date, $4::date",
            ),
            (
                "SELECT substring(a FROM $1 FOR $2) FROM t WHERE b IN ($3, $4) AND c LIKE $5 LIMIT $6 OFFSET $7",
                "SELECT substring(a FROM $1 FOR $2) FROM t WHERE b IN ($3, $4) AND c LIKE $5 LIMIT $6 OFFSET $7",
            ),
        ] {
            assert_eq!(repaired(written), expected);
            assert!(howdah_sql::parse(expected, &howdah_sql::Limits::default()).is_ok());
        }
    }

    #[test]
    fn what_is_extracted_is_a_call() {
        let found = repaired("SELECT EXTRACT($1 FROM at), extract(year FROM at) FROM t");
        assert_eq!(
            found,
            "SELECT pg_catalog.date_part($1 , at), extract(year FROM at) FROM t"
        );
    }

    #[test]
    fn what_is_grouped_by_is_what_is_selected() {
        let written = "SELECT date_trunc($1, at), n + $2, count(*) FROM t WHERE a = $3 GROUP BY date_trunc($4, at), n + $5, k \
                       ORDER BY date_trunc($6, at) DESC, $7 + n LIMIT $8";
        let expected = "SELECT date_trunc($1, at), n + $2, count(*) FROM t WHERE a = $3 GROUP BY date_trunc($1, at), n + $2, k \
                        ORDER BY date_trunc($1, at) DESC, $7 + n LIMIT $8";
        assert_eq!(repaired(written), expected);
        // The server leaves the constant where it has found the expression already.
        let written = "SELECT date_trunc($1, at), extract($2 FROM at), data ->> $3, sum($4) FROM t GROUP BY date_trunc('day', at), \
                       extract(year FROM at), data ->> 'k', a ORDER BY date_trunc('day', at)";
        let expected = "SELECT date_trunc('day', at), extract(year FROM at), data ->> 'k', sum($4) FROM t GROUP BY date_trunc('day', at), \
                        extract(year FROM at), data ->> 'k', a ORDER BY date_trunc('day', at)";
        assert_eq!(repaired(written), expected);
        let nested = "SELECT * FROM (SELECT f($1, a) FROM t GROUP BY f($2, a)) x WHERE f($3, a) = 1";
        assert_eq!(
            repaired(nested),
            "SELECT * FROM (SELECT f($1, a) FROM t GROUP BY f($1, a)) x WHERE f($3, a) = 1"
        );
    }
}
