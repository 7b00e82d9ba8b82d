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
    /// One character of an operator or other punctuation.
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

    /// To behind a closing quote; the cursor is behind the opening one.
    fn skip_quoted(&mut self, quote: u8, backslashes: bool) -> bool {
        while let Some(&byte) = self.bytes.get(self.at) {
            self.at += 1;
            if byte == b'\\' && backslashes {
                self.at += 1;
            } else if byte == quote {
                if self.peek(0) != quote {
                    return true;
                }
                self.at += 1;
            }
        }
        self.at = self.bytes.len();
        false
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

    fn skip_number(&mut self) {
        loop {
            let (byte, next) = (self.peek(0), self.peek(1));
            let exponent = matches!(byte, b'e' | b'E') && matches!(next, b'+' | b'-');
            if exponent && self.peek(2).is_ascii_digit() {
                self.at += 2;
            } else if is_word(byte) || (byte == b'.' && next != b'.') {
                self.at += 1;
            } else {
                break;
            }
        }
    }

    /// The length of a string's or name's prefix together with its quote, and
    /// what it opens: `E'`, `b'`, `x'`, `n'`, `u&'`, `u&"`.
    fn prefixed(&self) -> Option<(usize, u8, bool)> {
        match (self.peek(0).to_ascii_lowercase(), self.peek(1), self.peek(2)) {
            (b'e', b'\'', _) => Some((2, b'\'', true)),
            (b'b' | b'x' | b'n', b'\'', _) => Some((2, b'\'', false)),
            (b'u', b'&', quote @ (b'\'' | b'"')) => Some((3, quote, false)),
            (b'\'' | b'"', ..) => Some((1, self.peek(0), false)),
            _ => None,
        }
    }
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        self.skip_while(|byte| byte.is_ascii_whitespace() || byte == b'\x0b');
        let start = self.at;
        let first = *self.bytes.get(start)?;
        let mut closed = true;
        let kind = if let Some((len, quote, backslashes)) = self.prefixed() {
            self.at += len;
            closed = self.skip_quoted(quote, backslashes);
            if quote == b'"' {
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
            self.skip_while(is_word);
            TokenKind::Parameter
        } else if let Some(tag_len) = (first == b'$').then(|| self.dollar_tag()).flatten() {
            closed = self.skip_dollar_quoted(tag_len);
            TokenKind::String
        } else {
            self.at += 1;
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
