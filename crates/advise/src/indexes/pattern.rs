//! What of a LIKE pattern an index can use.

/// Characters that the text has to begin with.
pub(crate) fn prefix_length(pattern: &str) -> usize {
    pattern.find(['%', '_', '\\']).unwrap_or(pattern.len())
}

/// Whether three letters or digits follow each other, without which an index on trigrams is read from end to end.
pub(crate) fn has_trigram(pattern: &str) -> bool {
    pattern
        .split(|c: char| !c.is_alphanumeric())
        .any(|run| run.chars().count() >= 3)
}

/// The text that a regular expression has to begin with, where it says so.
pub(crate) fn prefix_of_regex(regex: &str) -> Option<&str> {
    let rest = regex.strip_prefix('^')?;
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '@' | '/' | ':');
    let end = rest.find(|c| !is_plain(c)).unwrap_or(rest.len());
    let mut prefix = &rest[..end];
    // What a quantifier follows may not be there.
    if rest[end..].starts_with(['*', '?', '{']) {
        prefix = &prefix[..prefix.char_indices().next_back().map_or(0, |(at, _)| at)];
    }
    (!prefix.is_empty() && !rest.contains('|')).then_some(prefix)
}

/// Whether a regular expression holds three letters in a row, out of which an index of trigrams makes something.
pub(crate) fn regex_has_trigram(regex: &str) -> bool {
    let mut run = 0;
    let mut escaped = false;
    !regex.contains('|')
        && regex.chars().any(|c| {
            run = if c.is_alphanumeric() && !escaped {
                run + 1
            } else {
                0
            };
            escaped = c == '\\' && !escaped;
            run >= 3
        })
}

/// Whether an expression tells how far something is from what is given, or how like it: it differs with each that is
/// given, so that it is no key.
pub(crate) fn measures(sql: &str) -> bool {
    [
        "<->",
        "<#>",
        "<=>",
        "similarity(",
        "ts_rank(",
        "ts_rank_cd(",
        "levenshtein(",
    ]
    .iter()
    .any(|word| sql.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_told_apart() {
        assert_eq!(prefix_length("abc%"), 3);
        assert_eq!(prefix_length("%abc"), 0);
        assert!(has_trigram("%chair%") && !has_trigram("%a_b%c%"));
    }

    #[test]
    fn regular_expressions_are_read_as_far_as_they_are_plain() {
        assert_eq!(prefix_of_regex("^SN-12[0-9]+"), Some("SN-12"));
        assert_eq!(prefix_of_regex("^ab*c"), Some("a"));
        for unknown in ["ab", "^[a-z]", "^a|b", "^a?"] {
            assert_eq!(prefix_of_regex(unknown), None, "{unknown}");
        }
        assert!(regex_has_trigram("x+foo\\d") && regex_has_trigram("^abc"));
        assert!(!regex_has_trigram("ab.cd") && !regex_has_trigram("abc|x") && !regex_has_trigram("a\\dbc"));
    }
}
