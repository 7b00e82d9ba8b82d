use howdah_sql::{Limits, RelationName, tree};
use serde_json::Value;

use crate::ChangeError;

/// An expression with each of its columns replaced. Columns may be qualified by the table's
/// name. Whole rows and other qualifications are an error: what they mean cannot be said in another place.
pub(crate) fn replace_columns(
    expression: &str,
    table: &RelationName,
    replace: impl Fn(&str) -> String,
) -> Result<String, ChangeError> {
    let text = format!("SELECT {expression}");
    let replaced = replace_in(&text, table, replace)?;
    Ok(replaced["SELECT ".len()..].to_owned())
}

/// A statement with each column in its expressions replaced.
pub(crate) fn replace_in(
    text: &str,
    table: &RelationName,
    replace: impl Fn(&str) -> String,
) -> Result<String, ChangeError> {
    let trees = tree(text, &Limits::default())?;
    let mut found: Vec<(usize, Vec<String>)> = Vec::new();
    for tree in &trees {
        collect(tree, &mut found)?;
    }
    found.sort();
    found.dedup();
    let mut result = text.to_owned();
    for (at, fields) in found.into_iter().rev() {
        let column = match fields.as_slice() {
            [column] => column,
            [qualifier, column] if *qualifier == table.name => column,
            _ => return Err(unclear(&fields.join("."))),
        };
        let end = at + written_length(&text[at..], fields.len()).ok_or_else(|| unclear(&fields.join(".")))?;
        result.replace_range(at..end, &replace(column));
    }
    Ok(result)
}

fn unclear(reference: &str) -> ChangeError {
    ChangeError::Refused(vec![format!(
        "The expression refers to {reference:?}, which Howdah cannot carry over to a new column"
    )])
}

fn collect(value: &Value, found: &mut Vec<(usize, Vec<String>)>) -> Result<(), ChangeError> {
    match value {
        Value::Array(items) => items.iter().try_for_each(|item| collect(item, found)),
        Value::Object(fields) => {
            if let Some(reference) = fields.get("ColumnRef") {
                let names: Vec<String> = reference["fields"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .map(|field| field["String"]["sval"].as_str().map(str::to_owned))
                    .collect::<Option<_>>()
                    .ok_or_else(|| unclear("*"))?;
                let at = reference["location"]
                    .as_u64()
                    .and_then(|at| usize::try_from(at).ok())
                    .unwrap_or(0);
                found.push((at, names));
                return Ok(());
            }
            fields.values().try_for_each(|field| collect(field, found))
        }
        _ => Ok(()),
    }
}

/// The bytes of a dotted name of so many parts as it is written.
fn written_length(text: &str, parts: usize) -> Option<usize> {
    let mut at = 0;
    for part in 0..parts {
        if part > 0 {
            at += text[at..].len() - text[at..].trim_start().len();
            at += text[at..].strip_prefix('.').map(|_| 1)?;
            at += text[at..].len() - text[at..].trim_start().len();
        }
        let rest = &text[at..];
        at += if rest.starts_with('"') {
            let mut end = 1;
            loop {
                end += rest[end..].find('"')? + 1;
                if rest[end..].starts_with('"') {
                    end += 1;
                } else {
                    break end;
                }
            }
        } else {
            rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$' || !c.is_ascii()))
                .unwrap_or(rest.len())
        };
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn columns_are_replaced_and_nothing_else() {
        let table = RelationName::in_schema("s", "t");
        let replaced =
            |text: &str| replace_columns(text, &table, |column| format!("NEW.\"{column}\"")).unwrap();
        assert_eq!(replaced("a::bigint"), "NEW.\"a\"::bigint");
        assert_eq!(
            replaced("CASE WHEN t.\"A \"\" b\" > 'a' THEN lower(a || \"a\") END"),
            "CASE WHEN NEW.\"A \" b\" > 'a' THEN lower(NEW.\"a\" || NEW.\"a\") END"
        );
        assert!(replace_columns("t.*", &table, str::to_owned).is_err());
        assert!(replace_columns("x.a", &table, str::to_owned).is_err());
    }
}
