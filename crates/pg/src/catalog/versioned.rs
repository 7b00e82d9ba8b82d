/// A statement of ours for a server of that major version: a line that ends in
/// `--since 17` or `--before 17` is there on these versions only.
pub fn for_major(sql: &str, major: u32) -> String {
    let mut text = String::with_capacity(sql.len());
    for line in sql.lines().filter(|line| fits(line, major)) {
        text.push_str(line);
        text.push('\n');
    }
    text
}

fn fits(line: &str, major: u32) -> bool {
    let bound = |mark: &str| -> Option<u32> { line.rsplit_once(mark)?.1.trim().parse().ok() };
    bound("--since ").is_none_or(|since| major >= since)
        && bound("--before ").is_none_or(|before| major < before)
}

#[cfg(test)]
mod tests {
    use super::for_major;

    #[test]
    fn lines_are_for_their_versions() {
        let sql = "SELECT 1\n, 2 --since 17\n, 3 --before 17\nFROM t -- for all";
        assert_eq!(
            for_major(sql, 17),
            "SELECT 1\n, 2 --since 17\nFROM t -- for all\n"
        );
        assert_eq!(
            for_major(sql, 16),
            "SELECT 1\n, 3 --before 17\nFROM t -- for all\n"
        );
    }
}
