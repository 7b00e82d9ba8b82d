//! Reads the JSON that libpg_query writes, without recursion: a parse tree
//! may nest deeper than serde_json's limit of 128 and than a small stack holds.

use serde_json::{Map, Number, Value};

use crate::SyntaxError;

/// Reads a text whose objects nest at most `max_depth` nodes deep; every node
/// is an object inside of an object that names its type.
pub(crate) fn read_json(text: &str, max_depth: usize) -> Result<Value, SyntaxError> {
    let mut open: Vec<Open> = Vec::new();
    let mut objects = 0;
    let mut rest = text.trim_ascii_start();
    loop {
        // One value, or the start of one.
        let mut value = match rest.as_bytes().first() {
            Some(b'{') => {
                objects += 1;
                // The outermost holds the script and is no node.
                if objects / 2 > max_depth {
                    return Err(SyntaxError::too_deep(Some(objects / 2), max_depth));
                }
                rest = rest[1..].trim_ascii_start();
                if !rest.starts_with('}') {
                    let key = take_key(&mut rest)?;
                    open.push(Open::Object(Map::new(), key));
                    continue;
                }
                rest = &rest[1..];
                objects -= 1;
                Value::Object(Map::new())
            }
            Some(b'[') => {
                rest = rest[1..].trim_ascii_start();
                if !rest.starts_with(']') {
                    open.push(Open::Array(Vec::new()));
                    continue;
                }
                rest = &rest[1..];
                Value::Array(Vec::new())
            }
            _ => take_scalar(&mut rest)?,
        };
        // Put it where it belongs, and close what it completes.
        loop {
            rest = rest.trim_ascii_start();
            let next = rest.as_bytes().first().copied();
            let Some(mut parent) = open.pop() else {
                return if rest.is_empty() {
                    Ok(value)
                } else {
                    Err(garbled(rest))
                };
            };
            rest = rest.get(1..).unwrap_or_default().trim_ascii_start();
            match (&mut parent, next) {
                (Open::Object(map, key), Some(b',')) => {
                    map.insert(std::mem::take(key), value);
                    *key = take_key(&mut rest)?;
                    open.push(parent);
                    break;
                }
                (Open::Array(items), Some(b',')) => {
                    items.push(value);
                    open.push(parent);
                    break;
                }
                (Open::Object(map, key), Some(b'}')) => {
                    map.insert(std::mem::take(key), value);
                    objects -= 1;
                    value = Value::Object(std::mem::take(map));
                }
                (Open::Array(items), Some(b']')) => {
                    items.push(value);
                    value = Value::Array(std::mem::take(items));
                }
                _ => return Err(garbled(rest)),
            }
        }
    }
}

/// A container whose end has not been seen; an object with the key of its next value.
enum Open {
    Object(Map<String, Value>, String),
    Array(Vec<Value>),
}

fn take_key(rest: &mut &str) -> Result<String, SyntaxError> {
    let key = take_string(rest)?;
    *rest = rest
        .trim_ascii_start()
        .strip_prefix(':')
        .ok_or_else(|| garbled(rest))?
        .trim_ascii_start();
    Ok(key)
}

fn take_string(rest: &mut &str) -> Result<String, SyntaxError> {
    let bytes = rest.as_bytes();
    if bytes.first() != Some(&b'"') {
        return Err(garbled(rest));
    }
    let mut end = 1;
    let mut escaped = false;
    loop {
        match bytes.get(end) {
            Some(b'"') => break,
            Some(b'\\') => {
                escaped = true;
                end += 2;
            }
            Some(_) => end += 1,
            None => return Err(garbled(rest)),
        }
    }
    let (literal, after) = rest.split_at(end + 1);
    let plain = &literal[1..end];
    let text = if escaped {
        serde_json::from_str(literal).map_err(|_| garbled(literal))?
    } else {
        plain.to_owned()
    };
    *rest = after;
    Ok(text)
}

fn take_scalar(rest: &mut &str) -> Result<Value, SyntaxError> {
    if rest.starts_with('"') {
        return take_string(rest).map(Value::String);
    }
    let end = rest
        .find(|c: char| matches!(c, ',' | '}' | ']') || c.is_ascii_whitespace())
        .unwrap_or(rest.len());
    let (word, after) = rest.split_at(end);
    let value = match word {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        "null" => Value::Null,
        number => Value::Number(
            number
                .parse::<i64>()
                .map(Number::from)
                .or_else(|_| number.parse::<Number>())
                .map_err(|_| garbled(rest))?,
        ),
    };
    *rest = after;
    Ok(value)
}

fn garbled(rest: &str) -> SyntaxError {
    let near: String = rest.chars().take(30).collect();
    SyntaxError::at_byte(
        "",
        0,
        format!("The parser's answer could not be read near {near:?}"),
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    #[test]
    fn reads_what_serde_reads() {
        let value = json!({
            "a": [1, -2, {"b": {}, "c": []}, [[]], null, true, false, 1.5],
            "quote \" and \\ and \n and é 漢": "\u{1} \t \"",
            "": "",
        });
        for text in [value.to_string(), serde_json::to_string_pretty(&value).unwrap()] {
            assert_eq!(read_json(&text, 10).unwrap(), value);
        }
    }

    #[test]
    fn refuses_what_is_not_json() {
        for text in [
            "",
            "{",
            "[",
            "[1",
            "[1,",
            "[1,]",
            "{\"a\"",
            "{\"a\":",
            "{\"a\":1",
            "{\"a\":1,}",
            "{a:1}",
            "1 2",
            "]",
            "tru",
            "\"",
            "\"\\",
            "[1}",
            "{\"a\":1]",
            "--1",
        ] {
            assert!(read_json(text, 10).is_err(), "{text}");
        }
    }

    #[test]
    fn bounds_the_depth() {
        let deep = |n: usize| format!("{}1{}", "{\"a\":".repeat(n), "}".repeat(n));
        assert!(read_json(&deep(201), 100).is_ok());
        let error = read_json(&deep(202), 100).unwrap_err();
        assert_eq!(
            error.message,
            "The statement nests 101 levels deep, and 100 are allowed"
        );
    }
}
