//! Where tokens begin and end, for text of any kind.
//!
//! The grammar's own scanner stops at the first thing that it cannot read,
//! such as psql's commands, rows after a COPY or a quote that is not closed.
//! This one knows less (it tells an operator from a comment, and no operator
//! from another) and always reaches the end. The property tests hold it
//! against the other.

/// What a token is, as far as splitting and masking need to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A keyword or an identifier without quotes.
    Word,
    /// An identifier in double quotes, with its `U&` if it has one.
    QuotedName,
    /// A string, bit string or dollar-quoted string with its prefix.
    String,
    Number,
    /// `$1`.
    Parameter,
    Comment,
    /// `..`, or one character of an operator or other punctuation.
    Punctuation,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Whether it ends where it should; else the text ended first.
    pub(crate) closed: bool,
}

/// The tokens of a text, comments included, from an offset on.
pub(crate) fn tokens(text: &str, from: usize) -> Tokens<'_> {
    Tokens {
        bytes: text.as_bytes(),
        at: from,
    }
}

pub(crate) struct Tokens<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Tokens<'_> {
    /// Goes on from another offset.
    pub(crate) fn seek(&mut self, at: usize) {
        self.at = at;
    }

    /// Where it goes on.
    pub(crate) fn position(&self) -> usize {
        self.at
    }

    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn skip_while(&mut self, accept: impl Fn(u8) -> bool) {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        self.at += rest.iter().take_while(|byte| accept(**byte)).count();
    }

    /// To behind what closes a string or name; the cursor is at its start.
    fn skip_quoted(&mut self, opening: &Opening) -> bool {
        self.at += opening.len;
        while let Some(&byte) = self.bytes.get(self.at) {
            self.at += 1;
            if byte == b'\\' && opening.backslashes {
                self.at += 1;
            } else if byte == opening.quote {
                if self.peek(0) == byte && opening.doubles {
                    self.at += 1;
                } else if let Some(at) = self.continued_at().filter(|_| byte == b'\'') {
                    self.at = at + 1;
                } else {
                    return true;
                }
            }
        }
        self.at = self.bytes.len();
        false
    }

    /// Where a string goes on that was closed at the cursor: at a quote behind
    /// a line break, with nothing but blanks and `--` comments between. It goes
    /// on as what it was, so that `E'a'` lets backslashes escape there too.
    fn continued_at(&self) -> Option<usize> {
        let mut at = self.at;
        let mut line_break = false;
        loop {
            match *self.bytes.get(at)? {
                b'\'' => return line_break.then_some(at),
                b'\n' | b'\r' => line_break = true,
                byte if byte.is_ascii_whitespace() || byte == b'\x0b' => {}
                b'-' if self.bytes.get(at + 1) == Some(&b'-') => {
                    let rest = &self.bytes[at..];
                    let len = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r'))?;
                    at += len;
                    continue;
                }
                _ => return None,
            }
            at += 1;
        }
    }

    /// To behind the `*/` that belongs to the `/*` at the cursor; comments nest.
    fn skip_comment(&mut self) -> bool {
        let mut depth = 0usize;
        while self.at < self.bytes.len() {
            match (self.peek(0), self.peek(1)) {
                (b'/', b'*') => {
                    depth += 1;
                    self.at += 2;
                }
                (b'*', b'/') => {
                    depth -= 1;
                    self.at += 2;
                    if depth == 0 {
                        return true;
                    }
                }
                _ => self.at += 1,
            }
        }
        false
    }

    /// The length of the `$tag$` at the cursor, if there is one.
    fn dollar_tag(&self) -> Option<usize> {
        let rest = &self.bytes[self.at + 1..];
        let len = rest.iter().take_while(|byte| is_word(**byte)).count();
        let starts_well = len == 0 || !rest[0].is_ascii_digit();
        (starts_well && rest.get(len) == Some(&b'$')).then_some(len + 2)
    }

    fn skip_dollar_quoted(&mut self, tag_len: usize) -> bool {
        let tag = &self.bytes[self.at..self.at + tag_len];
        self.at += tag_len;
        let body = &self.bytes[self.at..];
        match body.windows(tag_len).position(|window| window == tag) {
            Some(len) => {
                self.at += len + tag_len;
                true
            }
            None => {
                self.at = self.bytes.len();
                false
            }
        }
    }

    /// To behind a number and any letters that hang on to it.
    fn skip_number(&mut self) {
        let decimal = !(self.peek(0) == b'0' && self.peek(1).is_ascii_alphabetic());
        let (mut point, mut exponent) = (!decimal, !decimal);
        loop {
            let (byte, next) = (self.peek(0), self.peek(1));
            let signed = matches!(next, b'+' | b'-') && self.peek(2).is_ascii_digit();
            if !exponent && matches!(byte, b'e' | b'E') && (signed || next.is_ascii_digit()) {
                exponent = true;
                self.at += 2;
            } else if byte == b'.' && next != b'.' && !point && !exponent {
                point = true;
                self.at += 1;
            } else if is_word(byte) {
                self.at += 1;
            } else {
                break;
            }
        }
    }

    /// The start of a string or quoted name at the cursor.
    fn opening(&self) -> Option<Opening> {
        let (len, quote, backslashes, doubles) =
            match (self.peek(0).to_ascii_lowercase(), self.peek(1), self.peek(2)) {
                (b'e', b'\'', _) => (2, b'\'', true, true),
                (b'n', b'\'', _) => (2, b'\'', false, true),
                (b'b' | b'x', b'\'', _) => (2, b'\'', false, false),
                (b'u', b'&', quote @ (b'\'' | b'"')) => (3, quote, false, true),
                (quote @ (b'\'' | b'"'), ..) => (1, quote, false, true),
                _ => return None,
            };
        Some(Opening {
            len,
            quote,
            backslashes,
            doubles,
        })
    }
}

/// How a string or quoted name starts: `'`, `E'`, `b'`, `x'`, `n'`, `u&'`, `"`, `u&"`.
struct Opening {
    /// Bytes up to and with the quote.
    len: usize,
    quote: u8,
    /// Whether a backslash escapes what follows it.
    backslashes: bool,
    /// Whether two quotes stand for one.
    doubles: bool,
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        self.skip_while(|byte| byte.is_ascii_whitespace() || byte == b'\x0b');
        let start = self.at;
        let first = *self.bytes.get(start)?;
        let mut closed = true;
        let kind = if let Some(opening) = self.opening() {
            closed = self.skip_quoted(&opening);
            if opening.quote == b'"' {
                TokenKind::QuotedName
            } else {
                TokenKind::String
            }
        } else if first.is_ascii_alphabetic() || first == b'_' || first >= 0x80 {
            self.skip_while(|byte| is_word(byte) || byte == b'$');
            TokenKind::Word
        } else if first.is_ascii_digit() || (first == b'.' && self.peek(1).is_ascii_digit()) {
            self.skip_number();
            TokenKind::Number
        } else if first == b'-' && self.peek(1) == b'-' {
            self.skip_while(|byte| byte != b'\n' && byte != b'\r');
            TokenKind::Comment
        } else if first == b'/' && self.peek(1) == b'*' {
            closed = self.skip_comment();
            TokenKind::Comment
        } else if first == b'$' && self.peek(1).is_ascii_digit() {
            self.at += 1;
            self.skip_while(|byte| byte.is_ascii_digit());
            TokenKind::Parameter
        } else if let Some(tag_len) = (first == b'$').then(|| self.dollar_tag()).flatten() {
            closed = self.skip_dollar_quoted(tag_len);
            TokenKind::String
        } else {
            // The second of two points does not begin a number: 1..5.
            self.at += if first == b'.' && self.peek(1) == b'.' {
                2
            } else {
                1
            };
            TokenKind::Punctuation
        };
        Some(Token {
            kind,
            start,
            end: self.at,
            closed,
        })
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::ffi::CString;

    use pg_query::protobuf::Token as Code;
    use proptest::prelude::*;

    use super::*;
    use crate::ffi;

    /// Pieces of SQL that mean something else beside one another.
    const FRAGMENTS: &[&str] = &[
        " ", "\n", "\t", "\r\n", "\u{b}", "a", "É", "_x$1", "select", "e", "E", "n", "u", "U&", "b", "x",
        "'", "''", "\"", "\"\"", "\\", "\\'", "$$", "$", "$1", "$a$", "$é$", "--", "/*", "*/", "/", "*", "-",
        "+", "@", ";", "(", ")", "[", "]", ",", ".", ":", "::", ":=", "=>", "<>", "1", "42", "1.5", ".5",
        "5.", "1e5", "1e-5", "0x1f", "0b1", "1_000", "漢字", "🐘", "'x'", "e'\\n'", "\"q\"", "$$ ; $$",
        "/* c */", "-- c\n",
    ];

    fn fragments() -> impl Strategy<Value = String> {
        prop::collection::vec(prop::sample::select(FRAGMENTS), 0..24).prop_map(|parts| parts.concat())
    }

    /// What both scanners must agree on: names, strings, comments, numbers.
    fn by_the_grammar(text: &str) -> Option<Vec<(usize, usize)>> {
        const PUNCTUATION: &[Code] = &[
            Code::Op,
            Code::Typecast,
            Code::DotDot,
            Code::ColonEquals,
            Code::EqualsGreater,
            Code::LessEquals,
            Code::GreaterEquals,
            Code::NotEquals,
        ];
        let scanned = ffi::scan(&CString::new(text).ok()?).ok()?;
        let real = scanned.into_iter().filter(|token| {
            // Single characters are their own code.
            token.code() > 255 && !PUNCTUATION.iter().any(|code| *code as i32 == token.code())
        });
        Some(real.map(|token| (token.start(), token.end())).collect())
    }

    fn by_us(text: &str) -> Vec<(usize, usize)> {
        let mut spans = Vec::new();
        for token in tokens(text, 0).filter(|token| token.kind != TokenKind::Punctuation) {
            let mut start = token.start;
            // To the grammar the N of N'…' is a token of its own.
            if token.kind == TokenKind::String && text[start..].starts_with(['n', 'N']) {
                spans.push((start, start + 1));
                start += 1;
            }
            spans.push((start, token.end));
        }
        spans
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn agrees_with_the_grammars_scanner(text in fragments()) {
            if let Some(expected) = by_the_grammar(&text) {
                prop_assert_eq!(by_us(&text), expected, "{:?}", text);
            }
        }

        #[test]
        fn covers_any_text(text in prop_oneof![fragments(), any::<String>()]) {
            let mut last = 0;
            for token in tokens(&text, 0) {
                prop_assert!(token.start >= last && token.end > token.start);
                prop_assert!(text.is_char_boundary(token.start) && text.is_char_boundary(token.end));
                prop_assert!(text[last..token.start].bytes().all(|b| b.is_ascii_whitespace() || b == 0x0b));
                last = token.end;
            }
            prop_assert!(text[last..].bytes().all(|b| b.is_ascii_whitespace() || b == 0x0b));
        }
    }
}
