use std::ffi::CString;

use pg_query::protobuf::KeywordKind;

use crate::ffi;

/// An identifier as SQL: quoted where the server's `quote_ident` quotes, which
/// is unless it consists of lower case ASCII letters, digits and underscores,
/// does not start with a digit, and is no keyword but an unreserved one.
pub fn quote_ident(name: &str) -> String {
    let plain = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if plain && !needs_quotes_as_keyword(name) {
        name.to_owned()
    } else {
        format!("\"{}\"", name.replace('"', "\"\""))
    }
}

/// A string as an SQL literal, right whatever `standard_conforming_strings`
/// is: text with a backslash becomes an `E'…'` literal.
pub fn quote_literal(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    if quoted.contains('\\') {
        format!("E'{}'", quoted.replace('\\', "\\\\"))
    } else {
        format!("'{quoted}'")
    }
}

/// Words of the grammar in any class but the unreserved, which may be
/// functions (`coalesce`), types (`bigint`) or nothing at all (`select`).
fn needs_quotes_as_keyword(word: &str) -> bool {
    let Ok(word) = CString::new(word) else {
        return true;
    };
    let harmless = [
        KeywordKind::NoKeyword as u32,
        KeywordKind::UnreservedKeyword as u32,
    ];
    match ffi::scan(&word).as_deref() {
        Ok([token]) => !harmless.contains(&token.keyword_kind()),
        _ => true,
    }
}
