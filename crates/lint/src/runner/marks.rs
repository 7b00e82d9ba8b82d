//! Comments that tools read, line by line.

/// A line of a text, with the bytes where it starts and where the next one does.
pub(super) struct Line<'a> {
    pub(super) start: usize,
    pub(super) next: usize,
    pub(super) text: &'a str,
}

/// The lines of a text, without their ends.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let mut at = 0;
    text.split_inclusive('\n').map(move |line| {
        let start = at;
        at += line.len();
        Line {
            start,
            next: at,
            text: line.trim_end_matches(['\n', '\r']),
        }
    })
}

/// What follows `mark` in a comment that takes up a line from its beginning: `-- mark …`.
pub(super) fn after<'a>(line: &'a str, mark: &str) -> Option<&'a str> {
    let comment = line.trim_start().strip_prefix("--")?.trim_start();
    let (head, rest) = comment.split_at_checked(mark.len())?;
    let ends = rest.is_empty() || rest.starts_with(|c: char| c.is_whitespace());
    (head.eq_ignore_ascii_case(mark) && ends).then(|| rest.trim())
}

/// The value of `key:value` among words.
pub(super) fn option<'a>(words: &'a str, key: &str) -> Option<&'a str> {
    words.split_whitespace().find_map(|word| {
        let (name, value) = word.split_once(':')?;
        name.eq_ignore_ascii_case(key).then_some(value)
    })
}

/// Whether an option is there and says no.
pub(super) fn is_off(words: &str, key: &str) -> bool {
    option(words, key).is_some_and(|value| value.eq_ignore_ascii_case("false"))
}
