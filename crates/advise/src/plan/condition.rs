//! What a condition names, as the server prints it.

/// The columns that a condition names, in order and once each: those of `alias`, or those without one where the
/// plan tells none. A plan names functions, types and columns alike; what is followed by a parenthesis or stands
/// behind `::` is no column.
pub fn columns(condition: &str, alias: Option<&str>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let words = words(condition);
    for (at, word) in words.iter().enumerate() {
        let Word::Name(name) = word else { continue };
        let before = at.checked_sub(1).and_then(|before| words.get(before));
        let next = words.get(at + 1);
        let is_other = matches!(next, Some(Word::Sign('(' | '.'))) || matches!(before, Some(Word::Sign(':')));
        let owner = match (before, at.checked_sub(2).and_then(|owner| words.get(owner))) {
            (Some(Word::Sign('.')), Some(Word::Name(owner))) => Some(owner.as_str()),
            _ => None,
        };
        let is_of_another = match (owner, alias) {
            (Some(owner), Some(alias)) => owner != alias,
            _ => false,
        };
        if !is_other && !is_of_another && !is_keyword(name) && !found.contains(name) {
            found.push(name.clone());
        }
    }
    found
}

/// The parts of a condition that have all to hold: `((a = 1) AND (b = 2))` has two.
fn conjuncts(condition: &str) -> Vec<&str> {
    const AND: &str = " AND ";
    let inner = match condition
        .strip_prefix('(')
        .and_then(|rest| rest.strip_suffix(')'))
    {
        Some(inner) => inner,
        None => return vec![condition],
    };
    let (mut parts, mut begin, mut depth, mut quote) = (Vec::new(), 0, 0_i32, None);
    for (at, c) in inner.char_indices() {
        match (quote, c) {
            (Some(open), _) if open == c => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '(' | '[') => depth += 1,
            (None, ')' | ']') => depth -= 1,
            (None, ' ') if depth == 0 && inner[at..].starts_with(AND) && at >= begin => {
                parts.push(&inner[begin..at]);
                begin = at + AND.len();
            }
            _ => {}
        }
        // `(a = 1) OR (b = 2)` in parentheses that are not a pair.
        if depth < 0 {
            return vec![condition];
        }
    }
    match parts.is_empty() {
        true => vec![condition],
        false => {
            parts.push(&inner[begin..]);
            parts
        }
    }
}

/// Whether every part of a condition rests on the result of a subquery, of which there is neither an index nor a
/// statistic.
pub fn is_of_subqueries(condition: &str) -> bool {
    conjuncts(condition).iter().all(|part| part.contains("SubPlan "))
}

/// The columns that a condition compares only after their type was changed, with that type: `(id)::numeric = 5.0`
/// and `(day)::date = …` keep an index on the column from being used. Changes between the kinds of text do not.
pub fn cast_columns(condition: &str) -> Vec<(String, String)> {
    const HARMLESS: &[&str] = &[
        "text",
        "character",
        "bpchar",
        "varchar",
        "name",
        "regclass",
        "oid",
    ];
    let words = words(condition);
    let mut found = Vec::new();
    for at in 0..words.len() {
        // ( name ) : : type
        let Some([Word::Sign('('), Word::Name(first), rest @ ..]) = words.get(at..) else {
            continue;
        };
        let (name, rest) = match rest {
            [Word::Sign('.'), Word::Name(column), rest @ ..] => (column, rest),
            rest => (first, rest),
        };
        let [
            Word::Sign(')'),
            Word::Sign(':'),
            Word::Sign(':'),
            Word::Name(cast),
            rest @ ..,
        ] = rest
        else {
            continue;
        };
        let mut cast = cast.clone();
        for word in rest {
            match word {
                Word::Name(more)
                    if ["precision", "without", "with", "time", "zone", "varying"]
                        .contains(&more.as_str()) =>
                {
                    cast.push_str(&format!(" {more}"));
                }
                _ => break,
            }
        }
        let is_harmless = HARMLESS.contains(&cast.split(' ').next().unwrap_or_default());
        let one = (name.clone(), cast);
        if !is_harmless && !found.contains(&one) {
            found.push(one);
        }
    }
    found
}

enum Word {
    Name(String),
    Sign(char),
    /// A constant or a parameter.
    Value,
}

fn words(text: &str) -> Vec<Word> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '\'' => {
                found.push(Word::Value);
                quoted(rest, '\'')
            }
            '"' => {
                let length = quoted(rest, '"');
                let inner = rest[..length].trim_matches('"').replace("\"\"", "\"");
                found.push(Word::Name(inner));
                length
            }
            c if c.is_alphabetic() || c == '_' => {
                let length = rest
                    .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$'))
                    .unwrap_or(rest.len());
                found.push(Word::Name(rest[..length].to_owned()));
                length
            }
            c if c.is_ascii_digit() || c == '$' => {
                found.push(Word::Value);
                let is_part = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '$';
                rest.find(|c| !is_part(c)).unwrap_or(rest.len())
            }
            c => {
                if !c.is_whitespace() {
                    found.push(Word::Sign(c));
                }
                c.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    found
}

/// The length of what is between quotes, which are doubled inside.
fn quoted(text: &str, quote: char) -> usize {
    let mut rest = &text[1..];
    while let Some(at) = rest.find(quote) {
        rest = &rest[at + 1..];
        match rest.strip_prefix(quote) {
            Some(after) => rest = after,
            None => return text.len() - rest.len(),
        }
    }
    text.len()
}

/// Words of the deparsed grammar that are no names; a column of such a name is quoted.
fn is_keyword(word: &str) -> bool {
    const KEYWORDS: &[&str] = &[
        "AND",
        "OR",
        "NOT",
        "IS",
        "NULL",
        "TRUE",
        "FALSE",
        "UNKNOWN",
        "ANY",
        "ALL",
        "ARRAY",
        "ROW",
        "CASE",
        "WHEN",
        "THEN",
        "ELSE",
        "END",
        "DISTINCT",
        "FROM",
        "SubPlan",
        "InitPlan",
        "hashed",
        "alternatives",
        "true",
        "false",
        "COLLATE",
        "IN",
        "COALESCE",
        "EXISTS",
        "returns",
        "B",
        "E",
        "DESC",
        "ASC",
        "NULLS",
        "FIRST",
        "LAST",
        "USING",
        "AT",
        "TIME",
        "ZONE",
        "NULLIF",
        "GREATEST",
        "LEAST",
        "CURRENT_DATE",
        "CURRENT_TIMESTAMP",
        "CURRENT_USER",
    ];
    KEYWORDS.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_told_from_all_else() {
        let found = columns(
            "((o.state = 'paid, t.x'::text) AND (lower(o.\"Mixed \"\" Case\") ~~ 'a%'::text) AND (c.id = o.customer_id) AND (o.state <> $1))",
            Some("o"),
        );
        assert_eq!(found, ["state", "Mixed \" Case", "customer_id"]);
        assert_eq!(
            columns("((a > 5) AND (NOT b) AND (c IS NULL))", Some("t")),
            ["a", "b", "c"]
        );
    }

    #[test]
    fn conditions_are_taken_apart() {
        assert_eq!(
            conjuncts("((a = 1) AND (b = ' AND '::text))"),
            ["(a = 1)", "(b = ' AND '::text)"]
        );
        assert_eq!(
            conjuncts("((a = 1) OR ((b = 2) AND c))"),
            ["((a = 1) OR ((b = 2) AND c))"]
        );
        assert_eq!(conjuncts("a"), ["a"]);
        assert!(is_of_subqueries(
            "((NOT (hashed SubPlan 1)) AND (v OR (SubPlan 2)))"
        ));
        assert!(!is_of_subqueries("((NOT (hashed SubPlan 1)) AND (v = 3))"));
    }

    #[test]
    fn changes_of_type_are_found() {
        let pair = |name: &str, cast: &str| (name.to_owned(), cast.to_owned());
        assert_eq!(
            cast_columns(
                "(((id)::numeric = 5.0) AND ((code)::text = 'x'::text) AND ((t.at)::timestamp without time zone > now()))"
            ),
            [pair("id", "numeric"), pair("at", "timestamp without time zone")]
        );
        assert_eq!(cast_columns("(id = '5'::bigint)"), []);
    }
}
