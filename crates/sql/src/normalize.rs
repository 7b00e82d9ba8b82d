use crate::lexer::{Token, TokenKind, tokens};
use crate::{Limits, parse};

/// A statement as the audit log may keep it: every literal is masked as `$n`
/// and every comment left out; the rest stands as it was written.
///
/// It goes by tokens and not by the parse tree, so that nothing depends on
/// where a literal stands: passwords of roles and user mappings, connection
/// strings, comments on objects and whole function bodies are masked like
/// any other, and so are they in text that does not parse. There, moreover,
/// names in double quotes and what follows the word PASSWORD are masked, as
/// they may be secrets whose quotes went wrong. `n` goes on behind the
/// parameters that the text has.
pub fn normalize(text: &str) -> String {
    let found: Vec<Token> = tokens(text, 0).collect();
    let doubtful = found.iter().enumerate().any(|(at, token)| {
        !token.closed || token.kind == TokenKind::QuotedName || is_secret_word(text, &found, at)
    });
    let careful = doubtful && parse(text, &Limits::unbounded()).is_err();
    let parameters = found.iter().filter(|token| token.kind == TokenKind::Parameter);
    let mut number = parameters
        .filter_map(|token| text[token.start + 1..token.end].parse::<u32>().ok())
        .max()
        .unwrap_or(0);
    let mut masked = String::with_capacity(text.len());
    let mut copied = 0;
    for (at, token) in found.iter().enumerate() {
        let literal = match token.kind {
            TokenKind::String | TokenKind::Number => true,
            TokenKind::QuotedName => careful || !token.closed,
            TokenKind::Word => careful && is_secret_word(text, &found, at),
            TokenKind::Comment | TokenKind::Parameter | TokenKind::Punctuation => false,
        };
        if literal {
            number = number.saturating_add(1);
            masked.push_str(&text[copied..token.start]);
            masked.push_str(&format!("${number}"));
            copied = token.end;
        } else if token.kind == TokenKind::Comment {
            masked.push_str(&text[copied..token.start]);
            // It separated what stands before and behind it.
            masked.push(' ');
            copied = token.end;
        }
    }
    masked.push_str(&text[copied..]);
    masked.trim().to_owned()
}

/// Whether the token at an index is a word right behind PASSWORD (or IDENTIFIED
/// BY, which other systems have), and so may be a secret that lacks its quotes.
fn is_secret_word(text: &str, tokens: &[Token], at: usize) -> bool {
    let word = |back: usize| {
        let token = tokens.get(at.checked_sub(back)?)?;
        (token.kind == TokenKind::Word).then(|| &text[token.start..token.end])
    };
    let is = |back: usize, expected: &str| word(back).is_some_and(|word| word.eq_ignore_ascii_case(expected));
    word(0).is_some() && !is(0, "null") && (is(1, "password") || (is(1, "by") && is(2, "identified")))
}
