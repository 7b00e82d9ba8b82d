//! Executions of statements, as entries of a log tell of them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Entry, duration};

/// An execution of a statement.
#[derive(Debug, Clone, PartialEq)]
pub struct Execution {
    /// The statement.
    pub text: String,
    /// The values of its parameters, as far as they are known.
    pub values: Vec<Option<String>>,
    /// Milliseconds that it took, where the log tells.
    pub ms: Option<f64>,
    /// What told of it.
    pub source: Source,
}

/// What the log told of an execution by; both may tell of the same one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The statement itself was logged.
    Statement,
    /// auto_explain logged its plan.
    Plan,
}

impl Execution {
    /// The execution that an entry tells of. Of the extended protocol that is the execution alone: parsing and binding
    /// come before it. Of a cursor it is none: each FETCH is logged.
    pub fn of(entry: &Entry) -> Option<Self> {
        if entry.severity != "LOG" {
            return None;
        }
        let (ms, what, text) = match duration(&entry.message) {
            Some((ms, what, text)) => (Some(ms), what, text),
            None => {
                let (what, text) = entry.message.split_once(": ")?;
                (None, what, text)
            }
        };
        if what == "plan" {
            let (text, values) = explained(text)?;
            let source = Source::Plan;
            return Some(Self {
                text,
                values,
                ms,
                source,
            });
        }
        let executes =
            what == "statement" || (what.starts_with("execute ") && !what.starts_with("execute fetch"));
        if !executes {
            return None;
        }
        let detail = entry.detail.as_deref().unwrap_or_default();
        // EXECUTE of SQL: what was prepared is told beside it.
        let prepared = detail.strip_prefix("prepare: ").and_then(|rest| {
            let upper = rest.to_ascii_uppercase();
            let at = upper.find(" AS ").filter(|_| upper.len() == rest.len())?;
            rest.get(at + 4..)
        });
        Some(Self {
            text: prepared.unwrap_or(text).trim().trim_end_matches(';').to_owned(),
            values: values(detail),
            ms,
            source: Source::Statement,
        })
    }
}

/// The statement of a plan that auto_explain logged, and its parameters (PostgreSQL 16 on).
fn explained(plan: &str) -> Option<(String, Vec<Option<String>>)> {
    let plan = plan.trim_start();
    if plan.starts_with('{') {
        let plan: Value = serde_json::from_str(plan).ok()?;
        let parameters = plan["Query Parameters"].as_str().unwrap_or_default();
        return Some((plan["Query Text"].as_str()?.trim().to_owned(), values(parameters)));
    }
    let rest = plan.strip_prefix("Query Text: ")?;
    let mut text = Vec::new();
    let mut parameters = String::new();
    for line in rest.lines() {
        if let Some(rest) = line.strip_prefix("Query Parameters: ") {
            parameters = rest.to_owned();
        } else if line.contains("  (cost=") {
            break;
        } else if parameters.is_empty() {
            text.push(line);
        } else {
            parameters.push('\n');
            parameters.push_str(line);
        }
    }
    let text = text.join("\n");
    Some((text.trim().trim_end_matches(';').to_owned(), values(&parameters)))
}

/// The values of `$1 = 'a', $2 = NULL, $3 = 5, …`; what was cut by the server is not known.
pub fn values(detail: &str) -> Vec<Option<String>> {
    let rest = detail.trim_start();
    let head = rest.get(..11).unwrap_or_default();
    let mut rest = match head.eq_ignore_ascii_case("parameters:") {
        true => &rest[11..],
        false => rest,
    };
    let mut found: BTreeMap<usize, Option<String>> = BTreeMap::new();
    loop {
        rest = rest.trim_start_matches([',', ' ', '\n']);
        let Some((number, after)) = rest.strip_prefix('$').and_then(|rest| rest.split_once(" = ")) else {
            break;
        };
        let Ok(number) = number.parse::<usize>() else {
            break;
        };
        if let Some(quoted) = after.strip_prefix('\'') {
            let (value, behind) = unquoted(quoted);
            found.insert(number, (!value.ends_with("...")).then_some(value));
            rest = behind;
        } else {
            let end = after.find(',').unwrap_or(after.len());
            let word = after[..end].trim();
            let is_null = word.is_empty() || word.eq_ignore_ascii_case("null");
            found.insert(number, (!is_null).then(|| word.to_owned()));
            rest = &after[end..];
        }
    }
    // The protocol has room for no more.
    let count = found.keys().next_back().copied().unwrap_or(0).min(65_535);
    (1..=count)
        .map(|number| found.remove(&number).flatten())
        .collect()
}

/// What stands before the closing quote, and what behind.
fn unquoted(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut letters = text.char_indices().peekable();
    while let Some((at, c)) = letters.next() {
        if c != '\'' {
            value.push(c);
        } else if letters.next_if(|(_, next)| *next == '\'').is_some() {
            value.push('\'');
        } else {
            return (value, &text[at + 1..]);
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn parameters_are_read() {
        assert_eq!(
            values("Parameters: $1 = 'a''b, $2 = ', $2 = NULL, $4 = '7', $5 = 'cut...'"),
            [some("a'b, $2 = "), None, None, some("7"), None]
        );
        assert_eq!(
            values("$1 = 5, $2 = null, $3 = true"),
            [some("5"), None, some("true")]
        );
        assert!(values("prepare: PREPARE x AS SELECT 1").is_empty());
    }
}
