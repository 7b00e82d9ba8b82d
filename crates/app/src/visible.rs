//! Text for a person's eyes. What a model or a database wrote must not move the
//! cursor, recolour the screen or reverse the reading order: a person who is asked
//! to approve a statement has to see the statement.

use std::borrow::Cow;
use std::fmt::Write;

/// The text with every character that would act instead of show written out:
/// `\x1b` for an escape. Line ends and tabs stay.
///
/// For SQL that somebody is to judge: also what merely cannot be seen is shown.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    shown(text, |character| acts(character) || hides(character))
}

/// As [`visible`], but leaves what languages need that are written from right to
/// left, or join their letters: for data.
pub(crate) fn harmless(text: &str) -> Cow<'_, str> {
    shown(text, acts)
}

fn shown(text: &str, acts: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.chars().any(&acts) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            acting if !acts(acting) => shown.push(acting),
            // Writing to a string cannot fail.
            ascii if ascii.is_ascii() => drop(write!(shown, "\\x{:02x}", u32::from(ascii))),
            other => drop(write!(shown, "\\u{{{:x}}}", u32::from(other))),
        }
    }
    Cow::Owned(shown)
}

/// Control characters, and those of Unicode that reverse the reading order or
/// break lines.
fn acts(character: char) -> bool {
    match character {
        '\n' | '\t' => false,
        '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        other => other.is_control(),
    }
}

/// Characters without a width, which can make one name look like another.
fn hides(character: char) -> bool {
    matches!(
        character,
        '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
    )
}

#[cfg(test)]
mod tests {
    use super::{harmless, visible};

    #[test]
    fn what_acts_is_shown() {
        assert_eq!(visible("SELECT 'ä\t€'\n"), "SELECT 'ä\t€'\n");
        assert_eq!(
            visible("DROP TABLE t;\r\x1b[2K-- ok"),
            "DROP TABLE t;\\x0d\\x1b[2K-- ok"
        );
        assert_eq!(
            visible("a\u{202e}b\u{200b}c\u{9b}"),
            "a\\u{202e}b\\u{200b}c\\u{9b}"
        );
        assert_eq!(harmless("a\u{200d}b\x1b"), "a\u{200d}b\\x1b");
    }
}
