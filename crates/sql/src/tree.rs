use std::borrow::Cow;

use serde_json::Value;

use crate::error::accept;
use crate::json::read_json;
use crate::lexer::{Token, TokenKind, tokens};
use crate::parse::with_parser_stack;
use crate::{Limits, SyntaxError, ffi};

/// The parse tree in libpg_query's JSON form, one value per statement: each an
/// object of one key, the node's type (`{"SelectStmt": {…}}`).
///
/// Meant for walks that must not overlook anything: a node in a place that
/// nobody thought of is still a key in an object. Null and zero fields are
/// left out; `location` counts bytes from the start of the text. No deeper
/// than [`Limits::max_depth`] nodes, so an ordinary recursive walk is safe.
///
/// # Errors
/// As for [`parse`](crate::parse()).
pub fn tree(text: &str, limits: &Limits) -> Result<Vec<Value>, SyntaxError> {
    let input = accept(text, limits)?;
    let mut tree = with_parser_stack(text, || {
        ffi::parse_json(&input, |json| read_json(json, limits.depth()))
            .map_err(|failure| SyntaxError::of_parser(text, failure))?
    })?;
    let Some(Value::Array(statements)) = tree.get_mut("stmts").map(Value::take) else {
        return Ok(Vec::new());
    };
    let statements = statements.into_iter().map(|mut raw| raw["stmt"].take());
    Ok(statements.filter(|statement| !statement.is_null()).collect())
}

/// The parse trees of the PL/pgSQL bodies in `CREATE FUNCTION`, `CREATE
/// PROCEDURE` and `DO` statements, as libpg_query's JSON: an array with one
/// `{"PLpgSQL_function": {…}}` for each body; functions in other languages are
/// left out. The SQL inside of a body stands there as text.
///
/// # Errors
/// As for [`parse`](crate::parse()), and where the body is not PL/pgSQL; the
/// position is then that of the statement. The library also refuses what it
/// would need a catalog for: arguments that are arrays of other than built-in types.
pub fn plpgsql_tree(create_function: &str) -> Result<Value, SyntaxError> {
    let limits = Limits::default();
    let input = accept(&with_plain_head(create_function), &limits)?;
    with_parser_stack(create_function, || {
        ffi::parse_plpgsql(&input, |json| {
            read_json(&without_empty_datums(json), limits.depth())
        })
        .map_err(|failure| SyntaxError::of_parser(create_function, failure))?
    })
    .map(|mut functions| {
        // Of a function in another language it gives a frame without an action.
        if let Some(functions) = functions.as_array_mut() {
            functions.retain(|function| function["PLpgSQL_function"]["action"].is_object());
        }
        functions
    })
}

/// The text with a head that the library can read, which has no catalog and so
/// neither takes a type for an array behind `VARIADIC` nor knows any schema but
/// two: both are overwritten by blanks. The body, a string, stays as it is.
fn with_plain_head(create_function: &str) -> String {
    let mut text = create_function.to_owned();
    let head: Vec<Token> = tokens(create_function, 0)
        .filter(|token| token.kind != TokenKind::Comment)
        .collect();
    let word = |at: usize| {
        head.get(at)
            .map_or("", |token| &create_function[token.start..token.end])
    };
    let is_name = |at: usize| {
        let kind = head.get(at).map(|token| token.kind);
        matches!(kind, Some(TokenKind::Word | TokenKind::QuotedName))
    };
    let arguments = (0..head.len()).find(|at| word(*at) == "(").unwrap_or(head.len());
    for at in arguments..head.len() {
        let start = head[at].start;
        let qualified = is_name(at) && word(at + 1) == "." && is_name(at + 2);
        // A server that prints its own function has resolved table.column%TYPE.
        let blank = if qualified && !["%", "."].contains(&word(at + 3)) {
            start..head[at + 2].start
        } else if word(at).eq_ignore_ascii_case("variadic") {
            start..head[at].end
        } else {
            continue;
        };
        let blanks = " ".repeat(blank.len());
        text.replace_range(blank, &blanks);
    }
    text
}

/// Leaves out the variables that the library does not know how to write, such as a
/// trigger function's TG_OP: of each it leaves `{}}`, which is no JSON.
fn without_empty_datums(json: &str) -> Cow<'_, str> {
    const EMPTY: &[u8] = b"{}}";
    if !json.contains("{}}") {
        return json.into();
    }
    let bytes = json.as_bytes();
    let mut clean = String::with_capacity(json.len());
    let mut copied = 0;
    let mut at = 0;
    let mut in_string = false;
    while let Some(byte) = bytes.get(at) {
        let before = match at > copied {
            true => bytes.get(at - 1),
            false => clean.as_bytes().last(),
        };
        match byte {
            b'"' => in_string = !in_string,
            b'\\' if in_string => at += 1,
            b'{' if !in_string && bytes[at..].starts_with(EMPTY) && matches!(before, Some(b'[' | b',')) => {
                clean.push_str(&json[copied..at]);
                at += EMPTY.len();
                if bytes.get(at) == Some(&b',') {
                    at += 1;
                } else if clean.ends_with(',') {
                    clean.pop();
                }
                copied = at;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    clean.push_str(&json[copied..]);
    clean.into()
}

#[cfg(test)]
mod tests {
    use super::without_empty_datums;

    #[test]
    fn empty_datums_are_left_out_and_strings_are_not_touched() {
        for (given, clean) in [
            (r#"{"d":[{"a":1},{}},{}},{"b":2}]}"#, r#"{"d":[{"a":1},{"b":2}]}"#),
            (r#"{"d":[{}},{}}],"x":1}"#, r#"{"d":[],"x":1}"#),
            (r#"{"d":[{"a":1},{}}]}"#, r#"{"d":[{"a":1}]}"#),
            (r#"{"q":"[{}},{}}\\\",{}}"}"#, r#"{"q":"[{}},{}}\\\",{}}"}"#),
            (r#"{"a":{"b":{}}}"#, r#"{"a":{"b":{}}}"#),
        ] {
            assert_eq!(without_empty_datums(given), clean);
        }
    }
}
