//! Conditions as the server prints them in a plan.
//!
//! The server has resolved every name by then, expanded views, flattened queries and folded constants, and
//! its printer puts parentheses around everything, so that a condition is read without a grammar.

use std::collections::BTreeSet;
use std::ops::Range;

use super::tokens::{Kind, tokens};

/// A part of a condition: a column, an expression or a constant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Term {
    /// Its text, without the relation's alias before its columns.
    pub(crate) sql: String,
    /// The alias and the name of each column in it.
    pub(crate) columns: BTreeSet<(String, String)>,
    /// Whether its value is known only at run time: a parameter, or what a subquery gives.
    pub(crate) at_run_time: bool,
}

impl Term {
    /// The alias that all of its columns belong to.
    pub(crate) fn alias(&self) -> Option<&str> {
        let mut aliases = self.columns.iter().map(|(alias, _)| alias.as_str());
        let first = aliases.next()?;
        aliases.all(|alias| alias == first).then_some(first)
    }

    /// The column that it is, if it is nothing more.
    pub(crate) fn column(&self) -> Option<&str> {
        let (_, column) = self.columns.first()?;
        (self.columns.len() == 1 && self.sql == howdah_sql::quote_ident(column)).then_some(column)
    }

    /// The column that it is when cast, and the type: a cast to what is stored anyway changes nothing.
    pub(crate) fn cast_column(&self) -> Option<(&str, &str)> {
        let (_, column) = self.columns.first().filter(|_| self.columns.len() == 1)?;
        let kind = self
            .sql
            .strip_prefix(&format!("({})::", howdah_sql::quote_ident(column)))?;
        let is_name = |c: char| c.is_alphanumeric() || "_ \".".contains(c);
        kind.chars().all(is_name).then_some((column.as_str(), kind))
    }

    /// The same where the type is text, which changes nothing of a `varchar`.
    pub(crate) fn column_as_text(&self) -> Option<&str> {
        self.cast_column()
            .filter(|(_, kind)| *kind == "text")
            .map(|(column, _)| column)
    }

    /// The text of a string constant, or the digits of a number.
    pub(crate) fn constant(&self) -> Option<String> {
        if !self.columns.is_empty() || self.at_run_time {
            return None;
        }
        let (kind, range) = tokens(&self.sql)
            .into_iter()
            .find(|(_, r)| &self.sql[r.clone()] != "(")?;
        let text = &self.sql[range];
        match kind {
            Kind::String => {
                let body = text.trim_start_matches(['E', 'B', 'X']);
                Some(body.trim_matches('\'').replace("''", "'"))
            }
            Kind::Number => Some(text.to_owned()),
            Kind::Word if text == "true" || text == "false" => Some(text.to_owned()),
            _ => None,
        }
    }
}

/// What a condition asks of its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Shape {
    /// `key = value`.
    Equal,
    /// `key = ANY (values)`.
    AnyOf,
    /// `<`, `<=`, `>`, `>=`.
    Range,
    /// `IS NULL`.
    IsNull,
    /// `IS NOT NULL`.
    IsNotNull,
    /// `key <> value`, or none of several values.
    Differs,
    /// A boolean that has to be true, or false.
    Is(bool),
    /// `LIKE` and its kin: whether case matters, and the pattern.
    Like { ignores_case: bool, pattern: String },
    /// `~` and its kin: whether case matters, and the regular expression.
    Matches { ignores_case: bool, regex: String },
    /// An operator that only an inverted index serves.
    Contains(String),
    /// Conditions of which one has to hold.
    Either(Vec<Vec<Condition>>),
    /// What no index serves.
    Other,
}

impl Shape {
    /// Whether two values are compared.
    pub(crate) fn is_comparison(&self) -> bool {
        matches!(self, Self::Equal | Self::Range | Self::Differs)
    }
}

/// One of the conditions that all have to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Condition {
    pub(crate) shape: Shape,
    /// What is compared.
    pub(crate) key: Term,
    /// What it is compared with.
    pub(crate) value: Option<Term>,
    /// The whole condition.
    pub(crate) whole: Term,
}

/// Reads what has to hold, as a plan's `Filter` or `Hash Cond` has it.
pub(crate) fn conditions(text: &str) -> Vec<Condition> {
    let text = unwrapped(text);
    let parts = split_at_word(text, "AND");
    match parts.len() {
        1 => vec![condition(text)],
        _ => parts.into_iter().flat_map(conditions).collect(),
    }
}

/// Reads a key of a `Sort Key`: what is sorted by, and whether it descends and puts NULLs first.
pub(crate) fn sort_key(text: &str) -> Option<(Term, bool, bool)> {
    if text.contains(" USING ") {
        return None;
    }
    let (text, nulls) = match (
        text.strip_suffix(" NULLS FIRST"),
        text.strip_suffix(" NULLS LAST"),
    ) {
        (Some(rest), _) => (rest, Some(true)),
        (_, Some(rest)) => (rest, Some(false)),
        _ => (text, None),
    };
    let (text, descends) = match text.strip_suffix(" DESC") {
        Some(rest) => (rest, true),
        None => (text, false),
    };
    Some((term(text), descends, nulls.unwrap_or(descends)))
}

/// Reads any expression.
pub(crate) fn term(text: &str) -> Term {
    let text = unwrapped(text);
    let mut sql = String::with_capacity(text.len());
    let mut columns = BTreeSet::new();
    let mut at_run_time = text.contains("SubPlan ") || text.contains("InitPlan ");
    let tokens = tokens(text);
    let of = |at: usize| tokens.get(at).map_or("", |(_, range)| &text[range.clone()]);
    let mut copied = 0;
    let mut at = 0;
    while let Some((kind, range)) = tokens.get(at) {
        at_run_time |= *kind == Kind::Parameter;
        let is_type = at > 0 && of(at - 1) == "::";
        let is_column = *kind == Kind::Word
            && of(at + 1) == "."
            && tokens.get(at + 2).is_some_and(|(kind, _)| *kind == Kind::Word)
            && of(at + 3) != "("
            && !is_type;
        if is_column {
            columns.insert((unquoted(of(at)), unquoted(of(at + 2))));
            sql.push_str(&text[copied..range.start]);
            copied = tokens[at + 2].1.start;
            at += 3;
        } else if is_type && of(at + 1) == "." {
            at += 3;
        } else {
            at += 1;
        }
    }
    sql.push_str(&text[copied..]);
    Term {
        sql: unwrapped(&sql).to_owned(),
        columns,
        at_run_time,
    }
}

/// An expression with the alias before each of these columns that stands there without one.
pub(crate) fn with_alias(text: &str, alias: &str, columns: &BTreeSet<String>) -> String {
    let tokens = tokens(text);
    let of = |at: usize| tokens.get(at).map_or("", |(_, range)| &text[range.clone()]);
    let mut qualified = String::with_capacity(text.len());
    let (mut copied, mut in_type) = (0, false);
    for (at, (kind, range)) in tokens.iter().enumerate() {
        let before = if at > 0 { of(at - 1) } else { "" };
        // The name of a type may be several words: `time without time zone`.
        in_type = before == "::" || (in_type && *kind == Kind::Word);
        let is_column = *kind == Kind::Word
            && !in_type
            && before != "."
            && !matches!(of(at + 1), "." | "(")
            && columns.contains(&unquoted(of(at)));
        if is_column {
            qualified.push_str(&text[copied..range.start]);
            qualified.push_str(&howdah_sql::quote_ident(alias));
            qualified.push('.');
            copied = range.start;
        }
    }
    qualified.push_str(&text[copied..]);
    qualified
}

fn condition(text: &str) -> Condition {
    let whole = term(text);
    let other = |shape: Shape, key: Term| Condition {
        shape,
        key,
        value: None,
        whole: whole.clone(),
    };
    let arms = split_at_word(text, "OR");
    if arms.len() > 1 {
        return other(
            Shape::Either(arms.into_iter().map(conditions).collect()),
            whole.clone(),
        );
    }
    for (suffix, shape) in [
        (" IS NOT NULL", Shape::IsNotNull),
        (" IS NULL", Shape::IsNull),
        (" IS NOT TRUE", Shape::Other),
        (" IS TRUE", Shape::Is(true)),
        (" IS FALSE", Shape::Is(false)),
    ] {
        if let Some(key) = text.strip_suffix(suffix) {
            return other(shape, term(key));
        }
    }
    if let Some(rest) = text.strip_prefix("NOT ") {
        let key = term(rest);
        let shape = if key.column().is_some() {
            Shape::Is(false)
        } else {
            Shape::Other
        };
        return other(shape, key);
    }
    let Some(operator) = operator(text) else {
        let shape = if whole.column().is_some() {
            Shape::Is(true)
        } else {
            Shape::Other
        };
        return other(shape, whole.clone());
    };
    let left_text = text[..operator.start].trim();
    let right_text = text[operator.end..].trim();
    // Rows are compared by their first columns before anything else.
    let (left_text, right_text) = match (first_of_row(left_text), first_of_row(right_text)) {
        (Some(left), Some(right)) => (left, right),
        _ => (left_text, right_text),
    };
    let left = term(left_text);
    let (any, all) = (right_text.strip_prefix("ANY "), right_text.strip_prefix("ALL "));
    let right_text = any.or(all).unwrap_or(right_text);
    let (any, is_all) = (any.is_some(), all.is_some());
    let right = term(right_text);
    let mut name = text[operator].to_owned();
    // The key is what has columns.
    let (key, value) = if left.columns.is_empty() && !right.columns.is_empty() {
        name = commuted(&name).to_owned();
        (right, left)
    } else {
        (left, right)
    };
    let pattern = || value.constant().unwrap_or_default();
    let shape = match name.as_str() {
        "<>" if !any => Shape::Differs,
        _ if is_all => Shape::Other,
        "=" if any => Shape::AnyOf,
        _ if any => Shape::Other,
        "=" => Shape::Equal,
        "<" | "<=" | ">" | ">=" => Shape::Range,
        "~~" => Shape::Like {
            ignores_case: false,
            pattern: pattern(),
        },
        "~~*" => Shape::Like {
            ignores_case: true,
            pattern: pattern(),
        },
        "~" | "~*" => Shape::Matches {
            ignores_case: name == "~*",
            regex: pattern(),
        },
        "@>" | "<@" | "?" | "?|" | "?&" | "&&" | "@@" | "@?" | "%" => Shape::Contains(name),
        _ => Shape::Other,
    };
    Condition {
        shape,
        key,
        value: Some(value),
        whole,
    }
}

/// The constants within an expression: the text of strings, the digits of numbers.
pub(crate) fn literals(text: &str) -> Vec<String> {
    let is_one = |(kind, _): &(Kind, _)| matches!(kind, Kind::String | Kind::Number);
    let found = tokens(text).into_iter().filter(is_one);
    found
        .filter_map(|(_, range)| term(&text[range]).constant())
        .collect()
}

/// The first part of `ROW(…, …)`.
fn first_of_row(text: &str) -> Option<&str> {
    let parts = text.strip_prefix("ROW(")?.strip_suffix(')')?;
    let mut depth = 0;
    for (_, range) in tokens(parts) {
        match &parts[range.clone()] {
            "(" | "[" => depth += 1,
            ")" | "]" => depth -= 1,
            "," if depth == 0 => return Some(parts[..range.start].trim()),
            _ => {}
        }
    }
    None
}

fn commuted(operator: &str) -> &str {
    match operator {
        "<" => ">",
        "<=" => ">=",
        ">" => "<",
        ">=" => "<=",
        "@>" => "<@",
        "<@" => "@>",
        other => other,
    }
}

/// The operator that stands outside of all parentheses.
fn operator(text: &str) -> Option<Range<usize>> {
    let mut depth = 0;
    for (kind, range) in tokens(text) {
        match &text[range.clone()] {
            "(" | "[" => depth += 1,
            ")" | "]" => depth -= 1,
            _ if depth == 0 && kind == Kind::Operator && range.start > 0 => return Some(range),
            _ => {}
        }
    }
    None
}

/// Splits at a word that stands outside of all parentheses.
fn split_at_word<'a>(text: &'a str, word: &str) -> Vec<&'a str> {
    let mut parts = Vec::new();
    let (mut depth, mut from) = (0, 0);
    for (kind, range) in tokens(text) {
        match &text[range.clone()] {
            "(" | "[" => depth += 1,
            ")" | "]" => depth -= 1,
            found if depth == 0 && kind == Kind::Word && found == word => {
                parts.push(text[from..range.start].trim());
                from = range.end;
            }
            _ => {}
        }
    }
    parts.push(text[from..].trim());
    parts
}

/// Without parentheses around the whole.
fn unwrapped(text: &str) -> &str {
    let mut text = text.trim();
    loop {
        if !text.starts_with('(') || !text.ends_with(')') {
            return text;
        }
        let mut depth = 0;
        for (_, range) in tokens(text) {
            match &text[range.clone()] {
                "(" => depth += 1,
                ")" => depth -= 1,
                _ => {}
            }
            if depth == 0 && range.end < text.len() {
                return text;
            }
        }
        if depth != 0 {
            return text;
        }
        text = text[1..text.len() - 1].trim();
    }
}

fn unquoted(word: &str) -> String {
    match word.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(name) => name.replace("\"\"", "\""),
        None => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn conditions_are_read_as_the_server_prints_them() {
        let text = "((t.deleted_at IS NULL) AND (t.b ~~* '%o''o%'::text) AND ((t.s)::text = 'x'::text) AND (t.a = ANY ('{1,2}'::integer[])) \
                    AND (t.c <= now()) AND ((t.b = 'x'::text) OR ((t.s)::text = 'AND'::text)) AND (lower(t.b) = 'x'::text) AND (NOT t.ok) AND t.\"No Way\")";
        let found = conditions(text);
        let shapes: Vec<&Shape> = found.iter().map(|condition| &condition.shape).collect();
        assert_eq!(shapes[0], &Shape::IsNull);
        assert_eq!(
            shapes[1],
            &Shape::Like {
                ignores_case: true,
                pattern: "%o'o%".to_owned()
            }
        );
        assert_eq!(shapes[2], &Shape::Equal);
        assert_eq!(found[2].key.column_as_text(), Some("s"));
        assert_eq!(shapes[3], &Shape::AnyOf);
        assert_eq!(shapes[4], &Shape::Range);
        assert!(matches!(shapes[5], Shape::Either(arms) if arms.len() == 2));
        assert_eq!(
            (shapes[6], found[6].key.sql.as_str()),
            (&Shape::Equal, "lower(b)")
        );
        assert_eq!(
            (shapes[7], found[7].key.column()),
            (&Shape::Is(false), Some("ok"))
        );
        assert_eq!(
            (shapes[8], found[8].key.column()),
            (&Shape::Is(true), Some("No Way"))
        );
    }

    #[test]
    fn columns_that_stand_alone_get_their_alias() {
        let columns = ["a", "B c", "time"].map(str::to_owned).into();
        for (text, expected) in [
            ("min(a)", "min(p.a)"),
            ("(a + 1)", "(p.a + 1)"),
            ("\"B c\"", "p.\"B c\""),
            (
                "(\"time\")::time without time zone",
                "(p.\"time\")::time without time zone",
            ),
            ("p.a", "p.a"),
            ("a(b)", "a(b)"),
            ("'a'::text", "'a'::text"),
        ] {
            assert_eq!(with_alias(text, "p", &columns), expected);
        }
    }

    #[test]
    fn rows_count_by_their_first_column_and_differences_are_told() {
        let text = "((ROW((p.family)::text, p.id) > ROW('M(,'::text, 0)) AND (p.state <> ALL ('{a,b}'::text[])) AND (p.n <> 2) \
                    AND (p.paid < p.due) AND (p.a <> ANY ('{1,2}'::integer[])))";
        let found = conditions(text);
        assert_eq!(
            (&found[0].shape, found[0].key.column_as_text()),
            (&Shape::Range, Some("family"))
        );
        assert_eq!(
            found[0].value.as_ref().and_then(Term::constant).as_deref(),
            Some("M(,")
        );
        assert_eq!(found[0].whole.columns.len(), 2);
        assert_eq!(
            (&found[1].shape, found[1].key.column()),
            (&Shape::Differs, Some("state"))
        );
        assert_eq!(found[2].shape, Shape::Differs);
        assert_eq!(
            (&found[3].shape, found[3].whole.alias()),
            (&Shape::Range, Some("p"))
        );
        assert_eq!(found[4].shape, Shape::Other);
    }

    #[test]
    fn joins_and_what_only_run_time_knows_are_told_apart() {
        let join = conditions("(o.user_id = u.id)").remove(0);
        assert_eq!(
            (join.key.alias(), join.value.unwrap().alias()),
            (Some("o"), Some("u"))
        );
        let parameter = conditions("(t.a = $0)").remove(0);
        assert!(parameter.value.unwrap().at_run_time);
        let plan = conditions("(NOT (hashed SubPlan 1))").remove(0);
        assert_eq!(plan.shape, Shape::Other);
        assert_eq!(
            term("public.f(t.a, 'x.y'::public.mood)").sql,
            "public.f(a, 'x.y'::public.mood)"
        );
    }

    #[test]
    fn sort_keys_have_directions() {
        let (term, descends, nulls_first) = sort_key("o.created_at DESC NULLS LAST").unwrap();
        assert_eq!(
            (term.column(), descends, nulls_first),
            (Some("created_at"), true, false)
        );
        assert_eq!(
            sort_key("(lower(o.name))").map(|(term, ..)| term.sql).as_deref(),
            Some("lower(name)")
        );
    }
}
