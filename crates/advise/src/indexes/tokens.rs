//! The words of an expression as the server prints it.

use std::ops::Range;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Word,
    String,
    Number,
    Parameter,
    Operator,
    Mark,
}

pub(crate) fn tokens(text: &str) -> Vec<(Kind, Range<usize>)> {
    let bytes = text.as_bytes();
    let is_operator = |byte: u8| b"+-*/<>=~!@#%^&|`?".contains(&byte);
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80;
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        let byte = bytes[at];
        at += 1;
        let while_is = |at: &mut usize, is: &dyn Fn(u8) -> bool| {
            while *at < bytes.len() && is(bytes[*at]) {
                *at += 1;
            }
        };
        let kind = match byte {
            b' ' | b'\n' | b'\t' => continue,
            b'\'' | b'"' => {
                at = quoted(bytes, start, false);
                if byte == b'"' { Kind::Word } else { Kind::String }
            }
            b'E' if bytes.get(at) == Some(&b'\'') => {
                at = quoted(bytes, at, true);
                Kind::String
            }
            b'B' | b'X' if bytes.get(at) == Some(&b'\'') => {
                at = quoted(bytes, at, false);
                Kind::String
            }
            b'$' => {
                while_is(&mut at, &is_word);
                Kind::Parameter
            }
            b'0'..=b'9' => {
                while_is(&mut at, &|byte| byte.is_ascii_alphanumeric() || byte == b'.');
                Kind::Number
            }
            b':' if bytes.get(at) == Some(&b':') => {
                at += 1;
                Kind::Mark
            }
            byte if is_word(byte) => {
                while_is(&mut at, &is_word);
                Kind::Word
            }
            byte if is_operator(byte) => {
                while_is(&mut at, &is_operator);
                Kind::Operator
            }
            _ => Kind::Mark,
        };
        found.push((kind, start..at));
    }
    found
}

/// The end of what is quoted from `start` on.
fn quoted(bytes: &[u8], start: usize, escapes: bool) -> usize {
    let quote = bytes[start];
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if escapes => at += 1,
            byte if byte == quote && bytes.get(at + 1) == Some(&quote) => at += 1,
            byte if byte == quote => return at + 1,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}
