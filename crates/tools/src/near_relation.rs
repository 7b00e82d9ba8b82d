//! What a statement may have meant by a relation that does not exist.

use howdah_core::Error;
use howdah_pg::Session;
use howdah_pg::catalog::near_names;
use howdah_sql::RelationName;

/// SQLSTATE `undefined_table`.
const UNDEFINED_TABLE: &str = "42P01";
/// The longest text that is a name: schema and relation of 63 bytes each, every one a doubled quote.
const NAME_MAX_CHARS: usize = 260;

/// The error of a statement, with the relations of names like the one that it does not find.
pub(crate) async fn suggested(session: &mut Session, sql: &str, error: Error) -> Error {
    let (None, Some(UNDEFINED_TABLE), Some(position)) = (&error.hint, error.sqlstate.as_deref(), error.position) else {
        return error;
    };
    let Some(wanted) = name_at(sql, position) else {
        return error;
    };
    // The statement's error is what matters, whether or not more can be said.
    match near_names(session, &wanted).await {
        Ok(near) if !near.is_empty() => {
            let near: Vec<String> = near.iter().map(ToString::to_string).collect();
            error.hint(format!("Did you mean {}?", near.join(", ")))
        }
        _ => error,
    }
}

/// The name that begins at a character of the text, counted from 1.
fn name_at(sql: &str, position: usize) -> Option<RelationName> {
    let mut is_quoted = false;
    let text: String = sql
        .chars()
        .skip(position.checked_sub(1)?)
        .take(NAME_MAX_CHARS)
        .take_while(|c| {
            is_quoted ^= *c == '"';
            is_quoted || matches!(c, '"' | '.' | '_' | '$') || c.is_alphanumeric()
        })
        .collect();
    text.parse().ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_name_ends_where_the_server_ends_it() {
        let at = |sql: &str, position| name_at(sql, position).map(|name| name.to_string());
        assert_eq!(at("SELECT * FROM ordres;", 15).unwrap(), "ordres");
        assert_eq!(at("SELECT 'ä', x FROM Sales.Ordres o", 20).unwrap(), "sales.ordres");
        assert_eq!(at("TABLE \"Mixd \"\"Case\"(1)", 7).unwrap(), "\"Mixd \"\"Case\"");
        assert_eq!(at("SELECT 1", 99), None);
        assert_eq!(at("SELECT 1", 0), None);
    }
}
