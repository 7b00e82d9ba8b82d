use std::ops::Range;

use crate::lexer::{TokenKind, tokens};

/// The comments of a text, `--` and `/* */` alike, in its order; what looks like
/// one within a string is none. The text need not be SQL from end to end.
pub fn comments(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    tokens(text, 0)
        .filter(|token| token.kind == TokenKind::Comment)
        .map(|token| token.start..token.end)
}

#[cfg(test)]
mod tests {
    use super::comments;

    #[test]
    fn comments_are_told_from_strings() {
        let text = "SELECT '-- no' /* a; */, $$ /* no */ $$ -- b\n;\\d x\n-- c";
        let found: Vec<&str> = comments(text).map(|span| &text[span]).collect();
        assert_eq!(found, ["/* a; */", "-- b", "-- c"]);
    }
}
