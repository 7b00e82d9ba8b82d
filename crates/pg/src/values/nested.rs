use super::json::{write_nested, write_string};
use super::shape::{Field, Shape};

/// The bounds that an array's text starts with (`[0:2]`, `[0:1][5:6]`), which
/// PostgreSQL prints only where a lower bound is not 1.
pub fn array_bounds(text: &str) -> Option<&str> {
    if !text.starts_with('[') {
        return None;
    }
    let end = text.find("]={")?;
    Some(&text[..=end])
}

/// Writes an array's text as nested JSON arrays; `None` if it is no array's text.
pub(super) fn write_array(
    out: &mut Vec<u8>,
    text: &str,
    element: &Shape,
    delimiter: u8,
    depth: usize,
) -> Option<()> {
    let body = match array_bounds(text) {
        Some(bounds) => &text[bounds.len() + 1..],
        None => text,
    };
    let mut elements = Elements {
        text: body,
        at: 0,
        element,
        delimiter,
        scratch: String::new(),
    };
    elements.level(out, depth + 1)?;
    (elements.at == body.len()).then_some(())
}

struct Elements<'a> {
    text: &'a str,
    at: usize,
    element: &'a Shape,
    delimiter: u8,
    scratch: String,
}

impl Elements<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// One `{…}`, whose elements are `depth` levels deep in their cell.
    fn level(&mut self, out: &mut Vec<u8>, depth: usize) -> Option<()> {
        // PostgreSQL allows six dimensions.
        if self.peek()? != b'{' || depth > super::json::MAX_DEPTH {
            return None;
        }
        self.at += 1;
        out.push(b'[');
        if self.peek()? == b'}' {
            self.at += 1;
            out.push(b']');
            return Some(());
        }
        loop {
            match self.peek()? {
                b'{' => self.level(out, depth + 1)?,
                b'"' => {
                    self.at = unquote_backslashed(self.text, self.at, &mut self.scratch)?;
                    write_nested(out, &self.scratch, self.element, depth);
                }
                _ => {
                    let rest = &self.text[self.at..];
                    let end = rest
                        .bytes()
                        .position(|byte| byte == self.delimiter || byte == b'}')?;
                    let item = &rest[..end];
                    if item.is_empty() {
                        return None;
                    }
                    if item == "NULL" {
                        out.extend_from_slice(b"null");
                    } else {
                        write_nested(out, item, self.element, depth);
                    }
                    self.at += end;
                }
            }
            let next = self.peek()?;
            self.at += 1;
            if next == self.delimiter {
                out.push(b',');
            } else if next == b'}' {
                out.push(b']');
                return Some(());
            } else {
                return None;
            }
        }
    }
}

/// Reads the element that opens with a quote at `start` into `into`; gives the place after it.
fn unquote_backslashed(text: &str, start: usize, into: &mut String) -> Option<usize> {
    into.clear();
    let bytes = text.as_bytes();
    let mut at = start + 1;
    let mut clean = at;
    loop {
        match bytes.get(at)? {
            b'"' => {
                into.push_str(&text[clean..at]);
                return Some(at + 1);
            }
            b'\\' => {
                into.push_str(&text[clean..at]);
                clean = at + 1;
                // The escaped character may be of several bytes; none of its
                // further bytes is a quote or a backslash.
                at += 2;
            }
            _ => at += 1,
        }
    }
}

/// Writes a row's text as an object; `None` if it does not have these fields.
pub(super) fn write_composite(out: &mut Vec<u8>, text: &str, fields: &[Field], depth: usize) -> Option<()> {
    let mut remaining = fields.iter();
    out.push(b'{');
    let mut first = true;
    each_field(text, fields.is_empty(), |value| {
        let field = remaining.next()?;
        if !std::mem::take(&mut first) {
            out.push(b',');
        }
        write_string(out, &field.name);
        out.push(b':');
        match value {
            Some(value) => write_nested(out, value, &field.shape, depth + 1),
            None => out.extend_from_slice(b"null"),
        }
        Some(())
    })?;
    out.push(b'}');
    remaining.next().is_none().then_some(())
}

/// Writes an anonymous row's text as an array of texts and nulls. `ROW()` and
/// `ROW(NULL)` read the same; both become `[]`.
pub(super) fn write_record(out: &mut Vec<u8>, text: &str) -> Option<()> {
    out.push(b'[');
    let mut first = true;
    each_field(text, true, |value| {
        if !std::mem::take(&mut first) {
            out.push(b',');
        }
        match value {
            Some(value) => write_string(out, value),
            None => out.extend_from_slice(b"null"),
        }
        Some(())
    })?;
    out.push(b']');
    Some(())
}

/// Calls `visit` for every field of a row's text. `()` has no field where `may_be_empty`, else one.
fn each_field(
    text: &str,
    may_be_empty: bool,
    mut visit: impl FnMut(Option<&str>) -> Option<()>,
) -> Option<()> {
    let body = text.strip_prefix('(')?.strip_suffix(')')?;
    if body.is_empty() && may_be_empty {
        return Some(());
    }
    let bytes = body.as_bytes();
    let mut scratch = String::new();
    let mut at = 0;
    loop {
        if bytes.get(at) == Some(&b'"') {
            at = unquote_doubled(body, at, &mut scratch)?;
            visit(Some(&scratch))?;
        } else {
            let end = bytes[at..]
                .iter()
                .position(|byte| *byte == b',')
                .map_or(bytes.len(), |n| at + n);
            let value = &body[at..end];
            visit((!value.is_empty()).then_some(value))?;
            at = end;
        }
        match bytes.get(at) {
            None => return Some(()),
            Some(b',') => at += 1,
            Some(_) => return None,
        }
    }
}

/// As [`unquote_backslashed`], for rows: quotes and backslashes within are doubled.
fn unquote_doubled(text: &str, start: usize, into: &mut String) -> Option<usize> {
    into.clear();
    let bytes = text.as_bytes();
    let mut at = start + 1;
    let mut clean = at;
    loop {
        match bytes.get(at)? {
            b'"' if bytes.get(at + 1) == Some(&b'"') => {
                into.push_str(&text[clean..=at]);
                at += 2;
                clean = at;
            }
            b'"' => {
                into.push_str(&text[clean..at]);
                return Some(at + 1);
            }
            b'\\' => {
                into.push_str(&text[clean..at]);
                clean = at + 1;
                at += 2;
            }
            _ => at += 1,
        }
    }
}

/// Writes an `int2vector`'s or `oidvector`'s text, `1 2 3`, as an array.
pub(super) fn write_vector(out: &mut Vec<u8>, text: &str, element: &Shape, depth: usize) {
    out.push(b'[');
    for (index, item) in text.split_ascii_whitespace().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_nested(out, item, element, depth + 1);
    }
    out.push(b']');
}
