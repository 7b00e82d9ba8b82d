use howdah_core::Span;
use howdah_sql::pg_query;

/// One past the last byte of the word, string, number or symbol that starts at a place.
pub fn word_end(text: &str, start: usize) -> usize {
    let rest = text.get(start..).unwrap_or_default();
    let length = match rest.chars().next() {
        None => 0,
        Some(quote @ ('"' | '\'')) => rest[1..].find(quote).map_or(rest.len(), |end| end + 2),
        Some(first) if first.is_alphanumeric() || first == '_' || first == '$' => rest
            .find(|c: char| !(c.is_alphanumeric() || "_$.".contains(c)))
            .unwrap_or(rest.len()),
        Some(first) => first.len_utf8(),
    };
    start + length
}

/// The word at a place, as a span in the statement.
pub fn span_at(text: &str, start: usize) -> Span {
    let start = if text.is_char_boundary(start.min(text.len())) {
        start.min(text.len())
    } else {
        0
    };
    Span {
        start,
        end: word_end(text, start).max(start),
    }
}

/// The offsets of the parenthesis that opens at or after a place, and of the one that closes it.
pub fn closing(text: &str, from: usize) -> Option<(usize, usize)> {
    let tokens = pg_query::scan(text).ok()?.tokens;
    let offset = |position: i32| usize::try_from(position).ok();
    let (mut depth, mut open) = (0usize, None);
    for token in tokens {
        let (start, end) = offset(token.start).zip(offset(token.end))?;
        if start < from {
            continue;
        }
        match text.get(start..end)? {
            "(" => {
                depth += 1;
                open = open.or(Some(start));
            }
            ")" if depth > 0 => {
                depth -= 1;
                if depth == 0 {
                    return Some((open?, start));
                }
            }
            _ => {}
        }
    }
    None
}
