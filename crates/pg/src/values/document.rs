use serde::de::IgnoredAny;

use super::json::MAX_DEPTH;
use super::number::survives_double;

/// Writes a `json` or `jsonb` text, without insignificant white space, after
/// what is in `out`. False, with `out` as it was, if it cannot be embedded:
/// nested too deeply for common readers, or holding an escape that stands for
/// no character (which PostgreSQL's `json` stores).
pub(super) fn write_document(out: &mut Vec<u8>, text: &str, depth: usize) -> bool {
    let start = out.len();
    // The scan below leaves the grammar to the server; the last look is for a
    // field that was taken for JSON because its type changed meanwhile.
    let written = embed(out, text.as_bytes(), depth).is_some()
        && serde_json::from_slice::<IgnoredAny>(&out[start..]).is_ok();
    if !written {
        out.truncate(start);
    }
    written
}

fn embed(out: &mut Vec<u8>, text: &[u8], outer: usize) -> Option<()> {
    let mut depth = outer;
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' => at += 1,
            b'"' => {
                let end = string_end(text, at)?;
                out.extend_from_slice(&text[at..end]);
                at = end;
            }
            b'-' | b'0'..=b'9' => {
                let length = text[at..]
                    .iter()
                    .take_while(|byte| matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9'))
                    .count();
                let number = &text[at..at + length];
                if survives_double(std::str::from_utf8(number).ok()?) {
                    out.extend_from_slice(number);
                } else {
                    out.push(b'"');
                    out.extend_from_slice(number);
                    out.push(b'"');
                }
                at += length;
            }
            _ => {
                match byte {
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' => depth = depth.checked_sub(1)?,
                    b',' | b':' | b'a'..=b'z' => {}
                    _ => return None,
                }
                if depth > MAX_DEPTH {
                    return None;
                }
                out.push(byte);
                at += 1;
            }
        }
    }
    (depth == outer).then_some(())
}

/// One past the closing quote of the string that opens at `start`.
fn string_end(text: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        match text.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' if text.get(at + 1) == Some(&b'u') => {
                let unit = code_unit(text, at)?;
                at += 6;
                if (0xD800..0xDC00).contains(&unit) {
                    let low = code_unit(text, at)?;
                    if !(0xDC00..0xE000).contains(&low) {
                        return None;
                    }
                    at += 6;
                } else if (0xDC00..0xE000).contains(&unit) {
                    return None;
                }
            }
            b'\\' => at += 2,
            0..=0x1f => return None,
            _ => at += 1,
        }
    }
}

/// The UTF-16 code unit of the escape `\uXXXX` at `at`.
fn code_unit(text: &[u8], at: usize) -> Option<u32> {
    let digits = text.get(at..at + 6)?.strip_prefix(b"\\u")?;
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn embedded(text: &str) -> Option<String> {
        let mut out = b"before ".to_vec();
        let written = write_document(&mut out, text, 0);
        let out = String::from_utf8(out).unwrap();
        let rest = out.strip_prefix("before ").unwrap().to_owned();
        assert_eq!(written, !rest.is_empty());
        written.then_some(rest)
    }

    #[test]
    fn documents_are_embedded_without_white_space() {
        assert_eq!(
            embedded(" {\"a b\" :\n[1, 2.50 , true,null, \"x \\\" y\\\\\"]} ").unwrap(),
            "{\"a b\":[1,2.50,true,null,\"x \\\" y\\\\\"]}"
        );
        assert_eq!(embedded("\"\\ud83d\\ude00\"").unwrap(), "\"\\ud83d\\ude00\"");
        assert_eq!(embedded("null").unwrap(), "null");
    }

    #[test]
    fn numbers_beyond_a_double_keep_their_digits_as_strings() {
        assert_eq!(
            embedded("{\"id\": 12345678901234567890, \"x\": [1e400, 0.1]}").unwrap(),
            "{\"id\":\"12345678901234567890\",\"x\":[\"1e400\",0.1]}"
        );
    }

    #[test]
    fn what_readers_would_choke_on_is_not_embedded() {
        let deep = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        assert!(embedded(&deep(MAX_DEPTH)).is_some());
        assert!(embedded(&deep(MAX_DEPTH + 1)).is_none());
        for text in [
            "\"\\ud800\"",
            "\"\\udc00 x\"",
            "\"\\ud800\\n\"",
            "\"open",
            "[1",
            "",
            "]",
        ] {
            assert!(embedded(text).is_none(), "{text}");
        }
    }
}
