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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_told_apart() {
        assert_eq!(prefix_length("abc%"), 3);
        assert_eq!(prefix_length("%abc"), 0);
        assert!(has_trigram("%chair%") && !has_trigram("%a_b%c%"));
    }
}
