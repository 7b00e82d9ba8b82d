//! Figures and queries as sentences say them.

use howdah_sql::normalize;

/// Characters of a query that a message shows.
const QUERY_MAX: usize = 160;

/// A stretch of time: `45 s`, `12 min`, `3 h 20 min`, `5 days`.
pub(crate) fn duration(seconds: f64) -> String {
    let seconds = seconds.max(0.0).round() as u64;
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => match seconds % 3600 / 60 {
            0 => format!("{} h", seconds / 3600),
            minutes => format!("{} h {minutes} min", seconds / 3600),
        },
        _ => format!("{} days", seconds / 86_400),
    }
}

/// A count with its thousands apart: `1,234,567`.
pub(crate) fn count(number: f64) -> String {
    let digits = format!("{:.0}", number.max(0.0));
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A size.
pub(crate) fn bytes(number: f64) -> String {
    howdah_core::human_bytes(number.max(0.0) as u64)
}

/// A query in one line, its literals masked, cut where it is long. Empty where it is not visible.
pub(crate) fn query(text: &str) -> String {
    let masked = normalize(text);
    let line: Vec<&str> = masked.split_whitespace().collect();
    let line = line.join(" ");
    match line.char_indices().nth(QUERY_MAX) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// A remark in SQL, however many lines the names in it make of it: what follows the end of a line would be run.
pub(crate) fn remark(text: &str) -> String {
    let lines: Vec<&str> = text.split(['\n', '\r']).collect();
    format!("-- {}\n", lines.join("\n-- "))
}

/// Rounded to one decimal, for figures.
pub(crate) fn tenth(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_well() {
        assert_eq!(duration(59.6), "60 s");
        assert_eq!(duration(7199.0), "119 min");
        assert_eq!(duration(12_000.0), "3 h 20 min");
        assert_eq!(duration(7200.0), "2 h");
        assert_eq!(duration(432_000.0), "5 days");
        assert_eq!(count(1_234_567.0), "1,234,567");
        assert_eq!(count(999.0), "999");
        assert_eq!(
            query("SELECT *\n FROM t WHERE a = 'secret'"),
            "SELECT * FROM t WHERE a = $1"
        );
        assert_eq!(query(&"é".repeat(200)).chars().count(), QUERY_MAX + 1);
        assert_eq!(remark("in \"a\nb\rc\":"), "-- in \"a\n-- b\n-- c\":\n");
    }
}
